//! A generic, config-driven pipeline runner: SQS queue -> JSON Schema -> rows -> PostgreSQL.
//!
//! The modules in reading order:

pub mod message;
pub mod row;

pub mod config;
pub mod diagnostic;

pub mod map;
pub mod validate;

pub mod decide;

pub mod producer;

pub mod plan;

pub mod cases;
pub mod scaffold;

mod backoff;
pub mod fault;
pub mod stop;

pub mod dlq;
pub mod sink;
pub mod source;

pub mod engine;

pub mod cli;
pub mod telemetry;
