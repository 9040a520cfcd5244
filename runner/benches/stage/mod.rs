//! What the benchmarks of the loop run on: the local queue, PostgreSQL, and the example pipeline in a folder of its own.
#![allow(dead_code, reason = "no benchmark needs all of it")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::sqs::{Sqs, SqsOptions};
use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::runtime::Builder;

const SCHEMA: &str = include_str!("../../../schemas/transaction.schema.json");
const PIPELINE: &str = include_str!("../../../pipelines/transactions.yaml");

/// Everything around `runner`. `BENCH_SOURCE="pollers: 8"` adds a line to the pipeline's `source`.
pub(crate) struct Stage {
    pub(crate) sqs: Sqs,
    postgres: Postgres,
    home: TempDir,
}

impl Stage {
    pub(crate) fn start() -> Self {
        let sqs = Sqs::start(SqsOptions::default()).expect("the queue service starts");
        let postgres = Postgres::start(&PostgresOptions::default()).expect("PostgreSQL starts");
        let home = tempfile::tempdir().expect("a folder");
        write_files(home.path());
        Self { sqs, postgres, home }
    }

    /// With so many events in the queue, and the tables.
    pub(crate) fn filled(messages: u64) -> Self {
        let stage = Self::start();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(fill(stage.sqs.endpoint(), messages));
        stage.migrate();
        stage
    }

    /// `runner` with these arguments, without its log.
    pub(crate) fn runner(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.home.path()).stderr(Stdio::null());
        command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        command.env("SQS_ENDPOINT", self.sqs.endpoint()).env("DATABASE_URL", self.postgres.url());
        command
    }

    /// Creates the tables.
    pub(crate) fn migrate(&self) {
        let mut migrate = self.runner(&["migrate", "pipelines/transactions.yaml"]);
        assert!(migrate.stdout(Stdio::null()).status().expect("the binary starts").success());
    }
}

fn write_files(home: &Path) {
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

/// Sends to the queue.
#[derive(Clone)]
pub(crate) struct Sender {
    client: Client,
    url: String,
}

impl Sender {
    /// Creates the queues.
    pub(crate) async fn new(endpoint: &str) -> Self {
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
        Self { client, url: url.expect("it has a URL") }
    }

    /// Sends the events with these numbers, at most ten, in one call.
    pub(crate) async fn send(&self, numbers: impl Iterator<Item = u64>) {
        let entries = numbers.map(|number| {
            SendMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .message_body(event(number))
                .build()
                .expect("complete")
        });
        let request = self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries.collect()));
        request.send().await.expect("the batch is sent");
    }
}

/// Sends so many events.
async fn fill(endpoint: &str, messages: u64) {
    let sender = Sender::new(endpoint).await;
    let starts: Vec<u64> = (0..messages).step_by(10).collect();
    for round in starts.chunks(16) {
        join_all(round.iter().map(|start| sender.send(*start..messages.min(start + 10)))).await;
    }
}

fn event(number: u64) -> String {
    format!(
        r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","client_id":"client-{}","event_type":"transaction_approved","timestamp":"2026-01-02T03:04:05.678Z","payload":{{"transaction_id":"txn_{number:012}","amount":1964.90,"currency":"EUR","merchant":"Corner Bakery","card_last4":"4242","status":"approved","note":"one of many sample transactions of a benchmark"}}}}"#,
        number % 997,
    )
}

/// User and system time of all children that ended: fields 16 and 17 of `/proc/self/stat`.
pub(crate) fn children_cpu() -> Duration {
    cpu("self", 16)
}

/// User and system time of a process: fields 14 and 15 of its `stat`.
pub(crate) fn process_cpu(process: u32) -> Duration {
    cpu(&process.to_string(), 14)
}

/// Two fields of a process's `stat`, the first of which is 1, in ticks of 10 ms.
fn cpu(process: &str, field: usize) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, field 2, may hold spaces.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(field - 3).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
