//! The integration suite of `migration`: every test has a database of its own in one private PostgreSQL.

mod apply;
mod concurrent;
mod database;
mod describe;
mod existing;
mod failure;
mod misfit;
mod one_ledger;
mod quoting;
mod refusal;
mod types;
mod undo;
