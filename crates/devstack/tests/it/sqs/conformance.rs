//! How a case runs, and how the known gaps of other servers are checked.
//!
//! Every case makes queues of its own, so cases run side by side on one server.
//!
//! | environment | effect |
//! | --- | --- |
//! | `SQS_ENDPOINT` | the server to test; without it each case starts the endpoint of this crate |
//! | `SQS_SERVER` | the server's name in [`KNOWN_GAPS`](super::known_gaps) |

use std::env;
use std::fmt::Debug;
use std::io::Write;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use devstack::sqs::{Sqs, SqsOptions};

use super::known_gaps::KNOWN_GAPS;

/// How long a case may run; one that hangs has failed.
const CASE_TIMEOUT: Duration = Duration::from_mins(1);

/// A client of the server under test.
pub(crate) struct Aws {
    pub(crate) client: Client,
    pub(crate) endpoint: String,
    prefix: String,
}

/// Runs a case. `name` is the name of its test.
pub(crate) async fn run<F>(name: &str, case: impl FnOnce(Aws) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let server = env::var("SQS_SERVER").unwrap_or_default();
    // Held to the end of the case.
    let own = env::var("SQS_ENDPOINT").is_err().then(|| Sqs::start(SqsOptions::default()).unwrap());
    let endpoint = match &own {
        Some(sqs) => sqs.endpoint().to_owned(),
        None => env::var("SQS_ENDPOINT").unwrap(),
    };
    let gap = KNOWN_GAPS.iter().find(|gap| gap.0 == server && gap.1 == name);
    let case = tokio::time::timeout(CASE_TIMEOUT, case(Aws::new(&endpoint)));
    let local = tokio::task::LocalSet::new();
    let result = local.run_until(local.spawn_local(case)).await;
    let failure = match result {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(format!("no end after {CASE_TIMEOUT:?}")),
        Err(panic) => Some(panic.to_string()),
    };
    match (gap, failure) {
        (None, None) => {}
        (None, Some(failure)) => panic!("{name}: {failure}"),
        (Some(gap), Some(_)) => report(&format!("not supported by {}: {name}: {}", gap.0, gap.2)),
        (Some(gap), None) => panic!("{name} works on {}: remove it from KNOWN_GAPS", gap.0),
    }
}

