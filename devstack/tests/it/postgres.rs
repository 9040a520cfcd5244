//! The private PostgreSQL.

use std::process::Command;

use devstack::postgres::{Postgres, PostgresOptions};

/// The value of one query, through `psql`.
fn query(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-X", "-A", "-t", "-c", sql, url]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn it_starts_answers_over_tcp_and_socket_and_stops() {
    let server = Postgres::start(&PostgresOptions::default()).unwrap();
    let base = server.socket_dir().to_owned();
    assert_eq!(query(&server.url(), "select 1 + 1"), "2");
    let url = server.create_database("orders").unwrap();
    assert_eq!(query(&url, "select current_database()"), "orders");
    assert_eq!(query(&server.socket_url("orders"), "select current_database()"), "orders");
    drop(server);
    assert!(!base.exists());
}
