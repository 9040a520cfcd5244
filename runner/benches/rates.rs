//! What `runner run` costs at a steady rate: the local queue gets so many messages a second for some seconds. Prints, for
//! each rate, the calls to the queue for each message, its CPU time, with its part of the start, and the time from send to
//! commit.
//!
//! `cargo bench -p runner --bench rates -- [MESSAGES A SECOND]...`; `BENCH_SOURCE="linger: 0s"` adds a line to the
//! pipeline's `source`.

mod stage;

use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use devstack::sqs::{CallCounts, Operation};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use stage::{Sender, Stage, children_cpu};

const RATES: [u64; 4] = [1, 50, 200, 5_000];
/// How long each rate is kept up; at one a second, forty messages are few enough.
const SECONDS: u64 = 10;
const FEWEST: u64 = 40;
/// Where the machine is too slow for a rate, messages are sent at the rate that is possible.
const SENDS_AT_ONCE: usize = 32;
/// Longer than the start takes.
const START: Duration = Duration::from_secs(1);

fn main() {
    let mut rates: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    if rates.is_empty() {
        rates.extend(RATES);
    }
    let stage = Stage::start();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let sender = runtime.block_on(Sender::new(stage.sqs.endpoint()));
    stage.migrate();
    println!(
        "{:>10}  {:>8}  {:>7}  {:>6}  {:>5}  {:>6}  {:>6}  {:>6}",
        "messages/s", "receives", "deletes", "others", "calls", "CPU µs", "p50 ms", "p99 ms"
    );
    let mut first = 0;
    for rate in rates {
        let messages = (rate * SECONDS).max(FEWEST);
        measure(&stage, &runtime, &sender, rate, first..first + messages);
        first += messages;
    }
}

fn measure(stage: &Stage, runtime: &Runtime, sender: &Sender, rate: u64, numbers: Range<u64>) {
    let (calls, cpu) = (stage.sqs.call_counts(), children_cpu());
    let mut run = stage.runner(&["run", "pipelines/transactions.yaml", "--format", "json"]);
    let run = run.stdout(Stdio::piped()).spawn().expect("the binary starts");
    let messages = numbers.end - numbers.start;
    let took = runtime.block_on(async {
        sleep(START).await;
        calls.reset();
        let took = send(sender, rate, numbers).await;
        while calls.of(Operation::DeleteMessageBatch).entries < messages {
            sleep(Duration::from_millis(50)).await;
        }
        took
    });
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    let each = |count: u64| count as f64 / messages as f64;
    let [receives, deletes, others] = requests(calls).map(each);
    let summary = ended(run);
    let cpu = children_cpu().saturating_sub(cpu).as_secs_f64() * 1e6 * each(1);
    println!(
        "{:>10.0}  {receives:>8.3}  {deletes:>7.3}  {others:>6.3}  {:>5.3}  {cpu:>6.0}  {:>6}  {:>6}",
        1.0 / took.as_secs_f64() / each(1),
        receives + deletes + others,
        summary["p50_ms"],
        summary["p99_ms"],
    );
}

/// Sends on time, ten in a call only where one in each two milliseconds is not enough; how long it took.
async fn send(sender: &Sender, rate: u64, numbers: Range<u64>) -> Duration {
    let began = Instant::now();
    let together = (rate / 500).clamp(1, 10);
    let mut sending = JoinSet::new();
    for start in numbers.clone().step_by(usize::try_from(together).expect("at most ten")) {
        sleep_until(began + Duration::from_nanos((start - numbers.start) * 1_000_000_000 / rate)).await;
        while sending.len() >= SENDS_AT_ONCE {
            sending.join_next().await;
        }
        let sender = sender.clone();
        let end = numbers.end.min(start + together);
        sending.spawn(async move { sender.send(start..end).await });
    }
    sending.join_all().await;
    began.elapsed()
}

/// The calls that receive, that delete, and all others but the sender's.
fn requests(counts: &CallCounts) -> [u64; 3] {
    use Operation::{ChangeMessageVisibility, ChangeMessageVisibilityBatch, GetQueueAttributes, GetQueueUrl};
    let others = [ChangeMessageVisibility, ChangeMessageVisibilityBatch, GetQueueAttributes, GetQueueUrl];
    let calls = |operation| counts.of(operation).calls;
    let deletes = calls(Operation::DeleteMessage) + calls(Operation::DeleteMessageBatch);
    [calls(Operation::ReceiveMessage), deletes, others.map(calls).iter().sum()]
}

/// Stops it as an orchestrator does, and reads its summary.
fn ended(run: Child) -> Value {
    let stopped = Command::new("kill").arg(run.id().to_string()).status().expect("kill is there");
    assert!(stopped.success());
    let output = run.wait_with_output().expect("it ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("the summary is JSON")
}
