//! The private PostgreSQL.

mod kept;
mod parent;
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use devstack::postgres::{Postgres, PostgresOptions};

/// The value of one query, through `psql`.
pub(crate) fn query(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-c", sql, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The server of the tests that leave it as it is. It ends with this process.
pub(crate) fn shared() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(start)
}

fn start() -> Postgres {
    Postgres::start(&PostgresOptions::default()).unwrap()
}

fn kept(folder: &Path) -> PostgresOptions {
    PostgresOptions { data_dir: Some(folder.to_owned()), ..PostgresOptions::default() }
}

/// A folder every user can pass, as the server may run as another one.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in("/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The process of a server, read from its lock file.
fn postmaster(data: &Path) -> u32 {
    let lock = fs::read_to_string(data.join("postmaster.pid")).unwrap();
    lock.lines().next().unwrap().trim().parse().unwrap()
}

fn is_running(pid: u32) -> bool {
    let mut kill = Command::new("kill");
    kill.args(["-0", &pid.to_string()]).stderr(Stdio::null());
    kill.status().unwrap().success()
}

pub(crate) fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}");
        sleep(Duration::from_millis(20));
    }
}
