//! The whole loop on real parts: `runner run` drains a queue that was filled before, with the local queue and
//! PostgreSQL on the same machine. Prints messages a second, and the CPU time `runner` itself took for each.
//!
//! `cargo bench -p runner --bench throughput -- [MESSAGES] [QUEUE LATENCY IN MS]`; `BENCH_SOURCE="pollers: 8"` adds a line
//! to the pipeline's `source`.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::sqs::{Fault, Sqs, SqsOptions};
use futures_util::future::join_all;

const SCHEMA: &str = include_str!("../../schemas/transaction.schema.json");
const PIPELINE: &str = include_str!("../../pipelines/transactions.yaml");

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let messages = numbers.first().copied().unwrap_or(200_000);
    let latency = numbers.get(1).copied().unwrap_or(0);
    let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
    let postgres = Postgres::start(&PostgresOptions::default()).expect("PostgreSQL starts");
    let home = tempfile::tempdir().expect("a folder");
    write_files(home.path());

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(fill(sqs.endpoint(), messages));
    let runner = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(home.path()).stdout(Stdio::inherit()).stderr(Stdio::null());
        command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        command.env("SQS_ENDPOINT", sqs.endpoint()).env("DATABASE_URL", postgres.url());
        assert!(command.status().expect("the binary starts").success());
    };
    runner(&["migrate", "pipelines/transactions.yaml"]);
    if latency > 0 {
        sqs.faults().inject(Fault::latency(Duration::from_millis(latency)));
    }
    let (started, cpu) = (Instant::now(), children_cpu());
    runner(&["run", "pipelines/transactions.yaml", "--until-empty", "--format", "json"]);
    // The two looks that tell an empty queue are no work.
    let wall = started.elapsed().saturating_sub(Duration::from_millis(800));
    let cpu = children_cpu().saturating_sub(cpu);
    #[allow(clippy::cast_precision_loss, reason = "figures for people")]
    let (rate, each) = (messages as f64 / wall.as_secs_f64(), cpu.as_secs_f64() * 1e6 / messages as f64);
    println!("{messages} messages, queue latency {latency} ms: {rate:.0} messages/s, {each:.1} µs of CPU each");
}

fn write_files(home: &std::path::Path) {
    for (path, text) in [("schemas/transaction.schema.json", SCHEMA), ("pipelines/transactions.yaml", PIPELINE)] {
        let path = home.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        // Without the producer, whose template is not here.
        let text = text.split("\nproducer:").next().expect("the part before");
        let text =
            text.replace("\nschema:", &format!("  {}\nschema:", std::env::var("BENCH_SOURCE").unwrap_or_default()));
        std::fs::write(path, text).expect("a file");
    }
}

async fn fill(endpoint: &str, messages: u64) {
    use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("x", "x", None, None, "bench"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    let client = Client::from_conf(config.build());
    for queue in ["transactions-dlq", "transactions"] {
        client.create_queue().queue_name(queue).send().await.expect("the queue is created");
    }
    let url = client.get_queue_url().queue_name("transactions").send().await.expect("it is there").queue_url;
    let url = url.expect("it has a URL");
    let starts: Vec<u64> = (0..messages).step_by(10).collect();
    for round in starts.chunks(16) {
        join_all(round.iter().map(|start| send(&client, &url, *start, messages))).await;
    }
}

async fn send(client: &Client, url: &str, start: u64, messages: u64) {
    let entries = (start..messages.min(start + 10)).map(|number| {
        SendMessageBatchRequestEntry::builder()
            .id(number.to_string())
            .message_body(event(number))
            .build()
            .expect("complete")
    });
    let request = client.send_message_batch().queue_url(url).set_entries(Some(entries.collect()));
    request.send().await.expect("the batch is sent");
}

fn event(number: u64) -> String {
    format!(
        r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","client_id":"client-{}","event_type":"transaction_approved","timestamp":"2026-01-02T03:04:05.678Z","payload":{{"transaction_id":"txn_{number:012}","amount":1964.90,"currency":"EUR","merchant":"Corner Bakery","card_last4":"4242","status":"approved","note":"one of many sample transactions of a benchmark"}}}}"#,
        number % 997,
    )
}

/// User and system time of all children that ended: fields 16 and 17 of `/proc/self/stat`, in ticks of 10 ms.
fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
