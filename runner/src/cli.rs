//! The command line: which commands there are, and how they are started.
#![allow(clippy::doc_markdown, reason = "the arguments' comments are the help a person reads in a terminal")]

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::{dev, explain, migrate, new, produce, run, schema, test, validate_config};
use crate::exit::Failure;

/// Runs pipelines from an SQS queue to PostgreSQL: validate, map, store; what can't be stored goes to a dead-letter queue
#[derive(Debug, Parser)]
#[command(name = "runner", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Dev(dev::DevArgs),
    Run(run::RunArgs),
    Produce(produce::ProduceArgs),
    Migrate(migrate::MigrateArgs),
    Test(test::TestArgs),
    Explain(explain::ExplainArgs),
    ValidateConfig(validate_config::ValidateConfigArgs),
    New(new::NewArgs),
    Schema(schema::SchemaArgs),
}

impl Cli {
    /// Runs the command. What fails is told on stderr, once.
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            Command::Dev(args) => dev::run(&args),
            Command::Run(args) => run::run(&args),
            Command::Produce(args) => produce::run(&args),
            Command::Migrate(args) => migrate::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Test(args) => test::run(&args),
            Command::ValidateConfig(args) => validate_config::run(&args),
            Command::New(args) => new::run(&args),
            Command::Schema(args) => schema::run(&args),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }

    /// The command line's own description, for tests of the documentation.
    pub fn description() -> clap::Command {
        Self::command()
    }
}

/// `15s`, `500ms`, `1m 30s`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    parsed
        .and_then(|duration| duration.try_into().ok())
        .ok_or_else(|| "write a duration as 15s, 500ms or 1m30s".to_owned())
}

/// One thread is enough for a command, and the fastest for a pipeline.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_current_thread().enable_all().build();
    built.map_err(|error| Failure::Running(format!("error: can't start the runtime: {error}")))
}

/// An error and its causes, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
