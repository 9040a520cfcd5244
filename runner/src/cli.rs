//! The command line: which commands there are, and how they are started.
#![allow(clippy::doc_markdown, reason = "the arguments' comments are the help a person reads in a terminal")]

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[cfg(feature = "dev")]
use crate::commands::dev;
use crate::commands::{dlq, explain, migrate, new, produce, run, schema, test, validate_config};
use crate::output::failure::report;

/// Run pipelines from an SQS queue to PostgreSQL: validate, map and store each message; send what can't be stored to a dead-letter queue
#[derive(Debug, Parser)]
#[command(name = "runner", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "dev")]
    Dev(dev::DevArgs),
    Run(run::RunArgs),
    Produce(produce::ProduceArgs),
    Migrate(migrate::MigrateArgs),
    Dlq(dlq::DlqArgs),
    Test(test::TestArgs),
    Explain(explain::ExplainArgs),
    ValidateConfig(validate_config::ValidateConfigArgs),
    New(new::NewArgs),
    Schema(schema::SchemaArgs),
}

impl Cli {
    /// Runs the command and gives the exit code. A failure is reported on stderr, once.
    pub fn run(self) -> ExitCode {
        let done = match self.command {
            #[cfg(feature = "dev")]
            Command::Dev(args) => dev::run(&args),
            Command::Run(args) => run::run(&args),
            Command::Produce(args) => produce::run(&args),
            Command::Migrate(args) => migrate::run(&args),
            Command::Dlq(args) => dlq::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Test(args) => test::run(&args),
            Command::ValidateConfig(args) => validate_config::run(&args),
            Command::New(args) => new::run(&args),
            Command::Schema(args) => schema::run(&args),
        };
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => report(&failure),
        }
    }

    /// The command line's own description, for tests of the documentation.
    pub fn description() -> clap::Command {
        Self::command()
    }
}
