//! The folders of one server.
//!
//! The base folder holds the socket, the log and the password file, and is always temporary. The
//! data are in it too, unless they are to be kept.

use std::fs::{self, DirBuilder, Permissions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use uuid::Uuid;

use super::error::{Context, PostgresError, Result};
use super::owner::Owner;

/// The longest base folder in bytes: the limit of macOS for the path of a Unix socket, which is the shortest of all
/// systems, less `/.s.PGSQL.65535` and its lock file.
const LONGEST_BASE: usize = 103 - 20;

/// File name of the script that runs the server.
pub(crate) const SCRIPT: &str = "supervise";

/// File name of the superuser's password.
const PASSWORD: &str = "password";

#[derive(Debug)]
pub(crate) struct Cluster {
    /// Removed by the supervisor once it runs, by this process if it never did.
    base: TempDir,
    pub(crate) data: PathBuf,
    pub(crate) kept: bool,
    pub(crate) password: String,
    pub(crate) owner: Owner,
}

impl Cluster {
    /// Makes the folders. `keep` is the folder for data that stay, and for the password of their superuser.
    pub(crate) fn prepare(keep: Option<&Path>) -> Result<Self> {
        let owner = Owner::choose(keep.map(data_in).as_deref())?;
        let base = base_folder(&owner)?;
        let (data, password) = match keep {
            None => (base.path().join("data"), new_password()),
            Some(keep) => kept_folder(keep, &owner)?,
        };
        let cluster = Self { data, kept: keep.is_some(), password, owner, base };
        cluster.give_file(PASSWORD, &cluster.password)?;
        cluster.give_file(SCRIPT, include_str!("supervise.sh"))?;
        Ok(cluster)
    }

    /// Writes a file for the server's user into the base folder.
    fn give_file(&self, name: &str, text: &str) -> Result<()> {
        let file = self.base().join(name);
        write_secret(&file, text)?;
        self.owner.give(&file)
    }

    pub(crate) fn base(&self) -> &Path {
        self.base.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.base().join("log")
    }
}

/// Makes a folder of mode 0700 in the temporary folder, or in `/tmp` where the path would be too long for a socket or
/// is closed to the user of the server.
fn base_folder(owner: &Owner) -> Result<TempDir> {
    match base_folder_in(&std::env::temp_dir(), owner) {
        Ok(base) if base.path().as_os_str().len() <= LONGEST_BASE => Ok(base),
        Ok(_) | Err(PostgresError::Unreachable { .. }) => base_folder_in(Path::new("/tmp"), owner),
        error => error,
    }
}

fn base_folder_in(parent: &Path, owner: &Owner) -> Result<TempDir> {
    let base = tempfile::Builder::new()
        .prefix("devstack-")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .context(|| format!("make a folder in {}", parent.display()))?;
    owner.check_reach(base.path())?;
    owner.give(base.path())?;
    Ok(base)
}

/// The data folder in a folder that outlives the server. It has a folder of its own above it, so
/// that nothing else changes its owner.
fn data_in(keep: &Path) -> PathBuf {
    keep.join("postgres/data")
}

/// Data folder and password.
fn kept_folder(keep: &Path, owner: &Owner) -> Result<(PathBuf, String)> {
    let made = fs::create_dir_all(keep).and_then(|()| fs::canonicalize(keep));
    let keep = made.context(|| format!("make the folder {}", keep.display()))?;
    let data = data_in(&keep);
    let above = data.parent().expect("the data folder is in another");
    if !is_ours(&keep, above) && !is_empty(&keep)? {
        return Err(PostgresError::OtherFiles { folder: keep });
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(above);
    made.context(|| format!("make the folder {}", above.display()))?;
    owner.check_reach(above)?;
    owner.give(above)?;
    let password = kept_password(&keep.join(PASSWORD))?;
    Ok((data, password))
}

/// Whether an earlier start filled the folder. A start that was interrupted before it wrote the password left an empty
/// folder for the data.
fn is_ours(keep: &Path, above: &Path) -> bool {
    above.is_dir() && (keep.join(PASSWORD).is_file() || is_empty(above).unwrap_or(false))
}

fn is_empty(folder: &Path) -> Result<bool> {
    let entries = fs::read_dir(folder).context(|| format!("read the folder {}", folder.display()))?;
    Ok(entries.count() == 0)
}

fn kept_password(file: &Path) -> Result<String> {
    if file.exists() {
        let text = fs::read_to_string(file).context(|| format!("read {}", file.display()))?;
        return Ok(text.trim().to_owned());
    }
    let password = new_password();
    write_secret(file, &password)?;
    Ok(password)
}

/// 122 random bits, without a character that a URL would have to escape.
fn new_password() -> String {
    Uuid::new_v4().simple().to_string()
}

fn write_secret(path: &Path, secret: &str) -> Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| writeln!(file, "{secret}"))
        .context(|| format!("write {}", path.display()))
}
