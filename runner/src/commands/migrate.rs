//! `runner migrate`: changes the database to match what the pipeline files declare.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use pipeline::Table;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use crate::connection::{self, DatabaseFlags};
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output::format::Format;
use crate::output::migration::{applied, script, standing, undoing};
use crate::{load, output};

/// Create the tables, columns and indexes that the pipeline files declare
///
/// Creates the tables, columns, indexes and schemas that are missing, and records each step in the table runner_ledger. Refuses a change that would lose or rewrite data, and prints the SQL to run by hand. Several runners may migrate one database at once.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct MigrateArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    up: Up,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Apply the steps that are missing (the default)
    Up(Up),
    /// Print the SQL that `up` would run, and run nothing
    Plan(Tables),
    /// Show the state of every table, and the steps applied so far
    Status(Tables),
    /// Undo the last step, unless rows or values would be lost
    Down(Down),
}

#[derive(Debug, Clone, Args)]
struct Up {
    #[command(flatten)]
    tables: Tables,
    #[command(flatten)]
    lock: Lock,
}

#[derive(Debug, Clone, Args)]
struct Lock {
    /// Wait this long while another runner migrates the same database
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = crate::duration::parse)]
    lock_timeout: Duration,
}

#[derive(Debug, Clone, Args)]
struct Tables {
    /// Read these pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Args)]
struct Down {
    /// Undo the last step on the tables that these files declare [default: the last step on any table]
    #[arg(value_name = "PIPELINE|DIR")]
    paths: Vec<PathBuf>,
    /// Undo even if rows or values are lost
    #[arg(long)]
    allow_data_loss: bool,
    #[command(flatten)]
    lock: Lock,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Args)]
struct Output {
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(crate) fn run(args: &MigrateArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    if args.action.is_none() {
        check_paths(&args.up.tables.paths)?;
    }
    match args.action.as_ref().unwrap_or(&Action::Up(args.up.clone())) {
        Action::Up(args) => on_tables(&args.tables, env_file, async |db, tables, format| {
            up(db, tables, args.lock.lock_timeout, format).await
        }),
        Action::Plan(args) => on_tables(args, env_file, plan),
        Action::Status(args) => on_tables(args, env_file, status),
        Action::Down(args) => run_down(args, env_file),
    }
}

/// Refuses a bare word that is not a path: it was meant as a subcommand.
fn check_paths(paths: &[PathBuf]) -> Result<(), Failure> {
    for path in paths {
        if !path.to_string_lossy().contains(['/', '.']) && !path.exists() {
            return Err(Failure::UnknownSubcommand { word: path.clone(), subcommands: subcommands() });
        }
    }
    Ok(())
}

fn subcommands() -> Vec<String> {
    let command = Action::augment_subcommands(clap::Command::new("migrate"));
    command.get_subcommands().map(|subcommand| subcommand.get_name().to_owned()).collect()
}

fn on_tables<F>(args: &Tables, env_file: &EnvFileFlags, command: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(&DatabaseConnection, &[Table], Format) -> Result<(), Failure>,
{
    with_database(&args.paths, &args.output, env_file, async |db, tables| command(db, tables, args.output.format).await)
}

fn run_down(args: &Down, env_file: &EnvFileFlags) -> Result<(), Failure> {
    with_database(&args.paths, &args.output, env_file, async |db, tables| {
        let only = (!args.paths.is_empty()).then_some(tables);
        let undone = migration::down(db, only, args.allow_data_loss, args.lock.lock_timeout).await?;
        print(args.output.format, || undoing(undone.as_ref()), &json!({ "undone": undone }))
    })
}

/// Opens the database and runs the command on the tables that the files declare. Without paths, reads no file.
fn with_database<F>(paths: &[PathBuf], output: &Output, env_file: &EnvFileFlags, command: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(&DatabaseConnection, &[Table]) -> Result<(), Failure>,
{
    let settings = load::settings(env_file)?;
    let pipelines = if paths.is_empty() { Vec::new() } else { load::pipelines(paths, &settings)? };
    let tables = connection::tables(pipelines.iter().map(|pipeline| &**pipeline));
    let server = output.database.server(&settings)?;
    crate::runtime::start()?.block_on(async {
        let db = connection::open(&server, 1).await?;
        command(&db.orm(), &tables).await
    })
}

/// Applies what is missing.
async fn up(db: &DatabaseConnection, tables: &[Table], patience: Duration, format: Format) -> Result<(), Failure> {
    let report = migration::up(db, tables, patience).await?;
    print(format, || applied(&report, tables.len()), &json!(report))?;
    if report.refusals.is_empty() { Ok(()) } else { Err(Failure::Refused(report.refusals)) }
}

/// Prints what `up` would run.
async fn plan(db: &DatabaseConnection, tables: &[Table], format: Format) -> Result<(), Failure> {
    let plan = migration::plan(db, tables).await?;
    print(format, || script(&plan), &json!(plan))?;
    if plan.refusals.is_empty() { Ok(()) } else { Err(Failure::WouldBeRefused(plan.refusals)) }
}

/// Prints the state of every table.
async fn status(db: &DatabaseConnection, tables: &[Table], format: Format) -> Result<(), Failure> {
    let status = migration::status(db, tables).await?;
    print(format, || standing(&status), &json!(status))
}

fn print(format: Format, human: impl FnOnce() -> String, json: &Value) -> Result<(), Failure> {
    match format {
        Format::Human => output::result(human().trim_end()),
        Format::Json => output::json(json),
    }
}
