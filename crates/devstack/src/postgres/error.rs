//! Why a server does not start.

use std::io;
use std::path::PathBuf;

/// An error of the private PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// There is no PostgreSQL server on this machine.
    #[error("no PostgreSQL server found on this machine; install one with: {install}")]
    NotInstalled {
        /// The one line that installs it.
        install: String,
    },
    /// The kept data were written by a major version that is not installed.
    #[error("the data in {} were written by PostgreSQL {wanted}, which is not installed; install it, or choose another folder", data.display())]
    WrongVersion {
        /// The folder of the data.
        data: PathBuf,
        /// The major version that wrote it.
        wanted: String,
    },
    /// The unprivileged user the server runs as can't reach a folder.
    #[error("{} can't be reached by the user {user}, which runs PostgreSQL when root starts it, because of {}; choose a folder below /tmp or /var", folder.display(), blocked_by.display())]
    Unreachable {
        /// The folder asked for.
        folder: PathBuf,
        /// The folder above it that is closed.
        blocked_by: PathBuf,
        /// The user the server runs as.
        user: String,
    },
    /// The folder to keep data in has files that an earlier start did not write.
    #[error("{} contains files that an earlier start did not write; name a new or an empty folder to keep data in", folder.display())]
    OtherFiles {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// PostgreSQL refuses to run as root, and no other user that could run it was found.
    #[error(
        "PostgreSQL refuses to run as root, and the users postgres, _postgres and nobody do not exist; start this as an ordinary user"
    )]
    NoUnprivilegedUser,
    /// The server ended while starting.
    #[error("PostgreSQL did not start; its log ends with:\n{log}")]
    Startup {
        /// The end of its log.
        log: String,
    },
    /// The server did not become ready in time.
    #[error("PostgreSQL did not become ready within {seconds} seconds; its log:\n{log}")]
    TimedOut {
        /// The seconds that it was given.
        seconds: u64,
        /// Its log.
        log: String,
    },
    /// `createdb` failed.
    #[error("can't create the database {name}: {reason}")]
    CreateDatabase {
        /// The name asked for.
        name: String,
        /// The error of `createdb`.
        reason: String,
    },
    /// A file or a process could not be handled.
    #[error("can't {action}")]
    Io {
        /// The action that failed.
        action: String,
        /// The error of the system.
        #[source]
        source: io::Error,
    },
}

pub(crate) type Result<T> = std::result::Result<T, PostgresError>;

/// Adds the action that failed to an [`io::Error`].
pub(crate) trait Context<T> {
    fn context(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| PostgresError::Io { action: action(), source })
    }
}
