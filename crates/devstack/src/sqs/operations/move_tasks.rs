//! `StartMessageMoveTask`, `ListMessageMoveTasks`, `CancelMessageMoveTask`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::queues::sources_of;
use crate::sqs::account::{Account, Service};
use crate::sqs::error::{Error, ErrorCode, Result};
use crate::sqs::message_mover;
use crate::sqs::move_task::{MoveTask, Status};

/// The highest limit of a task, in messages per second.
const FASTEST: i64 = 500;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartRequest {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartAnswer {
    task_handle: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListRequest {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAnswer {
    results: Vec<TaskEntry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TaskEntry {
    /// Present for running tasks only.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    started_timestamp: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelRequest {
    task_handle: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelAnswer {
    approximate_number_of_messages_moved: u64,
}

pub(crate) fn start(service: &Arc<Service>, request: StartRequest) -> Result<StartAnswer> {
    let source_arn = request.source_arn.ok_or_else(|| Error::missing("SourceArn"))?;
    let rate = rate(request.max_number_of_messages_per_second)?;
    let mut account = service.lock();
    let source = find(service, &account, &source_arn, "SourceArn")?;
    let destination = match &request.destination_arn {
        Some(arn) => Some(find(service, &account, arn, "DestinationArn")?),
        None => None,
    };
    check_startable(&account, &source, &source_arn)?;
    let counts = account.queues.get(&source).map_or(0, |queue| queue.counts().visible);
    let task = MoveTask {
        handle: account.ids.uuid(),
        source,
        destination,
        rate,
        started_at: service.clock.now(),
        status: Status::Running,
        moved: 0,
        to_move: counts as u64,
        failure: None,
    };
    let task_handle = task.handle.clone();
    account.move_tasks.push(task);
    let run = message_mover::run(Arc::clone(service), task_handle.clone(), rate);
    tokio::spawn(run);
    Ok(StartAnswer { task_handle })
}

fn check_startable(account: &Account, source: &str, source_arn: &str) -> Result<()> {
    if sources_of(account, source_arn).next().is_none() {
        let message = "Source queue must be configured as a Dead Letter Queue.";
        return Err(Error::new(ErrorCode::InvalidParameterValue, message));
    }
    let mut running = account.move_tasks.iter().filter(|task| task.status == Status::Running);
    if running.any(|task| task.source == source) {
        let message = "There is already a task running. Only one active task is allowed for a \
                       source queue arn at a given time.";
        return Err(Error::new(ErrorCode::UnsupportedOperation, message));
    }
    Ok(())
}

fn find(service: &Service, account: &Account, arn: &str, parameter: &str) -> Result<String> {
    let name = service.name_of_arn(arn).filter(|name| account.queues.contains_key(*name));
    name.map(str::to_owned).ok_or_else(|| {
        let message = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
        Error::new(ErrorCode::ResourceNotFound, message)
    })
}

fn rate(requested: Option<i64>) -> Result<Option<u32>> {
    let Some(requested) = requested else {
        return Ok(None);
    };
    let inside = u32::try_from(requested).ok().filter(|_| (1..=FASTEST).contains(&requested));
    inside.map(Some).ok_or_else(|| {
        let reason = "Value must be between 1 and 500.";
        Error::invalid("MaxNumberOfMessagesPerSecond", requested, reason)
    })
}

/// The latest tasks of a queue first; one, unless more are asked for.
pub(crate) fn list(service: &Service, request: ListRequest) -> Result<ListAnswer> {
    let source_arn = request.source_arn.ok_or_else(|| Error::missing("SourceArn"))?;
    let limit = match request.max_results.map(usize::try_from) {
        None => 1,
        Some(Ok(limit @ 1..=10)) => limit,
        Some(_) => {
            let value = request.max_results.unwrap_or_default();
            return Err(Error::invalid("MaxResults", value, "Value must be between 1 and 10."));
        }
    };
    let account = service.lock();
    let source = find(service, &account, &source_arn, "SourceArn")?;
    let tasks = account.move_tasks.iter().rev().filter(|task| task.source == source);
    Ok(ListAnswer { results: tasks.take(limit).map(|task| entry(service, task)).collect() })
}

fn entry(service: &Service, task: &MoveTask) -> TaskEntry {
    TaskEntry {
        task_handle: (task.status == Status::Running).then(|| task.handle.clone()),
        status: match task.status {
            Status::Running => "RUNNING",
            Status::Completed => "COMPLETED",
            Status::Cancelled => "CANCELLED",
            Status::Failed => "FAILED",
        },
        source_arn: service.arn(&task.source),
        destination_arn: task.destination.as_deref().map(|name| service.arn(name)),
        max_number_of_messages_per_second: task.rate,
        approximate_number_of_messages_moved: task.moved,
        approximate_number_of_messages_to_move: task.to_move,
        failure_reason: task.failure,
        started_timestamp: task.started_at.as_millis(),
    }
}

pub(crate) fn cancel(service: &Service, request: CancelRequest) -> Result<CancelAnswer> {
    let handle = request.task_handle.ok_or_else(|| Error::missing("TaskHandle"))?;
    let mut account = service.lock();
    let task = account.move_tasks.iter_mut().find(|task| task.handle == handle);
    let task = task.ok_or_else(|| Error::new(ErrorCode::ResourceNotFound, "The specified task does not exist."))?;
    if task.status != Status::Running {
        let message = "Only active tasks can be cancelled.";
        return Err(Error::new(ErrorCode::UnsupportedOperation, message));
    }
    task.status = Status::Cancelled;
    Ok(CancelAnswer { approximate_number_of_messages_moved: task.moved })
}
