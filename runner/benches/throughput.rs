//! The whole loop on real parts: `runner run` drains a queue that was filled before, with the local queue and
//! PostgreSQL on the same machine. Prints messages a second, the CPU time `runner` itself took for each, and the calls.
//!
//! `cargo bench -p runner --bench throughput -- [MESSAGES] [QUEUE LATENCY IN MS]`; `BENCH_SOURCE="pollers: 8"` adds a line
//! to the pipeline's `source`.

mod stage;

use std::time::{Duration, Instant};

use devstack::sqs::{Fault, Operation};

use stage::{Stage, children_cpu};

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let messages = numbers.first().copied().unwrap_or(200_000);
    let latency = numbers.get(1).copied().unwrap_or(0);
    let stage = Stage::filled(messages);
    if latency > 0 {
        stage.sqs.faults().inject(Fault::latency(Duration::from_millis(latency)));
    }
    let (started, cpu) = (Instant::now(), children_cpu());
    let mut run = stage.runner(&["run", "pipelines/transactions.yaml", "--until-empty", "--format", "json"]);
    assert!(run.status().expect("the binary starts").success());
    // The two looks that tell an empty queue are no work.
    let wall = started.elapsed().saturating_sub(Duration::from_millis(800));
    let cpu = children_cpu().saturating_sub(cpu);
    let calls = |operation| stage.sqs.call_counts().of(operation).calls;
    let (receives, deletes) = (calls(Operation::ReceiveMessage), calls(Operation::DeleteMessageBatch));
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    let (rate, each) = (messages as f64 / wall.as_secs_f64(), cpu.as_secs_f64() * 1e6 / messages as f64);
    println!(
        "{messages} messages, queue latency {latency} ms: {rate:.0} messages/s, {each:.1} µs of CPU each, \
         {receives} receives, {deletes} deletes"
    );
}
