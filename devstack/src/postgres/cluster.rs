//! The folders of one server.
//!
//! The base folder holds the socket, the log and the password file, and is always temporary. The
//! data are in it too, unless they are to be kept.

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use uuid::Uuid;

use super::error::{Context, Result};
use super::owner::Owner;

/// What a Unix socket's path may have on macOS, the shortest of all, less `/.s.PGSQL.65535` and its
/// lock file.
const LONGEST_BASE: usize = 103 - 20;

#[derive(Debug)]
pub(crate) struct Cluster {
    /// Removed by the supervisor once it runs, by us if it never did.
    base: TempDir,
    pub(crate) data: PathBuf,
    pub(crate) kept: bool,
    pub(crate) password: String,
    pub(crate) owner: Owner,
}

impl Cluster {
    /// Makes the folders. `keep` is the folder the data stay in, and the password of its superuser.
    pub(crate) fn prepare(keep: Option<&Path>) -> Result<Self> {
        let base = base_folder()?;
        let owner = Owner::choose(base.path())?;
        owner.check_reach(base.path())?;
        let (data, password) = match keep {
            None => (base.path().join("data"), new_password()),
            Some(keep) => kept_folder(keep, &owner)?,
        };
        let cluster = Self { data, kept: keep.is_some(), password, owner, base };
        let file = cluster.base().join("password");
        write_secret(&file, &cluster.password)?;
        cluster.owner.give(&file)?;
        cluster.owner.give(cluster.base())?;
        Ok(cluster)
    }

    pub(crate) fn base(&self) -> &Path {
        self.base.path()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.base().join("log")
    }
}

/// A new folder of mode 0700 in the temporary folder, or in `/tmp` if that would not do: its path is
/// too long for a socket, or closed to the user of the server.
fn base_folder() -> Result<TempDir> {
    let make = |parent: &Path| {
        tempfile::Builder::new()
            .prefix("devstack-")
            .tempdir_in(parent)
            .context(|| format!("make a folder in {}", parent.display()))
    };
    let base = make(&std::env::temp_dir())?;
    let short = base.path().as_os_str().len() <= LONGEST_BASE;
    if short && Owner::choose(base.path())?.check_reach(base.path()).is_ok() {
        return Ok(base);
    }
    make(Path::new("/tmp"))
}

/// The data folder and the password in a folder that outlives the server.
fn kept_folder(keep: &Path, owner: &Owner) -> Result<(PathBuf, String)> {
    let created = DirBuilder::new().recursive(true).mode(0o700).create(keep);
    created.context(|| format!("make the folder {}", keep.display()))?;
    let keep = fs::canonicalize(keep).context(|| format!("find {}", keep.display()))?;
    owner.check_reach(&keep)?;
    owner.give(&keep)?;
    let file = keep.join("password");
    let password = if file.exists() {
        fs::read_to_string(&file).context(|| format!("read {}", file.display()))?.trim().to_owned()
    } else {
        let password = new_password();
        write_secret(&file, &password)?;
        password
    };
    Ok((keep.join("data"), password))
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
