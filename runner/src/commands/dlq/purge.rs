//! `runner dlq purge`: deletes letters for good.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::{LetterArgs, progress_bar, selection, shown_by, with_queues};
use crate::dlq_failure::DlqFailure;
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::letters::Letters;
use crate::output;
use engine::dlq::{Collected, Collection, Held, Seen, Selection, look};
use engine::stop::Stop;

/// Delete dead letters for good
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PurgeArgs {
    #[command(flatten)]
    letters: LetterArgs,
    /// Letters that this jq expression is true for; it reads .id, .code, .reason, .attributes, .body and .sent_at
    #[arg(long = "where", value_name = "EXPR")]
    expression: String,
    /// At most this many letters
    #[arg(long, value_name = "N")]
    max: Option<u64>,
    /// Write the letters to this new file first, one line of JSON each
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &PurgeArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let selection = selection(Some(&args.expression), args.max)?;
    if !args.yes && !io::stdin().is_terminal() {
        return Err(DlqFailure::NobodyToAsk.into());
    }
    if let Some(path) = args.to.as_ref().filter(|path| path.exists()) {
        return Err(Failure::FilesExist(vec![path.clone()]));
    }
    with_queues(&args.letters, env_file, async |opened, stop| purge(args, &opened, &selection, &stop).await)
}

async fn purge(args: &PurgeArgs, opened: &Letters, selection: &Selection, stop: &Stop) -> Result<(), Failure> {
    let collection = Collection::new(args.to.as_deref().map(create).transpose()?);
    let (source, bar) = (opened.source(), progress_bar());
    let held = Held::new(&source);
    let (seen, ended) = look(&held, &source, selection, &collection, stop, &shown_by(&bar)).await;
    bar.finish_and_clear();
    let collected = collection.into_collected();
    let goes_on = match ended {
        Ok(()) => held.while_renewed(may_delete(args, &seen, stop)).await,
        Err(fault) => Err(DlqFailure::Queue(fault).into()),
    };
    let ids = match goes_on.and_then(|()| kept_in_file(args.to.as_deref(), collected)) {
        Ok(ids) => ids,
        Err(failure) => {
            held.finish().await;
            // Nothing was deleted, so nothing is in the file alone.
            let _ = args.to.as_deref().map(std::fs::remove_file);
            return Err(failure);
        }
    };
    held.while_renewed(held.discard(&ids)).await;
    let undeleted = held.finish().await.undeleted;
    let file = args.to.as_ref().map(|path| path.display().to_string());
    output::result(output::dlq::purged(&seen, ids.len() - undeleted, file.as_deref(), args.letters.format))?;
    if undeleted > 0 { Err(DlqFailure::Stayed(undeleted as u64).into()) } else { Ok(()) }
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    match File::create_new(path) {
        Ok(file) => Ok(BufWriter::new(file)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::FilesExist(vec![path.to_owned()])),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Whether the letters may be deleted: by --yes, or by a person's answer.
async fn may_delete(args: &PurgeArgs, seen: &Seen, stop: &Stop) -> Result<(), Failure> {
    let agreed = if seen.interrupted {
        false
    } else if args.yes || seen.selected == 0 {
        true
    } else {
        stop.unless_draining(ask(seen.selected)).await.unwrap_or(false)
    };
    if agreed { Ok(()) } else { Err(DlqFailure::NothingDeleted.into()) }
}

/// Asks on a thread of its own: a read of the terminal can't be cancelled.
async fn ask(letters: u64) -> bool {
    let _ = write!(io::stderr().lock(), "Delete {letters} letters for good? [y/N] ");
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = answer.send(read.is_ok() && matches!(line.trim(), "y" | "Y" | "yes"));
    });
    answered.await.unwrap_or(false)
}

/// The ids of the letters, once the file that has the letters is on the disk.
fn kept_in_file(path: Option<&Path>, collected: Collected<BufWriter<File>>) -> Result<Vec<String>, Failure> {
    if let (Some(path), Some(lines)) = (path, collected.lines) {
        written(path, lines).map_err(|error| unwritable(path, error))?;
    }
    Ok(collected.ids)
}

fn written(path: &Path, lines: BufWriter<File>) -> io::Result<()> {
    lines.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    // The name of a new file is in its folder.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::Unwritable { path: path.to_owned(), error }
}
