//! The user that the server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{Context, PostgresError, Result};

/// Users to run as when started by root; the first that exists is chosen. `_postgres` is the one of macOS.
const UNPRIVILEGED: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// The user of the server's processes and files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// This process does not run as root: the server runs as the same user.
    Ourselves,
    Other {
        name: String,
        uid: u32,
        gid: u32,
    },
}

impl Owner {
    /// The owner of the data if there are any, else the first unprivileged user that exists.
    pub(crate) fn choose(data: Option<&Path>) -> Result<Self> {
        if !is_root()? {
            return Ok(Self::Ourselves);
        }
        if let Some(Ok(data)) = data.map(fs::metadata)
            && data.uid() != 0
        {
            let name = data.uid().to_string();
            return Ok(Self::Other { name, uid: data.uid(), gid: data.gid() });
        }
        let users = fs::read_to_string("/etc/passwd").context(|| "read /etc/passwd".to_owned())?;
        UNPRIVILEGED.iter().find_map(|name| Self::in_passwd(&users, name)).ok_or(PostgresError::NoUnprivilegedUser)
    }

    /// `name:password:uid:gid:...`
    fn in_passwd(users: &str, name: &str) -> Option<Self> {
        let mut fields = users
            .lines()
            .map(|line| line.split(':'))
            .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
        let _password = fields.next()?;
        let (uid, gid) = (parse_id(fields.next()?)?, parse_id(fields.next()?)?);
        (uid != 0).then(|| Self::Other { name: name.to_owned(), uid, gid })
    }

    /// Lets `command` run as this user, without the groups of this process.
    pub(crate) fn run(&self, command: &mut Command) {
        if let Self::Other { uid, gid, .. } = self {
            // The standard library drops the supplementary groups with the uid.
            command.uid(*uid).gid(*gid);
        }
    }

    /// Gives a file or folder to this user.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid, .. } => chown(path, Some(*uid), Some(*gid))
                .context(|| format!("give {} to the user of PostgreSQL", path.display())),
        }
    }

    /// Refuses a folder below one that this user can't enter.
    pub(crate) fn check_reach(&self, folder: &Path) -> Result<()> {
        match (self, self.blocked_by(folder)) {
            (Self::Other { name, .. }, Some(blocked_by)) => {
                Err(PostgresError::Unreachable { folder: folder.to_owned(), blocked_by, user: name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn blocked_by(&self, folder: &Path) -> Option<PathBuf> {
        let Self::Other { uid, gid, .. } = self else {
            return None;
        };
        let folder = fs::canonicalize(folder).ok()?;
        folder.ancestors().skip(1).find(|path| !can_enter(path, *uid, *gid)).map(Path::to_owned)
    }
}

/// A user or group id; macOS writes the one of nobody as -2.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "uid_t wraps")]
fn parse_id(text: &str) -> Option<u32> {
    text.parse::<i64>().ok().map(|id| id as u32)
}

/// Whether the mode of a folder lets a user with this id and group pass through it.
fn can_enter(folder: &Path, uid: u32, gid: u32) -> bool {
    let Ok(metadata) = fs::metadata(folder) else {
        return false;
    };
    let bit = if metadata.uid() == uid {
        0o100
    } else if metadata.gid() == gid {
        0o010
    } else {
        0o001
    };
    metadata.mode() & bit != 0
}

/// Whether this process runs as root, found by the owner of a new file: asking the system would need unsafe code.
fn is_root() -> Result<bool> {
    let ours = tempfile::tempfile().and_then(|file| file.metadata());
    Ok(ours.context(|| "make a temporary file".to_owned())?.uid() == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn users_are_read_from_passwd() {
        let users = "root:x:0:0:root:/root:/bin/sh\nnobody:*:-2:-2::/:/bin/false\npostgres:x:101:104::/:/bin/sh\n";
        let postgres = Owner::Other { name: "postgres".to_owned(), uid: 101, gid: 104 };
        assert_eq!(Owner::in_passwd(users, "postgres"), Some(postgres));
        let uid = u32::MAX - 1;
        let nobody = Owner::Other { name: "nobody".to_owned(), uid, gid: uid };
        assert_eq!(Owner::in_passwd(users, "nobody"), Some(nobody));
        assert_eq!(Owner::in_passwd(users, "root"), None);
        assert_eq!(Owner::in_passwd(users, "post"), None);
    }

    #[test]
    fn a_closed_folder_above_is_named() {
        let closed = tempfile::tempdir().unwrap();
        fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let below = closed.path().join("data");
        fs::create_dir(&below).unwrap();
        let uid = fs::metadata(&below).unwrap().uid();
        let stranger = Owner::Other { name: "x".to_owned(), uid: uid + 1, gid: u32::MAX };
        let blocked = Some(fs::canonicalize(closed.path()).unwrap());
        assert_eq!(stranger.blocked_by(&below), blocked);
    }
}
