//! Passwords that change while a pipeline runs.

use std::time::Duration;

use serde_json::{Value, json};

use crate::refusals::{ONE_TABLE, PIPELINE, ready, start_with, stop, until_stored};
use crate::setups::send;
use crate::stack::Stack;

/// How many messages there are: `MESSAGES`, or as many as suit every run of the tests.
fn messages() -> u32 {
    let Ok(text) = std::env::var("MESSAGES") else { return 2000 };
    text.parse().unwrap_or_else(|_| panic!("MESSAGES is `{text}`, not a number"))
}

/// A role that may write, and the file with its password.
struct Role {
    name: String,
    file: std::path::PathBuf,
}

impl Role {
    async fn new(stack: &Stack) -> Self {
        let name = format!("changing_{}", stack.queue.replace('-', "_"));
        stack.execute(&format!("CREATE ROLE {name} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}")).await;
        let role = Self { name, file: stack.home.path().join("password") };
        role.change_password(stack, 0).await;
        role
    }

    /// First on the server, as it is done; until the file follows, no new connection can be opened. The old ones are ended.
    async fn change_password(&self, stack: &Stack, number: u32) {
        let name = &self.name;
        let sql = format!("SET password_encryption = 'scram-sha-256'; ALTER ROLE {name} PASSWORD 'secret {number}'");
        stack.execute(&sql).await;
        stack
            .execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"))
            .await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        std::fs::write(&self.file, format!("secret {number}\n")).expect("the file is written");
    }
}

/// With `MESSAGES=100000` as many messages; `cargo test` sends fewer.
#[tokio::test(flavor = "multi_thread")]
async fn no_message_is_lost_while_the_password_changes() {
    let stack = ready(ONE_TABLE).await;
    let role = Role::new(&stack).await;
    let runner = start_with(&stack, |command| {
        command.env("DB_USER", &role.name).env_remove("DB_PASSWORD").env("DB_PASSWORD_FILE", &role.file);
    });
    let total = messages();
    let changing = async {
        for number in 1.. {
            tokio::time::sleep(Duration::from_secs(2)).await;
            role.change_password(&stack, number).await;
        }
    };
    let sending = async {
        for part in 0..10 {
            send(&stack, total / 10 * part..total / 10 * (part + 1)).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        until_stored(&stack, i64::from(total / 10 * 10)).await;
    };
    tokio::select! {
        () = changing => unreachable!("it changes without end"),
        () = sending => {}
    }
    let (summary, log) = stop(runner).await;
    assert_eq!(summary["dead_lettered"], json!(0), "{summary}\n{log}");
    assert_eq!(stack.count("e").await, i64::from(total / 10 * 10));
    assert!(!log.contains("secret"), "{log}");
}

/// Nobody can log in at the start: that is an outage which ends as soon as the file has the right password.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_at_the_start_is_tried_again() {
    let stack = ready(ONE_TABLE).await;
    let role = Role::new(&stack).await;
    std::fs::write(&role.file, "wrong").expect("the file is written");
    send(&stack, 0..10).await;
    let runner = start_with(&stack, |command| {
        command.env("DB_USER", &role.name).env_remove("DB_PASSWORD").env("DB_PASSWORD_FILE", &role.file);
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    role.change_password(&stack, 1).await;
    until_stored(&stack, 10).await;
    let (summary, log) = stop(runner).await;
    assert_eq!(summary["stored"], json!(10), "{summary}\n{log}");
}

#[tokio::test]
async fn a_password_that_is_given_once_is_wrong_at_once() {
    let stack = ready(ONE_TABLE).await;
    let mut command = stack.runner(&["run", PIPELINE, "--format", "json"]);
    let output = command.env("DB_PASSWORD", "wrong").output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("password authentication failed") && !text.contains("trying again"), "{text}");
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).ok().map(|summary| summary["stored"].clone()), None);
}
