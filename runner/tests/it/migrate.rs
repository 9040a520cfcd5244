//! `runner migrate` as a user types it.

use serde_json::Value;

use crate::stack::{Stack, shown};

const PIPELINE: &str = "pipelines/transactions.yaml";

fn stdout(stack: &Stack, code: i32, args: &[&str]) -> String {
    String::from_utf8(stack.ends_with(code, args).stdout).expect("UTF-8")
}

#[tokio::test]
async fn plan_up_status_down() {
    let stack = Stack::without_queues().await;
    let plan = stdout(&stack, 0, &["migrate", "plan", PIPELINE]);
    assert!(
        plan.starts_with("-- create table events (pipelines/transactions.yaml)\nCREATE TABLE \"public\".\"events\"")
    );
    assert_eq!(stack.scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await, 0);

    let up = stdout(&stack, 0, &["migrate", PIPELINE]);
    assert!(up.ends_with("4 steps applied\n"), "{up}");
    assert_eq!(stdout(&stack, 0, &["migrate", "up", PIPELINE]), "nothing to do: 1 table up to date\n");
    assert_eq!(stdout(&stack, 0, &["migrate", "plan", PIPELINE]), "-- nothing to do\n");

    let status = stdout(&stack, 0, &["migrate", "status", PIPELINE]);
    assert!(status.starts_with("events: up to date (pipelines/transactions.yaml)\n4 steps applied\n  2"), "{status}");

    let down = stdout(&stack, 0, &["migrate", "down"]);
    assert!(down.contains("undone: create index events__timestamp__idx on events"), "{down}");
    let status = stdout(&stack, 0, &["migrate", "status", PIPELINE]);
    assert!(status.contains("  to apply: create index events__timestamp__idx on events\n3 steps applied"), "{status}");
}

/// The plan is a script that psql, or any client, can run.
#[tokio::test]
async fn the_plan_can_be_run_by_hand() {
    let stack = Stack::without_queues().await;
    let script = stdout(&stack, 0, &["migrate", "plan"]);
    stack.execute(&script).await;
    assert_eq!(stdout(&stack, 0, &["migrate", "plan"]), "-- nothing to do\n");
}

#[tokio::test]
async fn json_is_one_object() {
    let stack = Stack::without_queues().await;
    let plan = stack.json(&["migrate", "plan", PIPELINE, "--format", "json"]);
    assert_eq!(plan["steps"][0]["action"], "create_table");
    assert_eq!(plan["refusals"], Value::Array(Vec::new()));
    let up = stack.json(&["migrate", PIPELINE, "--format", "json"]);
    assert_eq!(up["applied"], plan["steps"]);
    let status = stack.json(&["migrate", "status", PIPELINE, "--format", "json"]);
    assert_eq!(status["tables"][0]["state"], "up_to_date");
    assert_eq!(status["applied"][3]["summary"], "create index events__timestamp__idx on events");
    let down = stack.json(&["migrate", "down", "--format", "json"]);
    assert_eq!(down["undone"]["object"], "events__timestamp__idx");
}

#[tokio::test]
async fn a_refusal_says_what_to_run_by_hand() {
    let stack = Stack::without_queues().await;
    stack.execute("CREATE TABLE events (event_id date PRIMARY KEY)").await;
    let endings = [
        ("up", "nothing was applied: 1 change refused"),
        ("plan", "1 change refused: `up` would apply nothing while a change is refused"),
    ];
    for (command, ending) in endings {
        let output = stack.ends_with(1, &["migrate", command, PIPELINE]);
        let report = String::from_utf8_lossy(&output.stderr);
        for expected in [
            "error: table events: column event_id is date, declared uuid",
            "  --> pipelines/transactions.yaml",
            "= help: run by hand: ALTER TABLE \"public\".\"events\" ALTER COLUMN \"event_id\" TYPE uuid",
            ending,
        ] {
            assert!(report.contains(expected), "no `{expected}` in\n{}", shown(&output));
        }
    }
    assert_eq!(stack.scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await, 1);
}

/// `migrate plan | psql` applies no more than `migrate up`.
#[tokio::test]
async fn a_plan_with_a_refusal_is_all_comments() {
    let stack = Stack::without_queues().await;
    stack.execute("CREATE TABLE events (event_id date PRIMARY KEY)").await;
    let script = stdout(&stack, 1, &["migrate", "plan", PIPELINE]);
    assert!(script.starts_with("-- `up` would apply nothing while a change is refused\n"), "{script}");
    assert!(script.contains("\n-- ALTER TABLE \"public\".\"events\" ADD COLUMN"), "{script}");
    assert!(script.lines().all(|line| line.starts_with("-- ")), "{script}");
}

#[tokio::test]
async fn down_keeps_rows_and_looks_at_the_named_pipelines_alone() {
    let stack = Stack::without_queues().await;
    stack.ends_with(0, &["migrate", PIPELINE]);
    let others = stdout(&stack, 0, &["migrate"]);
    let others = others.lines().count() - 1;
    assert!(others > 0);
    stack.execute("INSERT INTO events VALUES (gen_random_uuid(), 'c', 'e', now(), '{}')").await;
    for _ in 0..3 {
        let down = stdout(&stack, 0, &["migrate", "down", PIPELINE]);
        assert!(down.contains("undone: create index events__"), "{down}");
    }
    let output = stack.ends_with(1, &["migrate", "down", PIPELINE]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("would lose the rows of table public.events"));
    assert_eq!(stack.count("events").await, 1);
    stack.ends_with(0, &["migrate", "down", PIPELINE, "--allow-data-loss"]);
    assert_eq!(stdout(&stack, 0, &["migrate", "down", PIPELINE]), "nothing to undo\n");
    for _ in 0..others {
        stack.ends_with(0, &["migrate", "down"]);
    }
    assert_eq!(stdout(&stack, 0, &["migrate", "down"]), "nothing to undo\n");
}

#[tokio::test]
async fn unknown_words_and_flags() {
    let stack = Stack::without_queues().await;
    stack.ends_with(2, &["migrate", "plan", "--allow-data-loss"]);
    stack.ends_with(2, &["migrate", "--format", "xml"]);
    stack.ends_with(78, &["migrate", "pipelines/missing.yaml"]);
    // Nobody typed the default folder's name.
    let elsewhere = stack.runner(&["migrate"]).current_dir(std::env::temp_dir()).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(78), "{}", shown(&elsewhere));
    let output = stack.ends_with(2, &["migrate", "frobnicate"]);
    let report = String::from_utf8_lossy(&output.stderr);
    assert!(report.contains("error: frobnicate is not a subcommand, a pipeline file or a folder"), "{report}");
    assert!(report.contains("help: the subcommands are up, plan, status, down"), "{report}");
}
