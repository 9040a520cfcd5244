//! A queue service, a database and the binary, as a user has them; every test has its own queues and database.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, QueueAttributeName as Name, SendMessageBatchRequestEntry};
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::sqs::{Sqs, SqsOptions};
use sea_orm::sqlx::{self, AssertSqlSafe, PgPool};
use serde_json::Value;

/// One PostgreSQL for the test process; it goes away with it, also when the process is killed.
fn postgres() -> &'static Postgres {
    static POSTGRES: OnceLock<Postgres> = OnceLock::new();
    POSTGRES.get_or_init(|| Postgres::start(&PostgresOptions::default()).expect("a private PostgreSQL starts"))
}

/// `SQS_ENDPOINT` points the suite at a server of somebody else's; without it the process runs its own.
pub(crate) fn sqs_endpoint() -> &'static str {
    static OWN: OnceLock<Sqs> = OnceLock::new();
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    let own = || OWN.get_or_init(|| Sqs::start(SqsOptions::default()).expect("the SQS endpoint starts"));
    ENDPOINT.get_or_init(|| std::env::var("SQS_ENDPOINT").unwrap_or_else(|_| own().endpoint().to_owned()))
}

pub(crate) struct Stack {
    pub(crate) database: String,
    pub(crate) pool: PgPool,
    pub(crate) client: Client,
    pub(crate) endpoint: String,
    pub(crate) queue: String,
    pub(crate) dlq: String,
    /// A folder with the project's `pipelines/` and `schemas/`, free to change.
    pub(crate) home: tempfile::TempDir,
}

pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in the workspace")
}

/// The pipeline files of a folder, without the test files beside them.
pub(crate) fn pipeline_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join(folder)).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let pipeline = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        path.extension().is_some_and(|ending| ending == "yaml") && !stem.contains('.')
    };
    paths.filter(pipeline).collect()
}

impl Stack {
    /// Queues, an empty database, and a copy of the examples.
    pub(crate) async fn new() -> Self {
        let stack = Self::without_queues().await;
        stack.create_queues(&[]).await;
        stack
    }

    pub(crate) async fn without_queues() -> Self {
        Self::on(sqs_endpoint()).await
    }

