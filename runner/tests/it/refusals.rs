//! Rows that PostgreSQL refuses: dead-lettered only where the evidence says that the message is at fault.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_sqs::types::{Message, QueueAttributeName as Name, SendMessageBatchRequestEntry};
use serde_json::{Value, json};

use devstack::sqs::{Sqs, SqsOptions};

use crate::crash::terminate;
use crate::stack::{Stack, attribute, shown};

pub(crate) const PIPELINE: &str = "pipelines/e.yaml";

pub(crate) async fn ready(tables: &str) -> Stack {
    with_tables(Stack::without_queues().await, tables, &[]).await
}

pub(crate) async fn with_tables(stack: Stack, tables: &str, attributes: &[(Name, &str)]) -> Stack {
    stack.create_queues(attributes).await;
    stack.write("schemas/e.schema.json", "{}");
    let source = format!("source:\n  queue: {}\n  dlq: {}\n", stack.queue, stack.dlq);
    stack.write(PIPELINE, &format!("{source}schema: ../schemas/e.schema.json\ntables:\n{tables}"));
    stack.ends_with(0, &["migrate", "up", PIPELINE]);
    stack
}

pub(crate) const ONE_TABLE: &str = "  e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n";

pub(crate) fn event(id: u32, k: u32) -> String {
    json!({"id": id, "k": k}).to_string()
}

/// `count` good events; the one in the middle has the wrong `k`.
pub(crate) fn one_bad_of(count: u32) -> Vec<String> {
    (0..count).map(|id| event(id, if id == count / 2 { 2 } else { 1 })).collect()
}

pub(crate) fn trigger(body: &str) -> String {
    format!(
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN new; END $$; \
         CREATE TRIGGER t BEFORE INSERT ON e FOR EACH ROW EXECUTE FUNCTION f()"
    )
}

/// Runs until the queue is empty, which must not take long.
pub(crate) async fn run(stack: &Stack) -> Value {
    ends_with(stack, 0).await
}

/// As [`run`], when messages are left that can't be stored yet.
pub(crate) async fn run_with_some_left(stack: &Stack) -> Value {
    ends_with(stack, 1).await
}

async fn ends_with(stack: &Stack, code: i32) -> Value {
    let mut command =
        tokio::process::Command::from(stack.runner(&["run", PIPELINE, "--until-empty", "--format", "json"]));
    let ended = tokio::time::timeout(Duration::from_mins(2), command.kill_on_drop(true).output()).await;
    let output = ended.expect("one message does not stop the pipeline").expect("the binary starts");
    assert_eq!(output.status.code(), Some(code), "{}", shown(&output));
    serde_json::from_slice(&output.stdout).expect("a summary")
}

/// A runner in the background. It does not outlive its test, also when that fails.
pub(crate) struct Running(Option<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

pub(crate) fn start(stack: &Stack) -> Running {
    start_with(stack, |_| ())
}

/// The same with other settings.
pub(crate) fn start_with(stack: &Stack, change: impl FnOnce(&mut Command)) -> Running {
    let mut command = stack.runner(&["run", PIPELINE, "--format", "json"]);
    change(&mut command);
    Running(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")))
}

/// Ends the runner in the regular way; its summary and its log.
pub(crate) async fn stop(mut running: Running) -> (Value, String) {
    let runner = running.0.take().expect("it is stopped once");
    terminate(&runner);
    let output = tokio::task::spawn_blocking(|| runner.wait_with_output()).await.unwrap().expect("it ends");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output))), log)
}

pub(crate) async fn until_stored(stack: &Stack, count: i64) {
    let reached = async {
        while stack.count("e").await < count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(3), reached).await.expect("the events are stored");
}

pub(crate) async fn letters(stack: &Stack, count: usize) -> Vec<Message> {
    let mut letters = Vec::new();
    for _ in 0..300 {
        letters.extend(stack.drain(&stack.dlq).await);
        if letters.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    letters
}

/// One of many waits for something: it is given back to the queue, the others are stored.
async fn one_waits_and_the_others_are_stored(name: &str, sql: &str) {
    let stack = ready(ONE_TABLE).await;
    stack.execute(sql).await;
    stack.send(&stack.queue, &one_bad_of(60)).await;
    let summary = run_with_some_left(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(59), &json!(0)), "{name}: {summary}");
    assert_eq!(&summary["released"], &json!(1), "{name}: {summary}");
    assert_eq!(stack.count("e").await, 59, "{name}");
}

async fn one_is_dead_lettered_and_the_others_stored(name: &str, sql: &str) {
    let stack = ready(ONE_TABLE).await;
    stack.execute(sql).await;
    stack.send(&stack.queue, &one_bad_of(60)).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(59), &json!(1)), "{name}: {summary}");
    let letters = letters(&stack, 1).await;
    assert_eq!(letters[0].body(), Some(&*event(30, 2)), "{name}");
    assert_eq!(attribute(&letters[0], "runner.code"), "constraint", "{name}");
    assert_eq!(stack.count("e").await, 59, "{name}");
}

