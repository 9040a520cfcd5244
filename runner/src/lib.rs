//! A generic, config-driven pipeline runner: SQS queue -> JSON Schema -> rows -> PostgreSQL.
//!
//! The modules in reading order:

pub mod message;
pub mod row;

pub mod map;
pub mod validate;

pub mod plan;

pub mod fault;
pub mod stop;

pub mod dlq;
pub mod sink;
pub mod source;

pub mod engine;

pub mod producer;

//pub mod cli;
