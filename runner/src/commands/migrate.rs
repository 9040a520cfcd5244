//! `runner migrate`: brings the database to what the pipeline files declare.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use migration::{Entry, Plan, Refusal, Report, State, Status, Step, TableStatus};
use pipeline::Table;
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use crate::connection::{self, DatabaseFlags};
use crate::exit::Failure;
use crate::output::format::Format;
use crate::output::words::counted;
use crate::{load, output};

/// Bring the database to what the pipeline files declare
///
/// Tables, columns, indexes and schemas that are missing are created; each step is recorded in the table runner_ledger. What would lose or rewrite data is refused, with the SQL to run by hand. Several runners may migrate one database at once.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct MigrateArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    up: Tables,
}

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Apply what is missing; the default
    Up(Tables),
    /// Print the SQL that `up` would run, and run nothing
    Plan(Tables),
    /// Show where every table stands, and the steps applied so far
    Status(Tables),
    /// Undo the last step; refuses when rows or values would be lost
    Down(Down),
}

#[derive(Debug, Clone, Args)]
struct Tables {
    /// Pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Args)]
struct Down {
    /// Undo the last step on the tables these declare [default: the last step of all]
    #[arg(value_name = "PIPELINE|DIR")]
    paths: Vec<PathBuf>,
    /// Undo even if rows or values are lost
    #[arg(long)]
    allow_data_loss: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Clone, Args)]
struct Output {
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    database: DatabaseFlags,
}

pub(crate) fn run(args: &MigrateArgs) -> Result<(), Failure> {
    if args.action.is_none() {
        paths_or_words(&args.up.paths)?;
    }
    match args.action.as_ref().unwrap_or(&Action::Up(args.up.clone())) {
        Action::Up(args) => on_tables(args, up),
        Action::Plan(args) => on_tables(args, plan),
        Action::Status(args) => on_tables(args, status),
        Action::Down(args) => run_down(args),
    }
}

/// A bare word that is no path here was meant as a subcommand.
fn paths_or_words(paths: &[PathBuf]) -> Result<(), Failure> {
    let word = |path: &&PathBuf| !path.to_string_lossy().contains(['/', '.']) && !path.exists();
    let Some(word) = paths.iter().find(word) else {
        return Ok(());
    };
    let actions = Action::augment_subcommands(clap::Command::new("migrate"));
    let actions: Vec<_> = actions.get_subcommands().map(clap::Command::get_name).collect();
    Err(Failure::Usage(format!(
        "error: {} is neither a subcommand nor a pipeline file or folder\n  help: the subcommands are {}",
        word.display(),
        actions.join(", ")
    )))
}

fn on_tables<F>(args: &Tables, command: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(&DatabaseConnection, &[Table], Format) -> Result<(), Failure>,
{
    with_database(&args.paths, &args.output, async |db, tables| command(db, tables, args.output.format).await)
}

fn run_down(args: &Down) -> Result<(), Failure> {
    with_database(&args.paths, &args.output, async |db, tables| {
        let only = (!args.paths.is_empty()).then_some(tables);
        down(db, only, args.allow_data_loss, args.output.format).await
    })
}

/// Without paths no file is read.
fn with_database<F>(paths: &[PathBuf], output: &Output, command: F) -> Result<(), Failure>
where
    F: AsyncFnOnce(&DatabaseConnection, &[Table]) -> Result<(), Failure>,
{
    let settings = load::settings()?;
    let pipelines = if paths.is_empty() { Vec::new() } else { load::pipelines(paths, &settings)? };
    let tables = connection::tables(pipelines.iter().map(|pipeline| &**pipeline));
    let url = output.database.url(&settings)?;
    crate::cli::runtime()?.block_on(async {
        let db = connection::open(&url, 1).await?;
        command(&db, &tables).await
    })
}

/// Applies what is missing.
pub async fn up(db: &DatabaseConnection, tables: &[Table], format: Format) -> Result<(), Failure> {
    let report = migration::up(db, tables).await.map_err(|error| failure(&error))?;
    print(format, || applied(&report, tables.len()), &json!(report))?;
    refused(&report.refusals)
}

/// Prints what `up` would run.
pub async fn plan(db: &DatabaseConnection, tables: &[Table], format: Format) -> Result<(), Failure> {
    let plan = migration::plan(db, tables).await.map_err(|error| failure(&error))?;
    print(format, || script(&plan), &json!(plan))?;
    if plan.refusals.is_empty() {
        return Ok(());
    }
    let (list, count) = (listed(&plan.refusals), counted(plan.refusals.len(), "change"));
    Err(Failure::Running(format!("{list}{count} refused: {HELD_BACK}")))
}

/// Prints where every table stands.
pub async fn status(db: &DatabaseConnection, tables: &[Table], format: Format) -> Result<(), Failure> {
    let status = migration::status(db, tables).await.map_err(|error| failure(&error))?;
    print(format, || standing(&status), &json!(status))
}

/// Undoes the last step, of `only` these tables if given.
pub async fn down(
    db: &DatabaseConnection,
    only: Option<&[Table]>,
    allow_data_loss: bool,
    format: Format,
) -> Result<(), Failure> {
    let undone = migration::down(db, only, allow_data_loss).await.map_err(|error| failure(&error))?;
    print(format, || undoing(undone.as_ref()), &json!({ "undone": undone }))
}

fn print(format: Format, human: impl FnOnce() -> String, json: &Value) -> Result<(), Failure> {
    match format {
        Format::Human => output::result(human().trim_end()),
        Format::Json => output::result(json),
    }
}

pub(crate) fn failure(error: &migration::Error) -> Failure {
    let text = format!("error: {}", crate::cli::chain(error));
    match error {
        migration::Error::Declaration { .. } | migration::Error::Conflict { .. } => Failure::Config(text),
        _ => Failure::Running(text),
    }
}

/// What `up` did not do.
pub(crate) fn refused(refusals: &[Refusal]) -> Result<(), Failure> {
    if refusals.is_empty() {
        return Ok(());
    }
    let (list, count) = (listed(refusals), counted(refusals.len(), "change"));
    Err(Failure::Running(format!("{list}nothing was applied: {count} refused")))
}

/// The first refusals in full, the rest as a number: the report is to fit one screen.
fn listed(refusals: &[Refusal]) -> String {
    const SHOWN: usize = 4;
    let mut text = String::new();
    for Refusal { table, reason, by_hand, declared_in } in refusals.iter().take(SHOWN) {
        let _ = writeln!(text, "error: table {table}: {reason}\n  --> {}", declared_in.display());
        for (index, sql) in by_hand.iter().enumerate() {
            let lead = if index == 0 { "= help: run by hand:" } else { "                    " };
            let _ = writeln!(text, "   {lead} {sql};");
        }
    }
    if let Some(more) = refusals.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "and {more} more; `--format json` lists all");
    }
    text
}

