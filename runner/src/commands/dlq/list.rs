//! `runner dlq list`: groups letters by kind.

use super::{LetterArgs, SelectionArgs, progress_bar, shown_by, with_queues};
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output;

/// Group the dead letters by kind: code, column or path, keyword and SQLSTATE
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    letters: LetterArgs,
    #[command(flatten)]
    selected: SelectionArgs,
}

pub(super) fn run(args: &ListArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let selection = args.selected.selection()?;
    with_queues(&args.letters, env_file, async |opened, stop| {
        let bar = progress_bar();
        let listed = opened.list(&selection, &stop, &shown_by(&bar)).await;
        bar.finish_and_clear();
        let (seen, kinds) = listed?;
        output::result(output::dlq::listing(&seen, &kinds, args.letters.format))
    })
}
