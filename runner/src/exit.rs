//! How a command fails: every error that can end it, with its exit code and what to do about it.
//!
//! An error stays typed up to here. Its text is made once, where it is printed: in `output::failure`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::dlq_failure::DlqFailure;
use crate::env_file::EnvFileError;
use crate::samples::SampleError;
use crate::settings::SettingsError;
use crate::table_error::{TableError, tables_meant};
use crate::words::counted;
use compiler::diagnostic::{Diagnostic, Style};
use engine::Service;
use engine::fault::Fault;
use engine::produce::ProduceError;
use engine::sink::ConnectError;
use engine::source::{ClientError, QueueError};
use migration::{Misfit, Refusal};

/// The command failed while running.
const FAILED: u8 = 1;
/// The command line is wrong.
const USAGE: u8 = 2;
/// The configuration is wrong (`EX_CONFIG` of sysexits.h).
const CONFIG: u8 = 78;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A folder where one pipeline file is expected.
    #[error("{} is a folder", .0.display())]
    Folder(PathBuf),
    /// A word after `man` that names nothing.
    #[error("runner has no command {0:?}")]
    NoSuchCommand(String),
    /// A word after `migrate` that names nothing.
    #[error("{} is not a subcommand, a pipeline file or a folder", word.display())]
    UnknownSubcommand {
        /// As written on the command line.
        word: PathBuf,
        /// Those there are.
        subcommands: Vec<String>,
    },
    /// `test --filter` selects no case.
    #[error("no case contains `{filter}`; {} left out", counted(*left_out, "case"))]
    NoSuchCase {
        /// As written on the command line.
        filter: String,
        /// The cases that do not contain it.
        left_out: usize,
    },
    /// A path that can't be made absolute.
    #[error("{} is not a valid path: {error}", path.display())]
    InvalidPath {
        /// As written on the command line.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// `new` would overwrite files.
    #[error("these files exist already: {}", joined(.0.iter().map(|path| path.display())))]
    FilesExist(Vec<PathBuf>),

    /// The file of variables can't be used.
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    /// A setting is missing or malformed.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The AWS region or the credentials are missing.
    #[error("{0}")]
    Client(ClientError),
    /// The pipeline files, their schemas, templates or cases are wrong.
    #[error("{}", counted(found.len(), "problem"))]
    Diagnostics {
        /// All that was found.
        found: Vec<Diagnostic>,
        /// How to draw them.
        style: Style,
    },
    /// `validate-config` found what it shows already; this is only the count.
    #[error("{0}")]
    Invalid(ProblemCount),
    /// `produce` and `dev` need a producer.
    #[error("{} has no `producer`: there is nothing to send", .0.display())]
    NoProducer(PathBuf),
    /// Rejected messages would come back to the pipeline.
    #[error("{}: the dead-letter queue is the source queue", .0.display())]
    SameQueue(PathBuf),
    /// More messages in flight than can be renewed before the queue delivers them again.
    #[error("{}: {problem}", file.display())]
    ShortVisibility {
        /// The pipeline file.
        file: PathBuf,
        /// With the figures.
        problem: String,
    },
    /// `new` can't use a sample.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// `new` can't make a pipeline of this schema.
    #[error(transparent)]
    Scaffold(compiler::scaffold::Error),

    /// `new` can't make a pipeline for this table.
    #[error(transparent)]
    Table(#[from] TableError),

    /// A queue is missing, or can't be reached.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The database can't be reached.
    #[error(transparent)]
    Database(#[from] ConnectError),
    /// The live tables can't store the pipeline's rows.
    #[error("{}", joined(.0.iter()))]
    Misfits(Vec<Misfit>),
    /// A migration could not be planned, applied or undone.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// `migrate up` refused changes, and so applied none.
    #[error("nothing was applied: {} refused", counted(.0.len(), "change"))]
    Refused(Vec<Refusal>),
    /// `migrate plan` shows changes that `migrate up` would refuse.
    #[error("{} refused: `up` would apply nothing while a change is refused", counted(.0.len(), "change"))]
    WouldBeRefused(Vec<Refusal>),
    /// A pipeline ended by itself.
    #[error("pipeline `{pipeline}` stopped: {fault}")]
    Stopped {
        /// Its name.
        pipeline: String,
        /// What no retry can change.
        fault: Fault,
    },
    /// The thread of a pipeline panicked; the panic's message is on stderr already.
    #[error("pipeline `{0}` panicked; this is a bug")]
    Panicked(String),
    /// Sending events ended early.
    #[error(transparent)]
    Produce(#[from] ProduceError),
    /// Cases of `test` failed.
    #[error("{} failed", counted(*.0, "case"))]
    CasesFailed(usize),
    /// `test --require-cases` found pipeline files without cases.
    #[error("no cases for {}", .0.join(", "))]
    NoCases(Vec<String>),
    /// `explain` can't read its message.
    #[error("can't read the message from {}: {error}", path.display())]
    UnreadableMessage {
        /// As written on the command line.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// `new` can't write a file.
    #[error("can't write {}: {error}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A result can't be printed.
    #[error("can't write to stdout: {0}")]
    Stdout(io::Error),
    /// The asynchronous runtime does not start.
    #[error("can't start the runtime: {0}")]
    Runtime(io::Error),
    /// The endpoint can't have its address.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// Where it should listen.
        address: SocketAddr,
        /// Why it can't.
        error: io::Error,
    },
    /// The thread of a pipeline does not start.
    #[error("can't start a thread: {0}")]
    Thread(io::Error),

    /// The local queue service of `dev` does not start.
    #[cfg(feature = "dev")]
    #[error("can't start the local queue service: {0}")]
    LocalQueue(io::Error),
    /// The local PostgreSQL of `dev` does not start.
    #[cfg(feature = "dev")]
    #[error(transparent)]
    LocalPostgres(#[from] devstack::postgres::PostgresError),
    /// A queue of `dev` can't be created.
    #[cfg(feature = "dev")]
    #[error("can't create queue `{queue}`: {fault}")]
    CreateQueue {
        /// Its name.
        queue: String,
        /// Why.
        fault: Fault,
    },

    /// A command of `dlq` failed.
    #[error(transparent)]
    Dlq(#[from] DlqFailure),

    /// Several pipelines of one process failed.
    #[error("{}", joined(.0.iter()))]
    Several(Vec<Failure>),
}

/// How many errors and warnings `validate-config` found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemCount {
    /// Diagnostics that stop the compilation.
    pub errors: usize,
    /// Diagnostics that do not.
    pub warnings: usize,
}

impl std::fmt::Display for ProblemCount {
    /// `2 errors, 1 warning`, without what there is none of.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        for (count, word) in [(self.errors, "error"), (self.warnings, "warning")] {
            if count > 0 {
                parts.push(counted(count, word));
            }
        }
        f.write_str(&parts.join(", "))
    }
}

impl Failure {
    /// The exit code of the process.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Folder(_)
            | Self::NoSuchCommand(_)
            | Self::UnknownSubcommand { .. }
            | Self::NoSuchCase { .. }
            | Self::InvalidPath { .. }
            | Self::FilesExist(_) => USAGE,
            Self::EnvFile(_)
            | Self::Settings(_)
            | Self::Client(ClientError::NoRegion | ClientError::NoCredentials(_))
            | Self::Diagnostics { .. }
            | Self::Invalid(_)
            | Self::NoProducer(_)
            | Self::SameQueue(_)
            | Self::ShortVisibility { .. }
            | Self::Sample(_)
            | Self::Scaffold(_)
            | Self::Produce(ProduceError::Template(_))
            | Self::Migration(migration::Error::Declaration { .. } | migration::Error::Conflict { .. }) => CONFIG,
            Self::Dlq(failure) if failure.is_usage() => USAGE,
            Self::Several(failures) => failures.first().map_or(FAILED, Self::exit_code),
            Self::Client(ClientError::CredentialsFailed(_))
            | Self::Table(_)
            | Self::Queue(_)
            | Self::Database(_)
            | Self::Misfits(_)
            | Self::Migration(_)
            | Self::Refused(_)
            | Self::WouldBeRefused(_)
            | Self::Stopped { .. }
            | Self::Panicked(_)
            | Self::Produce(_)
            | Self::CasesFailed(_)
            | Self::NoCases(_)
            | Self::Dlq(_)
            | Self::UnreadableMessage { .. }
            | Self::Unwritable { .. }
            | Self::Stdout(_)
            | Self::Runtime(_)
            | Self::Listen { .. }
            | Self::Thread(_) => FAILED,
            #[cfg(feature = "dev")]
            Self::LocalQueue(_) | Self::LocalPostgres(_) | Self::CreateQueue { .. } => FAILED,
        }
    }

    /// What to do about it, where that is not part of the message.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Folder(_) => "name one pipeline file",
            Self::NoSuchCommand(_) => "`runner help` lists the commands",
            Self::UnknownSubcommand { subcommands, .. } => {
                return Some(format!("the subcommands are {}", subcommands.join(", ")));
            }
            Self::FilesExist(_) => "choose another name, or move the files away",
            Self::EnvFile(error) => error.help(),
            Self::Settings(error) => error.help(),
            Self::Client(error) => error.help(),
            Self::NoProducer(_) => "add a `producer` with a template",
            Self::SameQueue(_) => "a rejected message would come back without end; name another queue",
            Self::ShortVisibility { .. } => "raise `visibility`, or the queue's own timeout, or lower `in_flight`",
            Self::Sample(error) => error.help()?,
            Self::Scaffold(_) => "name the part of the schema that describes one event, such as `FILE#/items`",
            Self::Queue(error) if error.may_pass() => {
                return Some(format!("{}; `run --wait` keeps trying", error.help()));
            }
            Self::Queue(error) => error.help(),
            Self::Database(error) => error.help(),
            Self::Listen { .. } => "choose another port with --listen or RUNNER_LISTEN, or end what uses this one",
            Self::Dlq(failure) => failure.help()?,
            Self::Table(error) => return error.help(),
            Self::Migration(migration::Error::NoSuchTable { table, others }) => {
                return Some(tables_meant(table, others));
            }
            Self::Misfits(misfits) => return misfits.first().map(|misfit| misfit.fix.clone()),
            _ => return None,
        };
        Some(help.to_owned())
    }

    /// Whether waiting may help: what is missing may be created, and what is down may come back.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Queue(_) | Self::Database(_) | Self::Misfits(_) => true,
            Self::Migration(_) => self.exit_code() == FAILED,
            Self::Client(error) => error.is_transient(),
            _ => false,
        }
    }

    /// Whether it usually passes by itself soon, so that a start is worth trying again.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Client(error) => error.is_transient(),
            Self::Queue(error) => error.is_transient(),
            Self::Database(error) => error.is_transient(),
            _ => false,
        }
    }

    /// The external service that is the cause, where one is.
    pub(crate) fn service(&self) -> Option<Service> {
        match self {
            Self::Client(_) | Self::Queue(_) => Some(Service::Queue),
            Self::Database(_) | Self::Misfits(_) | Self::Migration(_) => Some(Service::Database),
            _ => None,
        }
    }

    /// Both failures, under the first one's exit code.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::Several(mut failures) => {
                failures.push(other);
                Self::Several(failures)
            }
            first => Self::Several(vec![first, other]),
        }
    }
}

fn joined(items: impl Iterator<Item = impl std::fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}
