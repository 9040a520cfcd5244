//! Sending sample events, to a real queue server that can fail on purpose.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use aws_sdk_sqs::{Client, Config};
use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
use engine::produce::{ProduceError, Production};
use engine::stop::stop_pair;
use pipeline::producer::{Events, Generator, Pace, Template, Templates, Totals};

use crate::stack::Stack;

struct Queue {
    sqs: Sqs,
    client: Client,
    url: String,
}

fn client(endpoint: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .http_client(http);
    Client::from_conf(config.build())
}

async fn queue(name: &str) -> Queue {
    let sqs = Sqs::start(SqsOptions::default()).unwrap();
    let client = client(sqs.endpoint());
    let mut create = client.create_queue().queue_name(name);
    if name.strip_suffix(".fifo").is_some() {
        create = create.attributes(QueueAttributeName::FifoQueue, "true");
    }
    let url = create.send().await.unwrap().queue_url.unwrap();
    Queue { sqs, client, url }
}

fn events(text: &str) -> Events {
    let template = Template::compile("event", text).unwrap();
    let templates = Templates::new(vec![(template, 1)]).unwrap();
    Events::new(templates, Generator::seeded(1))
}

fn numbered() -> Events {
    events("{\"n\": {{seq}}}")
}

impl Queue {
    fn production(&self, events: Events, pace: Pace, count: Option<u64>) -> Production {
        Production { client: self.client.clone(), queue_url: self.url.clone(), events, pace, count }
    }

    async fn produce(&self, events: Events, count: u64) -> Result<Totals, ProduceError> {
        let (_running, stop) = stop_pair();
        let production = self.production(events, Pace::Unlimited, Some(count));
        production.run(stop, |_| {}).await
    }

    /// Every body in the queue, with its message group.
    async fn drain(&self) -> Vec<(String, Option<String>)> {
        let mut drained = Vec::new();
        loop {
            let receive = self.client.receive_message().queue_url(&self.url);
            let receive = receive
                .max_number_of_messages(10)
                .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId);
            let messages = receive.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return drained;
            }
            for message in messages {
                let attributes = message.attributes.unwrap_or_default();
                let group = attributes.get(&MessageSystemAttributeName::MessageGroupId);
                drained.push((message.body.unwrap(), group.cloned()));
                let delete = self.client.delete_message().queue_url(&self.url);
                let delete = delete.receipt_handle(message.receipt_handle.unwrap());
                delete.send().await.unwrap();
            }
        }
    }

    async fn bodies(&self) -> Vec<String> {
        self.drain().await.into_iter().map(|(body, _)| body).collect()
    }
}

/// Exactly the events 1 to `count`, each once.
fn assert_complete(bodies: &[String], count: usize) {
    let expected: BTreeSet<_> = (1..=count).map(|n| format!("{{\"n\": {n}}}")).collect();
    let got: BTreeSet<_> = bodies.iter().cloned().collect();
    assert_eq!((bodies.len(), got), (count, expected));
}

#[tokio::test]
async fn every_event_arrives_once() {
    let queue = queue("events").await;
    let totals = queue.produce(numbered(), 1_234).await.unwrap();
    assert_eq!((totals.produced, totals.invalid), (1_234, 0));
    assert_eq!(totals.templates, [("event".to_owned(), 1_234)]);
    assert_complete(&queue.bodies().await, 1_234);
}

#[tokio::test]
async fn failed_entries_and_failed_calls_are_sent_again() {
    let queue = queue("events").await;
    let faults = queue.sqs.faults();
    let entries = Fault::failed_entries([0, 3, 9], ErrorCode::InternalFailure);
    faults.inject(entries.on(Operation::SendMessageBatch).times(5));
    let throttled = Fault::error(ErrorCode::RequestThrottled);
    faults.inject(throttled.on(Operation::SendMessageBatch).share(0.2));
    let totals = queue.produce(numbered(), 300).await.unwrap();
    assert_eq!(totals.produced, 300);
    faults.clear();
    assert_complete(&queue.bodies().await, 300);
}

