//! The local stack, seen from outside.

mod postgres;
