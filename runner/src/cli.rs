//! The command line: which commands there are, and how they are started.
#![allow(clippy::doc_markdown, reason = "the arguments' comments are the help a person reads in a terminal")]

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[cfg(feature = "dev")]
use crate::commands::dev;
use crate::commands::{
    completions, dlq, explain, man, migrate, new, permissions, produce, run, schema, test, validate_config,
};
use crate::env_file::EnvFileFlags;
use crate::output::failure::report;

/// What every command reads from its environment, below the help of `runner --help`.
const SETTINGS: &str = "\
Environment (flags win; what is not set is looked up in .env of the working directory):
  AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE
                    The account; without them the AWS SDK's own chain
  SQS_ENDPOINT, AWS_ENDPOINT_URL_SQS
                    A queue service other than AWS
  DATABASE_URL      The database; or DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME,
                    DB_SSLMODE, DB_SSLROOTCERT, DB_TARGET_SESSION_ATTRS;
                    or DATABASE_URL_FILE, DB_PASSWORD_FILE
  DB_AUTH           rds-iam: log in to Amazon RDS with signed tokens
  RUNNER_LISTEN     Where `run` answers /metrics, /live, /ready and /status
  RUNNER_ACTIONS_TOKEN
                    What the page asks for before it acts, with `run --allow-actions`
  RUST_LOG          Filter of the log [default: info for runner, less from its libraries]
  LOG_FORMAT        json: one object a line
  NO_COLOR          No colours

Documentation: the folder docs/ beside the sources; `runner explain E0113` explains a code; `runner man`.";

/// Run pipelines from an SQS queue to PostgreSQL: validate, map and store each message; send what can't be stored to a dead-letter queue
#[derive(Debug, Parser)]
#[command(name = "runner", version = env!("RUNNER_VERSION"), propagate_version = true, after_long_help = SETTINGS)]
pub struct Cli {
    #[command(flatten)]
    env_file: EnvFileFlags,
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
    Permissions(permissions::PermissionsArgs),
    New(new::NewArgs),
    Schema(schema::SchemaArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Cli {
    /// Runs the command and gives the exit code. A failure is reported on stderr, once.
    pub fn run(self) -> ExitCode {
        let env_file = &self.env_file;
        let done = match self.command {
            #[cfg(feature = "dev")]
            Command::Dev(args) => dev::run(&args, env_file),
            Command::Run(args) => run::run(&args, env_file),
            Command::Produce(args) => produce::run(&args, env_file),
            Command::Migrate(args) => migrate::run(&args, env_file),
            Command::Dlq(args) => dlq::run(&args, env_file),
            Command::Explain(args) => explain::run(&args, env_file),
            Command::Test(args) => test::run(&args, env_file),
            Command::ValidateConfig(args) => validate_config::run(&args, env_file),
            Command::Permissions(args) => permissions::run(&args, env_file),
            Command::New(args) => new::run(&args, env_file),
            Command::Schema(args) => schema::run(&args),
            Command::Completions(args) => completions::run(&args, Self::command()),
            Command::Man(args) => man::run(&args, Self::command()),
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
