//! `runner permissions`: what it prints is enough, and nothing of it can be left out.

mod database;
mod queues;
mod sink;

use serde_json::Value;

use crate::refusals::PIPELINE;
use crate::stack::Stack;

/// What the command prints as JSON for a role of the test's own.
fn printed(stack: &Stack, command: &str, more: &[&str]) -> Value {
    let role = role(stack);
    let args = ["permissions", PIPELINE, "--command", command, "--role", &role, "--format", "json"];
    stack.json(&[&args, more].concat())
}

/// The statements among it.
fn statements(printed: &Value) -> Vec<String> {
    let all = printed["sql"].as_array().expect("statements");
    all.iter().map(|one| one.as_str().expect("a text").to_owned()).collect()
}

/// Roles belong to the whole server.
fn role(stack: &Stack) -> String {
    format!("role of {}", stack.queue)
}

/// Creates the role, without any privilege.
async fn create_role(stack: &Stack) {
    stack.execute(&format!(r#"CREATE ROLE "{}" LOGIN PASSWORD 'p'"#, role(stack))).await;
    stack.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC").await;
}

/// The statement that takes a privilege away.
fn revoked(statement: &str) -> String {
    statement.replacen("GRANT ", "REVOKE ", 1).replacen(" TO \"role", " FROM \"role", 1)
}

/// Runs a command as the role.
fn as_role(stack: &Stack, args: &[&str]) -> std::process::Output {
    let mut command = stack.runner(args);
    command.env("DB_USER", role(stack)).env("DB_PASSWORD", "p").output().expect("the binary starts")
}
