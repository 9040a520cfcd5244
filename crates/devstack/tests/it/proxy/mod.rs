//! The TCP proxy before a real PostgreSQL, and at the level of sockets.

mod postgres;
mod session;
mod sockets;