fn applied(report: &Report, tables: usize) -> String {
    match (report.applied.as_slice(), report.refusals.as_slice()) {
        ([], []) => format!("nothing to do: {} up to date", counted(tables, "table")),
        ([], _) => String::new(),
        (steps, _) => {
            let lines: String = steps.iter().map(|step| format!("{} ({})\n", step.summary, file(step))).collect();
            format!("{lines}{} applied", counted(steps.len(), "step"))
        }
    }
}

const HELD_BACK: &str = "`up` would apply nothing while a change is refused";

/// A script for psql. It does what `up` would do, so while a change is refused it is nothing but comments.
fn script(plan: &Plan) -> String {
    if plan.is_empty() {
        return "-- nothing to do".to_owned();
    }
    let step = |step: &Step| {
        let outside = if step.in_transaction { "" } else { ", outside a transaction" };
        let sql: String = step.sql.iter().map(|sql| format!("{sql};\n")).collect();
        format!("-- {} ({}){outside}\n{sql}", step.summary, file(step))
    };
    let steps: String = plan.steps.iter().map(step).collect();
    if plan.refusals.is_empty() { steps } else { format!("-- {HELD_BACK}\n{}", commented(&steps)) }
}

/// Each line by itself: an index predicate may have several.
fn commented(sql: &str) -> String {
    sql.lines().map(|line| if line.starts_with("--") { format!("{line}\n") } else { format!("-- {line}\n") }).collect()
}

fn file(step: &Step) -> std::path::Display<'_> {
    step.declared_in.display()
}

fn standing(status: &Status) -> String {
    let mut text: String = status.tables.iter().map(table).collect();
    let _ = writeln!(text, "{} applied", counted(status.applied.len(), "step"));
    for Entry { applied_at, summary, declared_in, .. } in &status.applied {
        let _ = writeln!(text, "  {applied_at}  {summary} ({})", declared_in.display());
    }
    text
}

fn table(table: &TableStatus) -> String {
    let state = match table.state {
        State::UpToDate => "up to date".to_owned(),
        State::Pending => format!("{} to apply", counted(table.steps.len(), "step")),
        State::Refused => format!("{} refused", counted(table.refusals.len(), "change")),
    };
    let mut text = format!("{}: {state} ({})\n", table.table, table.declared_in.display());
    for step in &table.steps {
        let _ = writeln!(text, "  to apply: {}", step.summary);
    }
    for refusal in &table.refusals {
        let _ = writeln!(text, "  refused: {}", refusal.reason);
    }
    if !table.undeclared.is_empty() {
        let _ = writeln!(text, "  not declared, left alone: {}", table.undeclared.join(", "));
    }
    text
}

fn undoing(undone: Option<&Entry>) -> String {
    match undone {
        None => "nothing to undo".to_owned(),
        Some(entry) => format!("undone: {} ({})\n  {}", entry.summary, entry.declared_in.display(), entry.undo_sql),
    }
}