    /// An empty database beside a queue service of the test's own.
    pub(crate) async fn on(endpoint: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("it{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let database = postgres().new_database().expect("a database");
        let home = tempfile::tempdir().expect("a temporary folder");
        for folder in ["pipelines", "schemas"] {
            copy(&repository().join(folder), &home.path().join(folder));
        }
        Self {
            pool: PgPool::connect(&database).await.expect("the database answers"),
            client: client(endpoint),
            endpoint: endpoint.to_owned(),
            queue: name.clone(),
            dlq: format!("{name}-dlq"),
            database,
            home,
        }
    }

    pub(crate) async fn create_queues(&self, attributes: &[(Name, &str)]) {
        for queue in [&self.queue, &self.dlq] {
            let request = self.client.create_queue().queue_name(queue);
            let attributes = attributes.iter().map(|(name, value)| (name.clone(), (*value).to_owned())).collect();
            request.set_attributes(Some(attributes)).send().await.expect("the queue is created");
        }
    }

    pub(crate) async fn url(&self, queue: &str) -> String {
        let answer = self.client.get_queue_url().queue_name(queue).send().await.expect("the queue exists");
        answer.queue_url.expect("it has a URL")
    }

    /// The binary with only the settings of a user's environment.
    pub(crate) fn runner(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(args).current_dir(self.home.path()).env_clear().stdin(Stdio::null());
        let url: Vec<_> = self.database.splitn(2, "://").collect();
        let (credentials, place) = url[1].split_once('@').expect("user and host");
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let (host, name) = place.split_once('/').expect("a database name");
        let (host, port) = host.split_once(':').expect("a port");
        command.envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SQS_ENDPOINT", &self.endpoint),
            ("SQS_QUEUE_NAME", &self.queue),
            ("SQS_DLQ_QUEUE_NAME", &self.dlq),
            ("DB_USER", user),
            ("DB_PASSWORD", password),
            ("DB_HOST", host),
            ("DB_PORT", port),
            ("DB_NAME", name),
        ]);
        command
    }

    /// Runs the binary to its end; panics with its output unless it exits with `code`.
    pub(crate) fn ends_with(&self, code: i32, args: &[&str]) -> Output {
        let output = self.runner(args).output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(code), "runner {args:?}\n{}", shown(&output));
        output
    }

    /// Runs a command that prints one JSON object, and reads it.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.ends_with(0, args);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", shown(&output)))
    }

    pub(crate) async fn send(&self, queue: &str, bodies: &[String]) {
        let url = self.url(queue).await;
        for chunk in bodies.chunks(10) {
            let entries = chunk.iter().enumerate().map(|(index, body)| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body)
                    .build()
                    .expect("complete")
            });
            let request = self.client.send_message_batch().queue_url(&url).set_entries(Some(entries.collect()));
            let answer = request.send().await.expect("the batch is sent");
            assert!(answer.failed.is_empty(), "{:?}", answer.failed);
        }
    }

    /// Sends a message with attributes of type String; gives the queue's id of it.
    pub(crate) async fn send_one(&self, body: &str, attributes: impl Iterator<Item = (&String, &String)>) -> String {
        let request = self.client.send_message().queue_url(self.url(&self.queue).await).message_body(body);
        let text = |text: &String| MessageAttributeValue::builder().data_type("String").string_value(text).build();
        let attributes = attributes.map(|(name, value)| (name.clone(), text(value).expect("complete")));
        let request = request.set_message_attributes(Some(attributes.collect()));
        request.send().await.expect("the message is sent").message_id.expect("it has an id")
    }

    /// Takes everything out of a queue.
    pub(crate) async fn drain(&self, queue: &str) -> Vec<Message> {
        let url = self.url(queue).await;
        let mut all = Vec::new();
        loop {
            let request = self.client.receive_message().queue_url(&url).max_number_of_messages(10);
            let request = request.message_attribute_names("All").wait_time_seconds(0);
            let messages = request.send().await.expect("the queue answers").messages.unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in &messages {
                let receipt = message.receipt_handle().expect("a receipt");
                let delete = self.client.delete_message().queue_url(&url).receipt_handle(receipt);
                delete.send().await.expect("the message is deleted");
            }
            all.extend(messages);
        }
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        self.scalar(&format!("SELECT count(*) FROM {table}")).await
    }

    pub(crate) async fn scalar(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.pool).await.expect("the query runs")
    }

    /// The rows of a query as JSON, one object per row.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Value> {
        let sql = format!("SELECT row_to_json(r)::text FROM ({sql}) AS r");
        let texts: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&self.pool).await.expect("the query runs");
        texts.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    pub(crate) async fn execute(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await.expect("the statement runs");
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(path);
        std::fs::write(&path, text).expect("the file is written");
        path
    }
}

pub(crate) fn shown(output: &Output) -> String {
    format!(
        "exit: {}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A message attribute's text.
pub(crate) fn attribute<'a>(message: &'a Message, name: &str) -> &'a str {
    let attributes = message.message_attributes().expect("the message has attributes");
    attributes[name].string_value().expect("a text")
}

pub(crate) fn client(endpoint: &str) -> Client {
    use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// A valid `transaction_approved` event. `number` makes its id, so that the same number is the same event.
pub(crate) fn transaction(number: u32) -> String {
    format!(
        r#"{{"event_id":"00000000-0000-4000-8000-{number:012}","client_id":"client-{}","event_type":"transaction_approved","timestamp":"2026-01-02T03:04:05.678Z","payload":{{"transaction_id":"txn_{number:012}","amount":1964.90,"currency":"EUR","status":"approved"}}}}"#,
        number % 7,
    )
}
