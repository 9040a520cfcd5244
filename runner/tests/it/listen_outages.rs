//! Outages as `/ready` shows them: soon, with the service and the cause, and no longer than they last.

use std::time::Instant;

use devstack::proxy::Proxy;
use devstack::sqs::{ErrorCode, Fault, Operation};
use serde_json::json;

use crate::listen::listening;
use crate::listen_client::Listening;
use crate::refusals::{ONE_TABLE, PIPELINE, ready};
use crate::setups::{send, until_at_least, with_own_queues};
use crate::stack::Stack;

/// A proxy before the database of a test, and a runner that goes through it.
fn behind_a_proxy(stack: &Stack) -> (Proxy, Listening) {
    let address = stack.database.split('@').nth(1).and_then(|rest| rest.split('/').next()).expect("host and port");
    let proxy = Proxy::start(address.parse().expect("an address")).expect("the proxy starts");
    let url = proxy.url_through(&stack.database);
    let runner = listening(stack, &["--database-url", &url]);
    (proxy, runner)
}

/// Waits for the outage of a service; says on stderr how long it took, which is not asserted on a busy machine.
async fn until_away(runner: &Listening, seam: &str, began: Instant) {
    let outage = runner.until(503, "outage").await;
    eprintln!("{seam} noticed after {:?}: {outage}", began.elapsed());
    assert_eq!(outage["seam"], json!(seam), "{outage}");
    assert!(outage["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{outage}");
    assert!(outage["since"].as_str().is_some_and(|since| since.ends_with('Z')), "{outage}");
    assert_eq!(runner.get("/live").await.status, 200, "a restart would not help");
    let series = format!(r#"runner_outage{{pipeline="e",seam="{seam}"}}"#);
    assert!((runner.metric(&series).await - 1.0).abs() < 0.1, "{series}");
}

async fn until_back(runner: &Listening, seam: &str) {
    let began = Instant::now();
    runner.until(200, "running").await;
    eprintln!("{seam} back after {:?}", began.elapsed());
    let series = format!(r#"runner_outage_seconds_total{{pipeline="e",seam="{seam}"}}"#);
    assert!(runner.metric(&series).await > 0.0, "{series}");
    let series = format!(r#"runner_outage{{pipeline="e",seam="{seam}"}}"#);
    assert!(runner.metric(&series).await < 0.1, "{series}");
}

fn stop_database(proxy: &Proxy) {
    proxy.refuse_connections();
    proxy.cut_connections();
}

#[tokio::test]
async fn a_database_that_stops_under_load_is_an_outage_and_comes_back() {
    let stack = ready(ONE_TABLE).await;
    let (proxy, runner) = behind_a_proxy(&stack);
    send(&stack, 0..300).await;
    until_at_least(1, "rows", async || stack.count("e").await).await;
    stop_database(&proxy);
    let began = Instant::now();
    send(&stack, 300..600).await;
    until_away(&runner, "database", began).await;
    proxy.forward();
    until_back(&runner, "database").await;
    until_at_least(600, "rows", async || stack.count("e").await).await;
    let summary = runner.stop();
    assert_eq!(summary["dead_lettered"], json!(0), "{summary}");
}

#[tokio::test]
async fn an_idle_pipeline_notices_that_the_database_is_gone() {
    let stack = ready(ONE_TABLE).await;
    let (proxy, runner) = behind_a_proxy(&stack);
    send(&stack, 0..1).await;
    until_at_least(1, "rows", async || stack.count("e").await).await;
    runner.until(200, "running").await;
    stop_database(&proxy);
    until_away(&runner, "database", Instant::now()).await;
    proxy.forward();
    until_back(&runner, "database").await;
    send(&stack, 1..5).await;
    until_at_least(5, "rows", async || stack.count("e").await).await;
    runner.stop();
}

/// A write waits for its answer as long as `write_timeout`, a minute; the outage shows before.
#[tokio::test]
async fn a_database_that_falls_silent_under_load_is_an_outage_and_comes_back() {
    let stack = ready(ONE_TABLE).await;
    let (proxy, runner) = behind_a_proxy(&stack);
    send(&stack, 0..100).await;
    until_at_least(100, "rows", async || stack.count("e").await).await;
    proxy.stall();
    let began = Instant::now();
    send(&stack, 100..200).await;
    until_away(&runner, "database", began).await;
    proxy.forward();
    until_back(&runner, "database").await;
    until_at_least(200, "rows", async || stack.count("e").await).await;
    let summary = runner.stop();
    assert_eq!(summary["dead_lettered"], json!(0), "{summary}");
}

/// Nothing was written yet, so no connection is open that could break.
#[tokio::test]
async fn a_pipeline_without_a_message_notices_a_database_that_does_not_answer() {
    let stack = ready(ONE_TABLE).await;
    let (proxy, runner) = behind_a_proxy(&stack);
    runner.until(200, "running").await;
    proxy.half_open();
    until_away(&runner, "database", Instant::now()).await;
    proxy.forward();
    until_back(&runner, "database").await;
    runner.stop();
}

#[tokio::test]
async fn a_queue_that_fails_is_an_outage_and_comes_back() {
    let (sqs, stack) = with_own_queues(ONE_TABLE, &[]).await;
    let runner = listening(&stack, &[]);
    send(&stack, 0..50).await;
    until_at_least(50, "rows", async || stack.count("e").await).await;
    runner.until(200, "running").await;
    // A long poll that is under way ends with its message.
    sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable).on(Operation::ReceiveMessage));
    send(&stack, 50..51).await;
    until_away(&runner, "queue", Instant::now()).await;
    sqs.faults().clear();
    until_back(&runner, "queue").await;
    until_at_least(51, "rows", async || stack.count("e").await).await;
    runner.stop();
}

#[tokio::test]
async fn what_keeps_a_pipeline_from_starting_is_shown_while_it_waits() {
    let stack = ready(ONE_TABLE).await;
    stack.execute("DROP TABLE e").await;
    let runner = listening(&stack, &["--wait"]);
    runner.until(503, "starting").await;
    until_at_least(1, "a cause", async || {
        let starting = runner.until(503, "starting").await;
        i64::from(starting["cause"].as_str().is_some_and(|cause| cause.contains('e')) && starting["seam"] == "database")
    })
    .await;
    stack.execute("CREATE TABLE e (id bigint PRIMARY KEY, k bigint NOT NULL)").await;
    runner.until(200, "running").await;
    runner.stop();
}

#[tokio::test]
async fn a_pipeline_that_failed_makes_the_process_unready_and_leaves_it_alive() {
    let stack = ready(ONE_TABLE).await;
    let file = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write("pipelines/lost.yaml", &file.replace(&format!("queue: {}\n", stack.queue), "queue: no-such-queue\n"));
    let runner = listening(&stack, &["pipelines/lost.yaml"]);
    until_at_least(1, "failed", async || {
        let (_, ready) = runner.json("/ready").await;
        i64::from(ready["pipelines"]["lost"]["state"] == "failed" && ready["pipelines"]["e"]["state"] == "running")
    })
    .await;
    let (status, ready) = runner.json("/ready").await;
    assert_eq!(status, 503, "{ready}");
    assert!(
        ready["pipelines"]["lost"]["cause"].as_str().is_some_and(|cause| cause.contains("no-such-queue")),
        "{ready}"
    );
    assert_eq!(runner.get("/live").await.status, 200);
    runner.terminate();
    assert_eq!(runner.wait().0, Some(1));
}