#[tokio::test]
async fn what_a_trigger_raises_is_about_its_row() {
    for raise in ["check_violation USING MESSAGE = 'bad k'", "USING ERRCODE = 'U0001'", "'bad k'"] {
        let sql = trigger(&format!("IF new.k <> 1 THEN RAISE {raise}; END IF;"));
        one_is_dead_lettered_and_the_others_stored(raise, &sql).await;
    }
    let no_else = trigger("CASE new.k WHEN 1 THEN new.k = 1; END CASE;");
    one_is_dead_lettered_and_the_others_stored("CASE without ELSE", &no_else).await;
}

#[tokio::test]
async fn what_only_one_of_many_meets_is_about_its_row() {
    let configuration =
        trigger("PERFORM to_tsvector((CASE new.k WHEN 1 THEN 'simple' ELSE 'none' END)::regconfig, 'x');");
    one_is_dead_lettered_and_the_others_stored("text search configuration", &configuration).await;
    let inner_table = trigger("IF new.k <> 1 THEN INSERT INTO no_such_table VALUES (1); END IF;");
    one_is_dead_lettered_and_the_others_stored("a table of the trigger's own", &inner_table).await;
    let slow = trigger("IF new.k <> 1 THEN PERFORM pg_sleep(60); END IF;")
        + "; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 500', current_database()); END $$";
    one_waits_and_the_others_are_stored("statement timeout", &slow).await;
}

#[tokio::test]
async fn a_row_without_a_partition_does_not_stop_the_others() {
    let sql = "DROP TABLE e; CREATE TABLE e (id bigint NOT NULL, k bigint NOT NULL, PRIMARY KEY (id)) \
               PARTITION BY RANGE (id); \
               CREATE TABLE e1 PARTITION OF e FOR VALUES FROM (0) TO (30); \
               CREATE TABLE e2 PARTITION OF e FOR VALUES FROM (31) TO (1000)";
    one_waits_and_the_others_are_stored("partition", sql).await;
}

#[tokio::test]
async fn a_row_of_another_tenant_does_not_stop_the_others() {
    let stack = ready(ONE_TABLE).await;
    let role = format!("tenant_{}", stack.queue.replace('-', "_"));
    let sql = format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'tenant'; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; \
         ALTER TABLE e ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON e USING (true) WITH CHECK (k = 1)"
    );
    stack.execute(&sql).await;
    stack.send(&stack.queue, &one_bad_of(60)).await;
    let mut command = stack.runner(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    command.envs([("DB_USER", &*role), ("DB_PASSWORD", "tenant")]);
    let run = tokio::process::Command::from(command).kill_on_drop(true).output();
    let output = tokio::time::timeout(Duration::from_secs(30), run).await.expect("it ends").unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(59), &json!(1)), "{summary}");
    assert_eq!(attribute(&letters(&stack, 1).await[0], "runner.code"), "constraint");
}

#[tokio::test]
async fn many_bad_rows_don_t_stop_the_others_either() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(&trigger("IF new.k <> 1 THEN INSERT INTO no_such_table VALUES (1); END IF;")).await;
    stack.send(&stack.queue, &(0..2000).map(|id| event(id, u32::from(id % 5 == 0) + 1)).collect::<Vec<_>>()).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(1600), &json!(400)), "{summary}");
}

/// What is missing is missing for every message, and comes back while some of them have been refused alone.
#[tokio::test]
async fn what_every_row_meets_dead_letters_nothing() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("CREATE TABLE audit (id bigint)").await;
    stack.execute(&trigger("INSERT INTO audit VALUES (new.id);")).await;
    let runner = start(&stack);
    stack.send(&stack.queue, &(0..50).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    until_stored(&stack, 50).await;
    for round in 1..=6 {
        stack.execute("ALTER TABLE audit RENAME TO away").await;
        let events = (round * 50..round * 50 + 50).map(|id| event(id, 1));
        stack.send(&stack.queue, &events.collect::<Vec<_>>()).await;
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 60)).await;
        stack.execute("ALTER TABLE away RENAME TO audit").await;
        until_stored(&stack, i64::from(round) * 50 + 50).await;
    }
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(350), &json!(0)), "{summary}\n{log}");
    assert_eq!(stack.count("audit").await, 350);
}

