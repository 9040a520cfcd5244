//! `runner dlq list`: groups letters by kind.

use super::{LetterArgs, SelectionArgs, progress_bar, shown_by, with_queues};
use crate::dlq_failure::DlqFailure;
use crate::exit::Failure;
use crate::output;
use engine::dlq::{Held, Listing, look};

/// Group the dead letters by kind: code, column or path, keyword and SQLSTATE
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    letters: LetterArgs,
    #[command(flatten)]
    selected: SelectionArgs,
}

pub(super) fn run(args: &ListArgs) -> Result<(), Failure> {
    let selection = args.selected.selection()?;
    with_queues(&args.letters, async |opened, stop| {
        let (source, listing, bar) = (opened.source(), Listing::default(), progress_bar());
        let held = Held::new(&source);
        let (seen, ended) = look(&held, &source, &selection, &listing, &stop, &shown_by(&bar)).await;
        bar.finish_and_clear();
        held.finish().await;
        ended.map_err(DlqFailure::Queue)?;
        output::result(output::dlq::listing(&seen, &listing.into_kinds(), args.letters.format))
    })
}
