//! As whom the server runs: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{Context, PostgresError, Result};

/// Users to run as when we are root, the first that exists. `_postgres` is macOS's.
const UNPRIVILEGED: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// The user of the server's processes and files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// We are no root: the server runs as we do.
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
        if !are_we_root()? {
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
        // macOS writes nobody's id as -2.
        let mut id = || fields.nth(0).and_then(|text| text.parse::<i64>().ok());
        id();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "uid_t wraps")]
        let (uid, gid) = (id()? as u32, id()? as u32);
        (uid != 0).then(|| Self::Other { name: name.to_owned(), uid, gid })
    }

    /// Lets `command` run as this user, without the groups we are in.
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

    /// Refuses a folder with a folder above it that this user can't pass.
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
        let passable = |path: &&Path| {
            fs::metadata(path).is_ok_and(|metadata| {
                let bit = if metadata.uid() == *uid {
                    0o100
                } else if metadata.gid() == *gid {
                    0o010
                } else {
                    0o001
                };
                metadata.mode() & bit != 0
            })
        };
        folder.ancestors().skip(1).find(|path| !passable(path)).map(Path::to_owned)
    }
}

/// A file belongs to whom makes it; asking the system for our user would take unsafe code.
fn are_we_root() -> Result<bool> {
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
