//! A process that is frozen for longer than its leases last, as a machine that is paused: another process goes on with its
//! messages, and it must not write them any more when it wakes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::sqlx;

use crate::event::Event;
use crate::replica::Replica;
use crate::stage::{Stage, dlq};

const QUEUE: &str = "states.fifo";
/// The visibility timeout here.
const VISIBILITY: Duration = Duration::from_secs(2);

/// The message waits for a row that somebody holds when the process is frozen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_does_not_write_what_it_held() {
    let (stage, mut first, mut second) = ready().await;
    stage.execute("INSERT INTO states VALUES (1, 0, 1)").await;
    let mut holder = stage.pool.begin().await.expect("a transaction");
    sqlx::query("UPDATE states SET value = 2 WHERE id = 1").execute(&mut *holder).await.expect("the row is held");
    send(&stage, 1).await;
    until("it waits", async || first.has_logged("not stored yet")).await;
    first.freeze().await;
    holder.rollback().await.expect("the row is free");
    others_go_on(&stage, &mut second).await;
    first.thaw().await;
    does_not_write(&stage, &mut first).await;
}

/// The message is in an answer that the process has not read when it is frozen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_does_not_write_what_it_had_not_read() {
    let (stage, mut first, mut second) = ready().await;
    until("it receives", async || first.has_logged("receiving from states.fifo")).await;
    // Its long poll is on its way by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    first.freeze().await;
    send(&stage, 1).await;
    until("it is delivered", async || stage.counts(QUEUE).await[1] == 1).await;
    others_go_on(&stage, &mut second).await;
    first.thaw().await;
    does_not_write(&stage, &mut first).await;
}

/// The message is part of a write that is tried again, since the process can't reach the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_does_not_repeat_its_write() {
    let (stage, mut first, mut second) = ready().await;
    until("it receives", async || first.has_logged("receiving from states.fifo")).await;
    stage.proxies[0].refuse_connections();
    stage.proxies[0].cut_connections();
    send(&stage, 1).await;
    until("it tries to write", async || first.has_logged("outage of the database")).await;
    first.freeze().await;
    stage.proxies[0].forward();
    others_go_on(&stage, &mut second).await;
    first.thaw().await;
    does_not_write(&stage, &mut first).await;
}

/// On a queue without order it may write late. What it then meets is the row of its own message, stored by the other: no error,
/// although a key that is there is one in this table.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_does_not_accuse_what_another_stored() {
    let (stage, mut first, mut second) = ready().await;
    until("it receives", async || first.has_logged("receiving from claims")).await;
    // Its long poll is on its way by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    first.freeze().await;
    let request = stage.client.send_message().queue_url(stage.url("claims")).message_body(Event::Claim.body(1));
    request.send().await.expect("the message is sent");
    until("it is delivered", async || stage.counts("claims").await[1] == 1).await;
    second.start().await;
    let claims = async || stage.scalar("SELECT count(*) FROM claims").await;
    until("the other process stores the claim", async || claims().await == 1).await;
    until("the queue is empty", async || stage.counts("claims").await == [0, 0]).await;
    first.thaw().await;
    tokio::time::sleep(VISIBILITY).await;
    first.terminate().await;
    assert_eq!((claims().await, stage.counts(&dlq("claims")).await), (1, [0, 0]), "claims, and dead letters");
}

async fn ready() -> (Arc<Stage>, Replica, Replica) {
    let stage = Arc::new(Stage::build().await);
    for pipeline in ["states", "claims"] {
        let file = stage.home.path().join(format!("pipelines/{pipeline}.yaml"));
        let text = std::fs::read_to_string(&file).expect("the pipeline file");
        let shorter = text.replace("visibility: 20s", &format!("visibility: {}s", VISIBILITY.as_secs()));
        std::fs::write(file, shorter).expect("the pipeline file");
    }
    let mut first = Replica::new(&stage, 0);
    first.start().await;
    let second = Replica::new(&stage, 1);
    (stage, first, second)
}

/// Another process stores the message, and the next one of its group.
async fn others_go_on(stage: &Arc<Stage>, second: &mut Replica) {
    second.start().await;
    until("the other process stores the step", async || step(stage).await == 1).await;
    send(stage, 2).await;
    until("the other process stores the next step", async || step(stage).await == 2).await;
    until("the queue is empty", async || stage.counts(QUEUE).await == [0, 0]).await;
}

/// After it woke, a process tries at once what is overdue; two further steps pass through it or through the other.
async fn does_not_write(stage: &Stage, first: &mut Replica) {
    tokio::time::sleep(VISIBILITY).await;
    first.terminate().await;
    let back = "SELECT count(*) FROM (SELECT step, lag(step) OVER (ORDER BY position) AS before FROM history) AS steps \
                WHERE step < before";
    assert_eq!((step(stage).await, stage.scalar(back).await), (2, 0), "the last step, and how often it went back");
}

async fn step(stage: &Stage) -> i64 {
    stage.scalar("SELECT coalesce(max(step), 0)::bigint FROM states").await
}

async fn send(stage: &Stage, step: u32) {
    let body = Event::State { group: 1, step }.body(step);
    let request = stage.client.send_message().queue_url(stage.url(QUEUE)).message_body(body);
    let request = request.message_group_id("1").message_deduplication_id(step.to_string());
    request.send().await.expect("the message is sent");
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !condition().await {
        assert!(began.elapsed() < Duration::from_mins(1), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
