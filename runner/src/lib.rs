//! A generic, config-driven pipeline runner: SQS queue -> JSON Schema -> rows -> PostgreSQL.
//!
//! The modules in reading order:

pub mod diagnostic;

pub mod config;

pub mod message;
pub mod row;

pub mod map;
pub mod validate;

pub mod plan;

pub mod producer;

pub mod engine;

pub mod cli;
