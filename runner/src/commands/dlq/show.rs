//! `runner dlq show`: one letter, whole.

use super::{LetterArgs, progress_bar, shown_by, with_queues};
use crate::dlq_failure::DlqFailure;
use crate::exit::Failure;
use crate::output;
use engine::dlq::{Held, Search, Selection, look};

/// Show the reason and the body of one dead letter
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    letters: LetterArgs,
    /// The letter's id, which `list` shows, or the id of the message that was rejected, which logs show
    id: String,
}

pub(super) fn run(args: &ShowArgs) -> Result<(), Failure> {
    with_queues(&args.letters, async |opened, stop| {
        let (source, search, bar) = (opened.source(), Search::new(args.id.clone()), progress_bar());
        let held = Held::new(&source);
        let (seen, ended) = look(&held, &source, &Selection::default(), &search, &stop, &shown_by(&bar)).await;
        bar.finish_and_clear();
        held.finish().await;
        ended.map_err(DlqFailure::Queue)?;
        match search.into_found() {
            Some(letter) => output::result(output::dlq::letter(&letter, args.letters.format)),
            None if seen.interrupted => Err(DlqFailure::Interrupted.into()),
            None => Err(DlqFailure::NoSuchLetter { id: args.id.clone(), seen: seen.seen, about: seen.about }.into()),
        }
    })
}
