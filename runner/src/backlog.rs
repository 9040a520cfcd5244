//! How many messages the queues hold, asked every half minute by calls and connections of its own.

use std::time::Duration;

use engine::QueueRole;
use engine::fault::{Class, Fault};
use engine::source::{Access, Clients, Source as _, SqsSource, resolve};
use pipeline::QueueRef;

use super::Watched;
use crate::running::Queues;

/// Time between two questions.
const EVERY: Duration = Duration::from_secs(30);
/// The same while the queue can't be found.
const SOON: Duration = Duration::from_secs(5);

/// The queues of a pipeline, and how to reach them.
#[derive(Debug, Clone)]
pub(crate) struct WatchedQueues {
    pub(crate) access: Access,
    pub(crate) queues: Queues,
}

/// Notes what the queues hold in the figures of the pipeline; never returns. What can't be asked is left out.
pub(crate) async fn watch(pipeline: Watched, watched: WatchedQueues) {
    let clients = loop {
        match engine::source::connect(watched.access.clone()).await {
            Ok(clients) => break clients,
            // The pipeline reports it.
            Err(_) => tokio::time::sleep(SOON).await,
        }
    };
    tokio::join!(
        watch_queue(&pipeline, &clients, QueueRole::Source, &watched.queues.queue),
        watch_queue(&pipeline, &clients, QueueRole::DeadLetters, &watched.queues.dlq),
    );
}

async fn watch_queue(pipeline: &Watched, clients: &Clients, role: QueueRole, queue: &QueueRef) {
    let source = loop {
        match resolve(clients, queue).await {
            Ok(found) => break SqsSource::new(clients, &found, None),
            Err(_) => tokio::time::sleep(SOON).await,
        }
    };
    let mut reported = false;
    loop {
        let answer = source.backlog().await;
        if let Err(fault) = &answer {
            reported = report(pipeline, queue, fault, reported);
        }
        pipeline.figures.note_backlog(role, answer.ok());
        tokio::time::sleep(EVERY).await;
    }
}

/// One line, for what does not pass by itself; an outage is the pipeline's to report. Whether there is a line now.
fn report(pipeline: &Watched, queue: &QueueRef, fault: &Fault, reported: bool) -> bool {
    if !reported && fault.class != Class::Retry {
        tracing::warn!(
            pipeline = pipeline.name,
            %fault,
            "can't read how many messages {queue} holds: the figures leave it out; allow sqs:GetQueueAttributes"
        );
        return true;
    }
    reported
}