#[tokio::test]
async fn a_lost_answer_loses_no_event() {
    let queue = queue("events").await;
    queue.sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessageBatch).times(3));
    queue.produce(numbered(), 100).await.unwrap();
    let bodies: BTreeSet<_> = queue.bodies().await.into_iter().collect();
    assert_eq!(bodies.len(), 100);
}

#[tokio::test]
async fn a_fifo_queue_gets_groups_in_order_and_no_duplicates() {
    let queue = queue("events.fifo").await;
    queue.sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessageBatch).times(3));
    queue.produce(numbered(), 100).await.unwrap();
    let drained = queue.drain().await;
    let groups: BTreeSet<_> = drained.iter().map(|(_, group)| group.clone().unwrap()).collect();
    assert_eq!(groups.len(), 10);
    for group in groups {
        let numbers: Vec<u64> = drained
            .iter()
            .filter(|(_, other)| other.as_ref() == Some(&group))
            .map(|(body, _)| serde_json::from_str::<serde_json::Value>(body).unwrap()["n"].as_u64().unwrap())
            .collect();
        assert!(numbers.is_sorted(), "{group}: {numbers:?}");
        assert_eq!(numbers.len(), 10, "{group}");
    }
}

#[tokio::test]
async fn large_events_share_a_call_only_as_far_as_they_fit() {
    let queue = queue("events").await;
    let text = "{\"n\": {{seq}}, \"text\": \"{{random_string 100000}}\"}";
    queue.produce(events(text), 12).await.unwrap();
    assert_eq!(queue.bodies().await.len(), 12);
}

#[tokio::test]
async fn what_the_queue_never_takes_ends_it() {
    let queue = queue("events").await;
    queue.client.delete_queue().queue_url(&queue.url).send().await.unwrap();
    queue.sqs.faults().inject(Fault::error(ErrorCode::UnsupportedOperation));
    let error = queue.produce(numbered(), 1).await.unwrap_err();
    assert!(matches!(error, ProduceError::Queue(..)), "{error}");
}

#[tokio::test]
async fn a_queue_made_later_is_waited_for() {
    let stack = Stack::without_queues().await;
    let mut command = stack.runner(&["produce", "pipelines/transactions.yaml", "--count", "5", "--rate", "max"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("waiting for queue"), "{line}");
    stack.create_queues(&[]).await;
    assert!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().success());
    assert_eq!(stack.drain(&stack.queue).await.len(), 5);
}

#[tokio::test]
async fn a_stop_ends_the_wait_for_a_queue() {
    let stack = Stack::without_queues().await;
    let mut command = stack.runner(&["produce", "pipelines/transactions.yaml"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut String::new()).unwrap();
    crate::crash::terminate(&child);
    assert!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn a_stop_ends_sending_with_everything_counted_that_was_accepted() {
    let queue = queue("events").await;
    let (stop, stopped) = stop_pair();
    let pace = Pace::Every(Duration::from_millis(1));
    let production = queue.production(numbered(), pace, None);
    let sent = |totals: &Totals| {
        if totals.produced >= 20 {
            stop.drain();
        }
    };
    let totals = production.run(stopped, sent).await.unwrap();
    let count = usize::try_from(totals.produced).unwrap();
    assert!(count >= 20);
    assert_complete(&queue.bodies().await, count);
}

#[tokio::test]
async fn a_stop_ends_the_retries_of_an_outage() {
    let queue = queue("events").await;
    queue.sqs.faults().inject(Fault::error(ErrorCode::ServiceUnavailable));
    let (stop, stopped) = stop_pair();
    let production = queue.production(numbered(), Pace::Unlimited, Some(10));
    let running = tokio::spawn(production.run(stopped, |_| {}));
    // Long enough that the first call has failed and the next is being waited for.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!running.is_finished());
    stop.drain();
    assert_eq!(running.await.unwrap().unwrap().produced, 0);
}