/// Writes to standard error directly: the test harness hides what a passing test prints.
fn report(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

impl Aws {
    fn new(endpoint: &str) -> Self {
        let unique = uuid::Uuid::new_v4().simple().to_string();
        Self { client: client(endpoint), endpoint: endpoint.to_owned(), prefix: format!("it-{}", &unique[..12]) }
    }

    /// A name no other case has; the same for the same `role`.
    pub(crate) fn name(&self, role: &str) -> String {
        format!("{}-{role}", self.prefix)
    }

    pub(crate) async fn queue(&self) -> String {
        self.queue_with("queue", &[]).await
    }

    pub(crate) async fn queue_with(&self, role: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut call = self.client.create_queue().queue_name(self.name(role));
        for (name, value) in attributes {
            call = call.attributes(name.clone(), *value);
        }
        call.send().await.unwrap().queue_url.unwrap()
    }

    /// A FIFO queue.
    pub(crate) async fn fifo(&self, attributes: &[(QueueAttributeName, &str)]) -> String {
        let fifo = [(QueueAttributeName::FifoQueue, "true")];
        self.queue_with("queue.fifo", &[&fifo, attributes].concat()).await
    }

    /// A queue with a dead-letter queue: both URLs.
    pub(crate) async fn queue_with_dlq(&self, max_receives: u32) -> (String, String) {
        let dlq = self.queue_with("dlq", &[]).await;
        let policy = redrive_policy(&self.arn(&dlq).await, max_receives);
        let queue = self.queue_with("queue", &[(QueueAttributeName::RedrivePolicy, &policy)]).await;
        (queue, dlq)
    }

    pub(crate) async fn attribute(&self, queue: &str, name: QueueAttributeName) -> Option<String> {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let attributes = call.attribute_names(name.clone()).send().await.unwrap().attributes;
        attributes.and_then(|mut attributes| attributes.remove(&name))
    }

    pub(crate) async fn arn(&self, queue: &str) -> String {
        self.attribute(queue, QueueAttributeName::QueueArn).await.unwrap()
    }

    pub(crate) async fn send(&self, queue: &str, body: &str) {
        self.client.send_message().queue_url(queue).message_body(body).send().await.unwrap();
    }

    /// Up to ten messages, at once, with every attribute.
    pub(crate) async fn receive(&self, queue: &str) -> Vec<Message> {
        self.receive_for(queue, None).await
    }

    /// As [`receive`](Self::receive), hiding the messages for `visibility` seconds.
    pub(crate) async fn receive_for(&self, queue: &str, visibility: Option<i32>) -> Vec<Message> {
        let call = self.client.receive_message().queue_url(queue).max_number_of_messages(10);
        let call = call.set_visibility_timeout(visibility).message_attribute_names("All");
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        call.send().await.unwrap().messages.unwrap_or_default()
    }

    /// One message, waiting up to ten seconds for it.
    pub(crate) async fn receive_one(&self, queue: &str) -> Message {
        let call = self.client.receive_message().queue_url(queue).wait_time_seconds(10);
        let call = call.message_attribute_names("All");
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        call.send().await.unwrap().messages.unwrap_or_default().remove(0)
    }

    pub(crate) async fn delete(&self, queue: &str, message: &Message) {
        let call = self.client.delete_message().queue_url(queue);
        call.receipt_handle(handle(message)).send().await.unwrap();
    }

    /// Messages visible, in flight, delayed.
    pub(crate) async fn counts(&self, queue: &str) -> [String; 3] {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let call = call.attribute_names(QueueAttributeName::All);
        let attributes = call.send().await.unwrap().attributes.unwrap();
        [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ]
        .map(|name| attributes[&name].clone())
    }
}

/// A client that reports every failure instead of trying again.
pub(crate) fn client(endpoint: &str) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

pub(crate) fn redrive_policy(target_arn: &str, max_receives: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{target_arn}","maxReceiveCount":"{max_receives}"}}"#)
}

/// The error code of a call that has to fail.
pub(crate) fn code<T: Debug, E: ProvideErrorMetadata + Debug>(result: Result<T, E>) -> String {
    let error = result.unwrap_err();
    error.code().unwrap_or_else(|| panic!("no error code in {error:?}")).to_owned()
}

pub(crate) fn handle(message: &Message) -> &str {
    message.receipt_handle().unwrap()
}

pub(crate) fn body(message: &Message) -> &str {
    message.body().unwrap()
}

pub(crate) fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(body).collect()
}

pub(crate) fn system(message: &Message, name: &MessageSystemAttributeName) -> Option<String> {
    message.attributes.as_ref()?.get(name).cloned()
}

pub(crate) async fn seconds(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// The suite's own sources, to check that the list names cases that exist.
const SOURCES: &[&str] = &[
    include_str!("attributes.rs"),
    include_str!("batch.rs"),
    include_str!("dead_letters.rs"),
    include_str!("delay.rs"),
    include_str!("delete.rs"),
    include_str!("fifo.rs"),
    include_str!("long_poll.rs"),
    include_str!("message_attributes.rs"),
    include_str!("move_tasks.rs"),
    include_str!("protocol.rs"),
    include_str!("queues.rs"),
    include_str!("receive.rs"),
    include_str!("send.rs"),
    include_str!("visibility.rs"),
];

/// The name a case runs under, if the text starts with a case.
fn name_of_case(text: &str) -> Option<&str> {
    let name = text.trim_start().strip_prefix("run(")?.trim_start();
    name.strip_prefix('"')?.split('"').next()
}

/// Test name and case name of every case.
fn cases() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let tests = SOURCES.iter().flat_map(|source| source.split("#[tokio::test]\nasync fn ").skip(1));
    tests.map(|test| {
        let (name, rest) = test.split_once("() {").expect("a test has a body");
        (name, name_of_case(rest))
    })
}

#[test]
fn every_case_runs_under_the_name_of_its_test() {
    for (test, case) in cases() {
        assert_eq!(case, Some(test));
    }
}

#[test]
fn every_known_gap_names_a_case() {
    for (_, gap, _) in KNOWN_GAPS {
        assert!(cases().any(|(test, _)| test == *gap), "{gap}");
    }
}
