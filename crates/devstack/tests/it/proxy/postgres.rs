//! Every fault of the proxy, as a client of PostgreSQL and the server meet it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use devstack::proxy::Proxy;

use super::session::Session;
use crate::postgres::{eventually, query, shared};

/// A proxy before the shared server, and a database of its own.
struct Path {
    proxy: Proxy,
    /// The database itself.
    direct: String,
    /// The database through the proxy.
    through: String,
}

impl Path {
    fn new() -> Self {
        let server = shared();
        let proxy = Proxy::start(([127, 0, 0, 1], server.port()).into()).unwrap();
        let direct = server.new_database().unwrap();
        let through = proxy.url_through(&direct);
        assert_ne!(through, direct);
        Self { proxy, direct, through }
    }

    /// The state of a backend; empty once it has ended.
    fn state_of(&self, backend: &str) -> String {
        query(&self.direct, &format!("select state from pg_stat_activity where pid = {backend}"))
    }

    fn error_of_new_connection(&self) -> String {
        let output = Command::new("psql").args(["-X", "-c", "select 1", &self.through]).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

#[test]
fn it_forwards_and_counts_connections() {
    let path = Path::new();
    let mut sessions = [Session::open(&path.through), Session::open(&path.through)];
    assert_eq!(path.proxy.open_connections(), 2);
    for session in &mut sessions {
        assert_eq!(
            session.ask("select repeat('a', 1000000) = string_agg('a', '') from generate_series(1, 1000000)"),
            "t"
        );
    }
    assert_eq!(query(&path.through, "select length(repeat('a', 1000000))"), "1000000");
    drop(sessions);
    eventually("the connections are closed", || path.proxy.open_connections() == 0);
    assert_eq!(path.proxy.accepted_connections(), 3);
}

#[test]
fn a_cut_breaks_open_sessions_and_lets_new_ones_in() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    session.send("create table half_written ()");
    assert_eq!(session.ask("begin; create table never_written (); select 'written'"), "written");
    path.proxy.cut_connections();
    assert_eq!(path.proxy.open_connections(), 0);
    session.send("commit");
    let (output, status) = session.rest();
    assert!(output.contains("connection"), "{output}");
    assert!(!status.success());
    let tables = "select to_regclass('half_written') is null, to_regclass('never_written') is null";
    assert_eq!(query(&path.through, tables), "f|t");
}

#[test]
fn new_connections_are_refused_while_open_ones_go_on() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    path.proxy.refuse_connections();
    let error = path.error_of_new_connection();
    assert!(error.contains("Connection refused"), "{error}");
    assert_eq!(session.ask("select 1"), "1");
    path.proxy.forward();
    assert_eq!(query(&path.through, "select 2"), "2");
    assert_eq!(session.ask("select 3"), "3");
}

#[test]
fn a_stall_holds_everything_up_and_loses_nothing() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    session.send("create table stored (a int)");
    let backend = session.backend();
    path.proxy.stall();
    session.send("insert into stored values (1)");
    session.send("select 'stored'");
    let mut newcomer = Command::new("psql")
        .args(["-X", "-c", "insert into stored values (2)", &path.through])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(session.is_silent());
    assert_eq!(newcomer.try_wait().unwrap(), None);
    assert_eq!((path.proxy.accepted_connections(), path.state_of(&backend).as_str()), (1, "idle"));
    assert_eq!(query(&path.direct, "select count(*) from stored"), "0");
    path.proxy.forward();
    assert_eq!(session.next_line(), "stored");
    assert!(newcomer.wait().unwrap().success());
    assert_eq!(query(&path.direct, "select count(*) from stored"), "2");
}

#[test]
fn answers_of_the_server_are_stalled_too() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let backend = session.backend();
    session.send("select pg_advisory_lock(1) is not null from pg_sleep(1)");
    eventually("the statement runs", || path.state_of(&backend) == "active");
    path.proxy.stall();
    eventually("the statement has ended", || path.state_of(&backend) == "idle");
    assert!(session.is_silent());
    path.proxy.forward();
    assert_eq!(session.next_line(), "t");
}

#[test]
fn half_open_connections_get_no_answer_and_are_reset_in_the_end() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let backend = session.backend();
    session.send("create table stored (a int)");
    assert_eq!(session.ask("select 'created'"), "created");
    path.proxy.half_open();
    session.send("insert into stored values (1)");
    assert!(session.is_silent());
    assert_eq!(path.state_of(&backend), "idle");
    path.proxy.forward();
    let (output, status) = session.rest();
    assert!(output.contains("connection"), "{output}");
    assert!(!status.success());
    eventually("the backend ends", || path.state_of(&backend).is_empty());
    assert_eq!(query(&path.through, "select count(*) from stored"), "0");
}

#[test]
fn the_server_does_not_learn_that_a_half_open_client_has_gone() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let backend = session.backend();
    assert_eq!(session.ask("begin; select pg_advisory_xact_lock(7); select 'locked'"), "");
    assert_eq!(session.next_line(), "locked");
    path.proxy.half_open();
    session.kill();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(path.state_of(&backend), "idle in transaction");
    assert_eq!(query(&path.direct, "select pg_try_advisory_xact_lock(7)"), "f");
    path.proxy.forward();
    eventually("the lock is free", || query(&path.direct, "select pg_try_advisory_xact_lock(7)") == "t");
}

#[test]
fn nobody_accepts_a_new_connection_while_half_open() {
    let path = Path::new();
    path.proxy.half_open();
    let error = Command::new("psql")
        .args(["-X", "-c", "select 1", &path.through])
        .env("PGCONNECT_TIMEOUT", "2")
        .output()
        .map(|output| String::from_utf8_lossy(&output.stderr).into_owned())
        .unwrap();
    assert!(error.contains("timeout expired"), "{error}");
    assert_eq!((path.proxy.accepted_connections(), path.proxy.open_connections()), (0, 0));
}

#[test]
fn a_delay_comes_on_every_chunk_in_both_directions() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let delay = Duration::from_millis(150);
    path.proxy.delay(delay);
    let start = Instant::now();
    assert_eq!(session.ask("select 1"), "1");
    assert!(start.elapsed() >= 2 * delay);
    path.proxy.forward();
    assert_eq!(session.ask("select 2"), "2");
}

#[test]
fn a_cancel_request_goes_through() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let backend = session.backend();
    session.send("select pg_sleep(600)");
    eventually("the statement runs", || path.state_of(&backend) == "active");
    session.interrupt();
    assert_eq!(session.next_error(), "ERROR:  canceling statement due to user request");
    // psql ends after it was interrupted.
    eventually("the connections are closed", || path.proxy.open_connections() == 0);
    assert_eq!(path.proxy.accepted_connections(), 2);
}

#[test]
fn a_cancel_request_does_not_get_through_a_stall() {
    let path = Path::new();
    let mut session = Session::open(&path.through);
    let backend = session.backend();
    session.send("select pg_sleep(600)");
    eventually("the statement runs", || path.state_of(&backend) == "active");
    path.proxy.stall();
    session.interrupt();
    assert!(session.is_silent());
    assert_eq!(path.state_of(&backend), "active");
    path.proxy.forward();
    assert_eq!(session.next_error(), "ERROR:  canceling statement due to user request");
}
