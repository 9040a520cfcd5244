//! Starting, connecting, stopping.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};

use devstack::postgres::{Postgres, PostgresError, PostgresOptions};

use super::{eventually, is_running, postmaster, query, shared, start};

#[test]
fn it_answers_over_tcp_and_over_its_socket() {
    let server = shared();
    assert_eq!(query(&server.url(), "select 1 + 1"), "2");
    let url = server.create_database("orders").unwrap();
    assert_eq!(query(&url, "select current_database()"), "orders");
    let socket = server.socket_url("orders");
    assert_eq!(query(&socket, "select inet_server_addr() is null"), "t");
}

#[test]
fn it_uses_utf_8_and_sorts_by_bytes() {
    let server = shared();
    assert_eq!(query(&server.url(), "show server_encoding"), "UTF8");
    assert_eq!(query(&server.url(), "select 'a' < 'B'"), "f");
}

#[test]
fn nothing_is_left_after_a_drop() {
    let server = start();
    let base = server.socket_dir().to_owned();
    let pid = postmaster(server.data_dir());
    assert!(is_running(pid));
    drop(server);
    assert!(!is_running(pid));
    assert!(!base.exists());
}

#[test]
fn it_stops_although_clients_are_connected() {
    let server = start();
    let pid = postmaster(server.data_dir());
    let mut client = Command::new("psql")
        .args(["-X", "-c", "select pg_sleep(600)", &server.url()])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let busy = "select count(*) from pg_stat_activity where query ~ '^select pg_sleep'";
    eventually("the client is busy", || query(&server.url(), busy) == "1");
    drop(server);
    assert!(!is_running(pid));
    assert!(!client.wait().unwrap().success());
}

#[test]
fn a_password_is_needed_over_tcp() {
    let server = shared();
    let url = server.url().replace(server.password(), "wrong");
    let output = Command::new("psql").args(["-X", "-c", "select 1", &url]).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("password authentication failed"), "{error}");
}

#[test]
fn started_by_root_it_runs_as_somebody_else() {
    let server = shared();
    let pid = postmaster(server.data_dir());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let ours = fs::metadata("/proc/self").unwrap().uid();
    let theirs: Vec<u32> = field("Uid:").iter().map(|uid| uid.parse().unwrap()).collect();
    if ours == 0 {
        assert!(theirs.iter().all(|&uid| uid != 0), "{theirs:?}");
        assert!(!field("Groups:").contains(&"0".to_owned()));
        assert_eq!(fs::metadata(server.data_dir()).unwrap().uid(), theirs[0]);
    } else {
        assert!(theirs.iter().all(|&uid| uid == ours), "{theirs:?}");
    }
    let mode = fs::metadata(server.socket_dir()).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn two_servers_run_side_by_side() {
    let (first, second) = (start(), start());
    assert_ne!(first.port(), second.port());
    first.create_database("only_here").unwrap();
    let count = "select count(*) from pg_database where datname = 'only_here'";
    assert_eq!(query(&first.url(), count), "1");
    assert_eq!(query(&second.url(), count), "0");
}

#[test]
fn new_databases_have_names_of_their_own() {
    let server = shared();
    let (first, second) = (server.new_database().unwrap(), server.new_database().unwrap());
    query(&first, "create table only_here ()");
    assert_eq!(query(&second, "select to_regclass('only_here') is null"), "t");
}

#[test]
fn a_database_that_exists_is_not_created_again() {
    let server = shared();
    server.create_database("twice").unwrap();
    let error = server.create_database("twice").unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
}

#[test]
fn settings_are_passed_on() {
    let settings = vec![("max_connections".to_owned(), "7".to_owned())];
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let server = Postgres::start(&options).unwrap();
    assert_eq!(query(&server.url(), "show max_connections"), "7");
}

#[test]
fn a_wrong_setting_is_reported_with_the_error_of_the_server() {
    let settings = vec![("no_such_setting".to_owned(), "7".to_owned())];
    let options = PostgresOptions { settings, ..PostgresOptions::default() };
    let error = Postgres::start(&options).unwrap_err();
    assert!(matches!(&error, PostgresError::Startup { .. }), "{error:?}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}