/// Alone it proves nothing: it waits, receiving goes on, and the next message tells.
#[tokio::test]
async fn a_suspect_waits_until_another_message_is_stored() {
    let stack = ready(ONE_TABLE).await;
    stack.execute(&trigger("IF new.k <> 1 THEN INSERT INTO no_such_table VALUES (1); END IF;")).await;
    let runner = start(&stack);
    stack.send(&stack.queue, &[event(1, 2), event(2, 2), event(3, 2)]).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(stack.drain(&stack.dlq).await.is_empty(), "nothing says that the messages are to blame");
    stack.send(&stack.queue, &[event(4, 1)]).await;
    until_stored(&stack, 1).await;
    assert_eq!(letters(&stack, 3).await.len(), 3);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(1), &json!(3)), "{summary}\n{log}");
    assert!(log.contains("message_id") && log.contains("no_such_table") && !log.contains("\"k\""), "{log}");
}

/// Rows of one table say nothing about another.
#[tokio::test]
async fn only_rows_of_the_same_table_speak_against_a_message() {
    let tables = "  e: {primary_key: [id], when: .k == 1, columns: {id: bigint, k: bigint}}\n  \
                  other: {primary_key: [id], when: .k == 2, columns: {id: bigint, k: bigint}}\n";
    let stack = ready(tables).await;
    stack.execute("CREATE TABLE audit (id bigint)").await;
    stack.execute(&trigger("INSERT INTO audit VALUES (new.id);").replace("ON e", "ON other")).await;
    stack.execute("ALTER TABLE audit RENAME TO away").await;
    let runner = start(&stack);
    for round in 0..5 {
        stack.send(&stack.queue, &[event(round * 2, 1), event(round * 2 + 1, 2)]).await;
        until_stored(&stack, i64::from(round) + 1).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(stack.drain(&stack.dlq).await.is_empty());
    stack.execute("ALTER TABLE away RENAME TO audit").await;
    while stack.count("other").await < 5 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(10), &json!(0)), "{summary}\n{log}");
}

#[tokio::test]
async fn a_used_up_sequence_is_an_outage() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("CREATE SEQUENCE sq MAXVALUE 2; ALTER TABLE e ADD n int DEFAULT nextval('sq')").await;
    let runner = start(&stack);
    stack.send(&stack.queue, &(0..12).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    stack.execute("ALTER SEQUENCE sq NO MAXVALUE").await;
    until_stored(&stack, 12).await;
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(12), &json!(0)), "{summary}\n{log}");
}

/// The splitting writes the child before its parent, which came after it.
#[tokio::test]
async fn a_child_is_not_paid_for_by_the_splitting() {
    // This queue keeps the order, and hands nothing to a long poll that was given up: what is sent between two runs is
    // there for the second one at once.
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let stack = with_tables(Stack::on(sqs.endpoint()).await, ONE_TABLE, &[]).await;
    stack.execute("ALTER TABLE e ADD FOREIGN KEY (k) REFERENCES e (id), ADD CHECK (id < 1000)").await;
    stack.send(&stack.queue, &[event(1, 2), event(2, 2), event(1000, 2)]).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(2), &json!(1)), "{summary}");
    stack.send(&stack.queue, &[event(3, 77)]).await;
    let summary = run_with_some_left(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(0), &json!(0)), "{summary}");
    assert_eq!(stack.count("e").await, 2);
}

/// On a FIFO queue a doubtful message stops its own group, and no other.
#[tokio::test]
async fn a_suspect_is_not_overtaken_by_its_own_group() {
    let stack = Stack::without_queues().await;
    let stack = Stack { queue: format!("{}.fifo", stack.queue), dlq: format!("{}.fifo", stack.dlq), ..stack };
    let stack = with_tables(stack, ONE_TABLE, &[(Name::FifoQueue, "true")]).await;
    stack.execute("ALTER TABLE e ADD position bigserial").await;
    stack.execute("CREATE TABLE audit (id bigint)").await;
    stack.execute(&trigger("IF new.k = 2 THEN INSERT INTO audit VALUES (new.id); END IF;")).await;
    stack.execute("ALTER TABLE audit RENAME TO away").await;
    let runner = start(&stack);
    send_fifo(&stack, &[("a", event(1, 2)), ("a", event(2, 3))]).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(stack.count("e").await, 0, "the second does not overtake the first");
    stack.execute("ALTER TABLE away RENAME TO audit").await;
    until_stored(&stack, 2).await;
    let order = stack.rows("SELECT id FROM e ORDER BY position").await;
    assert_eq!(order, [json!({"id": 1}), json!({"id": 2})]);
    let (summary, log) = stop(runner).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(2), &json!(0)), "{summary}\n{log}");
}

pub(crate) async fn send_fifo(stack: &Stack, messages: &[(&str, String)]) {
    let url = stack.url(&stack.queue).await;
    let entries = messages.iter().enumerate().map(|(index, (group, body))| {
        let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body);
        entry.message_group_id(*group).message_deduplication_id(body).build().expect("complete")
    });
    let request = stack.client.send_message_batch().queue_url(url).set_entries(Some(entries.collect()));
    assert!(request.send().await.expect("the batch is sent").failed.is_empty());
}
