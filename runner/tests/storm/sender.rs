//! Sends the messages of a plan, as fast as the replicas follow or at a rate.

use std::time::{Duration, Instant};

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use futures_util::future::join_all;

use crate::plan::Plan;
use crate::stage::{QUEUES, Stage, is_fifo};

/// Messages that wait in a queue, at most: the faults are to hit a storm that goes on, not one that is over.
const BACKLOG: usize = 20_000;
/// Messages between two looks at the backlog.
const ROUND: usize = 400;

/// Sends all messages; `rate` is for all queues together.
pub(crate) async fn send_all(stage: &Stage, plan: &Plan, rate: Option<f64>) {
    let lists = [&plan.orders, &plan.claims, &plan.states];
    join_all(QUEUES.iter().zip(lists).map(|(queue, numbers)| {
        let share = as_number(numbers.len()) / as_number(plan.len());
        send(stage, plan, queue, numbers, rate.map(|rate| rate * share))
    }))
    .await;
}

async fn send(stage: &Stage, plan: &Plan, queue: &str, numbers: &[u32], rate: Option<f64>) {
    let url = stage.url(queue);
    let began = Instant::now();
    let mut sent = 0;
    // Small rounds where a rate is wanted, so that the load is even.
    let round = rate.map_or(ROUND, |rate| if rate < as_number(ROUND) { 10 } else { ROUND });
    for part in numbers.chunks(round) {
        match rate {
            Some(rate) => {
                let due = began + Duration::from_secs_f64(as_number(sent) / rate);
                tokio::time::sleep_until(due.into()).await;
            }
            None => wait_for_room(stage, queue).await,
        }
        let calls = part.chunks(10).enumerate().map(|(index, batch)| (sent + index * 10, batch));
        if is_fifo(queue) {
            // One call after another keeps the order of the groups.
            for (position, batch) in calls {
                send_batch(stage, plan, &url, position, batch).await;
            }
        } else {
            join_all(calls.map(|(position, batch)| send_batch(stage, plan, &url, position, batch))).await;
        }
        sent += part.len();
    }
}

async fn wait_for_room(stage: &Stage, queue: &str) {
    while stage.counts(queue).await[0] > BACKLOG {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// `position` distinguishes the messages of one event.
async fn send_batch(stage: &Stage, plan: &Plan, url: &str, position: usize, numbers: &[u32]) {
    let mut entries = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let event = plan.events[*number as usize];
        let mut entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(event.body(*number));
        if let Some(group) = event.group() {
            let deduplication = (position + index).to_string();
            entry = entry.message_group_id(group.to_string()).message_deduplication_id(deduplication);
        }
        entries.push(entry.build().expect("id and body are set"));
    }
    let request = stage.client.send_message_batch().queue_url(url).set_entries(Some(entries));
    let answer = request.send().await.expect("the batch is sent");
    assert!(answer.failed.is_empty(), "{:?}", answer.failed);
}

#[allow(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn as_number(count: usize) -> f64 {
    count as f64
}
