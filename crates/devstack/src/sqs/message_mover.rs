//! Moves messages out of a dead-letter queue until their task ends.

use std::sync::Arc;
use std::time::Duration;

use super::account::{Account, Service};
use super::message::{Content, Message};
use super::move_task::{MoveTask, Status};
use super::time::Timestamp;

/// Messages moved under one lock when the task has no rate.
const CHUNK: u32 = 1000;

/// Works on a task until it ends or is cancelled.
pub(crate) async fn run(service: Arc<Service>, handle: String, rate: Option<u32>) {
    while step(&service, &handle) == Status::Running {
        match rate {
            Some(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            None => tokio::task::yield_now().await,
        }
    }
}

/// Moves the next messages; returns the status after it.
fn step(service: &Service, handle: &str) -> Status {
    let now = service.clock.now();
    let mut account = service.lock();
    let mut tasks = account.move_tasks.iter();
    let Some(index) = tasks.position(|task| task.handle == handle) else {
        return Status::Cancelled;
    };
    let mut task = account.move_tasks[index].clone();
    if task.status == Status::Running {
        move_some(service, &mut account, &mut task, now);
    }
    let status = task.status;
    account.move_tasks[index] = task;
    status
}

fn move_some(service: &Service, account: &mut Account, task: &mut MoveTask, now: Timestamp) {
    let limit = task.rate.unwrap_or(CHUNK) as usize;
    let Some(source) = account.queues.get_mut(&task.source) else {
        return fail(task, "AWS.SimpleQueueService.NonExistentQueue");
    };
    let messages = source.take_visible(now, limit);
    if messages.len() < limit {
        task.status = Status::Completed;
    }
    for message in messages {
        let original = message.dead_letter_source.as_deref().and_then(|a| service.name_of_arn(a));
        let target = task.destination.as_deref().or(original).map(str::to_owned);
        if let Some(name) = target.filter(|name| account.queues.contains_key(name)) {
            move_one(account, &name, &message, now);
            task.moved += 1;
        } else {
            put_back(account, &task.source, message);
            fail(task, "CouldNotDetermineMessageSource");
        }
    }
}

/// A moved message is a new one to SQS: new id, new age, no receives.
fn move_one(account: &mut Account, target: &str, message: &Message, now: Timestamp) {
    let content = Content { message_id: account.ids.uuid(), ..(*message.content).clone() };
    if let Some(queue) = account.queues.get_mut(target) {
        queue.accept(Message::new(Arc::new(content), now));
    }
}

fn put_back(account: &mut Account, source: &str, message: Message) {
    if let Some(queue) = account.queues.get_mut(source) {
        queue.accept(message);
    }
}

fn fail(task: &mut MoveTask, reason: &'static str) {
    task.status = Status::Failed;
    task.failure = Some(reason);
}
