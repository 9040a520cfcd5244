//! `runner dlq show`: one letter, whole.

use super::{LetterArgs, progress_bar, shown_by, with_queues};
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output;

/// Show the reason and the body of one dead letter
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    letters: LetterArgs,
    /// The letter's id, which `list` shows, or the id of the message that was rejected, which logs show
    id: String,
}

pub(super) fn run(args: &ShowArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    with_queues(&args.letters, env_file, async |opened, stop| {
        let bar = progress_bar();
        let found = opened.find(&args.id, &stop, &shown_by(&bar)).await;
        bar.finish_and_clear();
        output::result(output::dlq::letter(&found?, args.letters.format))
    })
}
