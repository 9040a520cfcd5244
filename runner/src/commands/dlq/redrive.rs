//! `runner dlq redrive`: sends letters back that the pipeline would accept now.

use super::{LetterArgs, SelectionArgs, progress_bar, shown_by, with_queues};
use crate::dlq_failure::DlqFailure;
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::letters::{Letters, RedriveResult};
use crate::output;
use engine::dlq::{RedriveOptions, Redriven, Seen, Selection, Unsettled};
use engine::stop::Stop;
use pipeline::producer::Pace;

/// Send the dead letters back to the queue that the pipeline, as it is now, would accept
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RedriveArgs {
    #[command(flatten)]
    letters: LetterArgs,
    #[command(flatten)]
    selected: SelectionArgs,
    /// Send at most this many letters per second (50/s), minute (30/m) or hour (10/h) [default: as fast as the queue accepts them]
    #[arg(long, value_name = "RATE", value_parser = Pace::rate)]
    rate: Option<Pace>,
    /// Decide each letter and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Also letters that were redriven three times already
    #[arg(long)]
    again: bool,
}

pub(super) fn run(args: &RedriveArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let selection = args.selected.selection()?;
    with_queues(&args.letters, env_file, async |opened, stop| redrive(args, &opened, &selection, &stop).await)
}

async fn redrive(args: &RedriveArgs, opened: &Letters, selection: &Selection, stop: &Stop) -> Result<(), Failure> {
    let options = RedriveOptions {
        pace: args.rate.unwrap_or(Pace::Unlimited),
        dry_run: args.dry_run,
        again: args.again,
        of_others: args.selected.expression.is_some(),
    };
    let bar = progress_bar();
    let result = opened.redrive(selection, options, stop, &shown_by(&bar)).await;
    bar.finish_and_clear();
    output::result(output::dlq::redriven(&result, args.dry_run, args.letters.format))?;
    let RedriveResult { seen, redriven, unsettled, ended } = result;
    ended.map_err(DlqFailure::Queue)?;
    if args.dry_run { Ok(()) } else { all_left(&seen, &redriven, unsettled) }
}

/// Whether every selected letter left the queue.
fn all_left(seen: &Seen, redriven: &Redriven, unsettled: Unsettled) -> Result<(), Failure> {
    let stayed = seen.selected.saturating_sub(redriven.sent);
    if unsettled.undeleted > 0 {
        return Err(DlqFailure::Undeleted(unsettled.undeleted).into());
    }
    match stayed {
        0 if seen.interrupted => Err(DlqFailure::Interrupted.into()),
        0 => Ok(()),
        stayed => Err(DlqFailure::Stayed(stayed).into()),
    }
}
