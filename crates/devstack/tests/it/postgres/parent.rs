//! The server goes with the process that started it, however that ends.
//!
//! A test here starts this test program once more, with only itself to run, and kills that.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use devstack::postgres::{Postgres, PostgresOptions};

use super::{eventually, is_running, kept, open_folder, postmaster, query};

/// Set in the process that plays the parent.
const PARENT: &str = "DEVSTACK_TEST_PARENT";

/// What the parent is to keep its data in; empty for a temporary folder.
fn parent_options() -> Option<PostgresOptions> {
    let folder = PathBuf::from(env::var_os(PARENT)?);
    let keep = !folder.as_os_str().is_empty();
    Some(if keep { kept(&folder) } else { PostgresOptions::default() })
}

/// Starts a server, prints its folders, and does nothing more.
fn be_the_parent(options: &PostgresOptions) -> ! {
    let server = Postgres::start(options).unwrap();
    println!();
    println!("DATA {}", server.data_dir().display());
    println!("BASE {}", server.socket_dir().display());
    loop {
        sleep(Duration::from_mins(10));
    }
}

/// This test program once more, running only `test`, which has to call [`be_the_parent`].
fn parent(test: &str, keep: &str) -> Child {
    parent_in(test, keep, None)
}

/// As [`parent`], with another temporary folder.
fn parent_in(test: &str, keep: &str, temporary: Option<&Path>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(PARENT, keep).stdout(Stdio::piped());
    if let Some(temporary) = temporary {
        command.env("TMPDIR", temporary);
    }
    command.spawn().unwrap()
}

/// Data folder and base folder of the parent's server.
fn folders(parent: &mut Child) -> (PathBuf, PathBuf) {
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let mut find = |key: &str| {
        let value = lines.find_map(|line| line.strip_prefix(key).map(PathBuf::from));
        value.expect("the parent prints its folders")
    };
    (find("DATA "), find("BASE "))
}

#[test]
fn a_killed_parent_leaves_nothing_behind() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let mut parent = parent("postgres::parent::a_killed_parent_leaves_nothing_behind", "");
    let (data, base) = folders(&mut parent);
    let pid = postmaster(&data);
    assert!(is_running(pid));
    // SIGKILL.
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the server is gone", || !is_running(pid));
    eventually("its folder is gone", || !base.exists());
}

#[test]
fn a_killed_parent_s_kept_data_can_be_used_again() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let folder = open_folder();
    let keep = folder.path().to_str().unwrap();
    let test = "postgres::parent::a_killed_parent_s_kept_data_can_be_used_again";
    let mut parent = parent(test, keep);
    let (data, base) = folders(&mut parent);
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("its folder is gone", || !base.exists());
    assert!(data.join("PG_VERSION").exists());
    let server = Postgres::start(&kept(folder.path())).unwrap();
    assert_eq!(query(&server.url(), "select 1"), "1");
}

/// The parent is killed at any time of the start, also while initdb runs.
#[test]
fn a_parent_killed_while_starting_leaves_nothing_behind() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let test = "postgres::parent::a_parent_killed_while_starting_leaves_nothing_behind";
    for delay in [0, 50, 150, 300, 500, 700] {
        let folder = open_folder();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let mut parent = parent_in(test, "", Some(folder.path()));
        let started = || fs::read_dir(folder.path()).unwrap().count() > 0;
        eventually("the parent has begun", started);
        sleep(Duration::from_millis(delay));
        parent.kill().unwrap();
        parent.wait().unwrap();
        let base = folder.path().to_str().unwrap().to_owned();
        eventually("no process is left", || processes_about(&base).is_empty());
    }
}

/// The command lines of all processes that contain `text`.
fn processes_about(text: &str) -> Vec<String> {
    let output = Command::new("ps").args(["-eo", "args"]).output().unwrap();
    let all = String::from_utf8_lossy(&output.stdout).into_owned();
    all.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Root's own temporary folder may be closed to the user the server runs as.
#[test]
fn a_closed_temporary_folder_is_not_used() {
    if let Some(options) = parent_options() {
        be_the_parent(&options);
    }
    let folder = open_folder();
    let closed = folder.path().join("closed").join("tmp");
    fs::create_dir_all(&closed).unwrap();
    fs::set_permissions(closed.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    let test = "postgres::parent::a_closed_temporary_folder_is_not_used";
    let mut parent = parent_in(test, "", Some(&closed));
    let (data, base) = folders(&mut parent);
    let ours = fs::metadata("/proc/self").unwrap().uid();
    assert_eq!(base.starts_with(&closed), ours != 0, "{}", base.display());
    let pid = postmaster(&data);
    parent.kill().unwrap();
    parent.wait().unwrap();
    eventually("the server is gone", || !is_running(pid));
}
