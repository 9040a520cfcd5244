//! `runner dlq`: looks at the dead letters of a pipeline, sends them back, deletes them. Needs no database.

mod list;
mod purge;
mod redrive;
mod show;

use std::path::PathBuf;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use crate::connection::QueueFlags;
use crate::dlq_failure::DlqFailure;
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::letters::Letters;
use crate::output::format::Format;
use crate::running::Queues;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::{load, output};
use engine::dlq::{Filter, Selection};
use engine::source::Queue;
use engine::stop::{Stop, stop_pair};
use pipeline::Pipeline;

/// List, show, redrive and purge the dead letters of a pipeline; needs the queues, and no database
#[derive(Debug, Clone, clap::Args)]
pub struct DlqArgs {
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum DlqCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Redrive(redrive::RedriveArgs),
    Purge(purge::PurgeArgs),
}

/// Arguments of each of the commands.
#[derive(Debug, Clone, clap::Args)]
struct LetterArgs {
    /// Read this pipeline file
    pipeline: PathBuf,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Where the queues are
    #[command(flatten)]
    queue: QueueFlags,
}

/// Runs the command.
pub(crate) fn run(args: &DlqArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    match &args.command {
        DlqCommand::List(args) => list::run(args, env_file),
        DlqCommand::Show(args) => show::run(args, env_file),
        DlqCommand::Redrive(args) => redrive::run(args, env_file),
        DlqCommand::Purge(args) => purge::run(args, env_file),
    }
}

/// Flags of a command that works on many letters, or on all.
#[derive(Debug, Clone, clap::Args)]
struct SelectionArgs {
    /// Only letters that this jq expression is true for; it reads .id, .code, .reason, .attributes, .body and .sent_at
    #[arg(long = "where", value_name = "EXPR")]
    expression: Option<String>,
    /// At most this many letters
    #[arg(long, value_name = "N")]
    max: Option<u64>,
}

impl SelectionArgs {
    fn selection(&self) -> Result<Selection, Failure> {
        selection(self.expression.as_deref(), self.max)
    }
}

/// Selects the letters that `--where` is true for, at most `--max` of them. A mistake is found before anything is
/// received.
fn selection(expression: Option<&str>, max: Option<u64>) -> Result<Selection, Failure> {
    let Some(text) = expression else { return Ok(Selection { filter: None, max }) };
    let filter = Filter::compile(text).map_err(|error| DlqFailure::Where { text: text.to_owned(), error })?;
    Ok(Selection { filter: Some(filter), max })
}

async fn open(args: &LetterArgs, pipeline: Arc<Pipeline>, settings: &Settings) -> Result<Letters, Failure> {
    let queues = Queues::of(&pipeline);
    let clients = args.queue.clients(settings, &queues.queue).await?;
    let opened = Letters::open(pipeline, &clients, &queues).await?;
    warn(&opened.dlq, &queues.dlq.to_string());
    Ok(opened)
}

fn warn(letters: &Queue, name: &str) {
    output::to_stderr("note: SQS can't be browsed: each letter that is looked at counts as received once more");
    if let Some(policy) = &letters.redrive_policy {
        output::to_stderr(format_args!(
            "warning: `{name}` has a redrive policy of its own: SQS moves a letter that was received {} times to {}",
            output::escape::on_one_line(&policy.max_receives),
            output::escape::on_one_line(&policy.target),
        ));
    }
}

/// Opens the queues and runs `work` on them; the first signal asks it to stop.
fn with_queues(
    args: &LetterArgs,
    env_file: &EnvFileFlags,
    work: impl AsyncFnOnce(Letters, Stop) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let settings = load::settings(env_file)?;
    let pipeline = load::one(&args.pipeline, &settings)?;
    crate::runtime::start()?.block_on(async {
        let (stopper, stop) = stop_pair();
        let work = async { work(open(args, pipeline, &settings).await?, stop).await };
        tokio::select! {
            done = work => done,
            () = Signals::listen().watch(stopper) => unreachable!("the watch never ends"),
        }
    })
}

/// Letters seen of about so many. indicatif draws it only on a terminal.
fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} letters {per_sec}");
    ProgressBar::new(0).with_style(style.expect("the template is well-formed"))
}

fn shown_by(bar: &ProgressBar) -> impl Fn(u64, u64) {
    |seen, about| {
        bar.set_length(about.max(seen));
        bar.set_position(seen);
    }
}
