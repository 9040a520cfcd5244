//! Data that stay.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use devstack::postgres::Postgres;

use super::{kept, open_folder, query};

#[test]
fn kept_data_are_there_at_the_next_start() {
    let folder = open_folder();
    let options = kept(&folder.path().join("state"));
    let first = Postgres::start(&options).unwrap();
    let url = first.create_database("orders").unwrap();
    query(&url, "create table t as select 42 as answer");
    let password = first.password().to_owned();
    drop(first);
    let second = Postgres::start(&options).unwrap();
    assert_eq!(second.password(), password);
    assert_eq!(query(&second.database_url("orders"), "select answer from t"), "42");
}

#[test]
fn a_folder_that_keeps_data_keeps_its_owner() {
    let folder = open_folder();
    let before = fs::metadata(folder.path()).unwrap();
    let server = Postgres::start(&kept(folder.path())).unwrap();
    let after = fs::metadata(folder.path()).unwrap();
    assert_eq!(after.uid(), before.uid());
    assert_eq!(after.mode(), before.mode());
    let password = fs::metadata(folder.path().join("password")).unwrap();
    assert_eq!(password.mode() & 0o777, 0o600);
    drop(server);
}

/// PostgreSQL refuses data of another owner, so started by root it runs as theirs.
#[test]
fn kept_data_are_served_by_their_owner() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let data = first.data_dir().to_owned();
    drop(first);
    let ours = fs::metadata("/proc/self").unwrap().uid();
    let owner = if ours == 0 { 65_533 } else { ours };
    let above = data.parent().unwrap();
    let chown = Command::new("chown").args(["-R", &owner.to_string()]).arg(above).status();
    assert!(chown.unwrap().success());
    let second = Postgres::start(&options).unwrap();
    assert_eq!(query(&second.url(), "select 1"), "1");
    assert_eq!(fs::metadata(data.join("postmaster.pid")).unwrap().uid(), owner);
}

#[test]
fn kept_data_serve_one_server_at_a_time() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let error = Postgres::start(&options).unwrap_err();
    assert!(error.to_string().contains("postmaster.pid"), "{error}");
    assert_eq!(query(&first.url(), "select 1"), "1");
}

#[test]
fn a_stale_lock_file_does_not_prevent_a_start() {
    let folder = open_folder();
    let options = kept(folder.path());
    let first = Postgres::start(&options).unwrap();
    let lock = first.data_dir().join("postmaster.pid");
    let text = fs::read_to_string(&lock).unwrap();
    let owner = fs::metadata(&lock).unwrap().uid();
    drop(first);
    // A server was killed, and another process of the same user has its number now.
    let mut stranger = sleeper(owner);
    let rest = text.split_once('\n').unwrap().1;
    fs::write(&lock, format!("{}\n{rest}", stranger.id())).unwrap();
    std::os::unix::fs::chown(&lock, Some(owner), None).unwrap();
    let second = Postgres::start(&options);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(query(&second.unwrap().url(), "select 1"), "1");
}

fn sleeper(uid: u32) -> Child {
    Command::new("sleep").arg("600").uid(uid).spawn().unwrap()
}

/// Not even a file named as ours makes it ours.
#[test]
fn a_folder_of_other_files_is_left_as_it_is() {
    for other in ["notes.txt", "password", "postgres/postgres.conf"] {
        let folder = open_folder();
        let file = folder.path().join(other);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "theirs").unwrap();
        let error = Postgres::start(&kept(folder.path())).unwrap_err();
        assert!(error.to_string().contains("name a new or an empty folder"), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{other}");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "{other}");
    }
}

/// A start that was interrupted before it wrote the password.
#[test]
fn an_interrupted_start_is_completed() {
    let folder = open_folder();
    fs::create_dir(folder.path().join("postgres")).unwrap();
    let server = Postgres::start(&kept(folder.path())).unwrap();
    assert_eq!(query(&server.url(), "select 1"), "1");
}

#[test]
fn a_closed_folder_to_keep_data_in_is_named() {
    let folder = open_folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let result = Postgres::start(&kept(&closed.join("state")));
    let ours = fs::metadata("/proc/self").unwrap().uid();
    if ours == 0 {
        let error = result.unwrap_err();
        let blocked = format!("because of {}", closed.display());
        assert!(error.to_string().contains(&blocked), "{error}");
    } else {
        assert_eq!(query(&result.unwrap().url(), "select 1"), "1");
    }
}
