//! How many messages the queues hold, asked by calls and connections of its own: every half minute for those who look, and
//! before a line of figures is logged.

use std::sync::Arc;
use std::time::Duration;

use engine::fault::{Class, Fault};
use engine::source::{Access, Backlog, Source as _, SqsSource, resolve};
use engine::{Figures, QueueRole};
use pipeline::QueueRef;

use crate::running::Queues;

/// Time between two questions.
const EVERY: Duration = Duration::from_secs(30);
/// The same while the queue can't be found.
const SOON: Duration = Duration::from_secs(5);
/// Longest wait for an answer before a line of the log is written without it.
const PATIENCE: Duration = Duration::from_secs(2);

/// The queues of a pipeline, and how to reach them.
#[derive(Debug, Clone)]
pub(crate) struct WatchedQueues {
    pub(crate) access: Access,
    pub(crate) queues: Queues,
}

/// Notes what the queues hold in the figures of the pipeline; never returns. What can't be asked is left out.
pub(crate) async fn watch(pipeline: String, figures: Arc<Figures>, watched: WatchedQueues) {
    let WatchedQueues { access, queues } = watched;
    tokio::join!(
        watch_queue(&pipeline, &figures, QueueRole::Source, QueueLength::new(access.clone(), queues.queue)),
        watch_queue(&pipeline, &figures, QueueRole::DeadLetters, QueueLength::new(access, queues.dlq)),
    );
}

async fn watch_queue(pipeline: &str, figures: &Figures, role: QueueRole, mut queue: QueueLength) {
    let mut reported = false;
    loop {
        let Some(answer) = queue.ask().await else {
            tokio::time::sleep(SOON).await;
            continue;
        };
        if let Err(fault) = &answer {
            reported = report(pipeline, &queue.queue, fault, reported);
        }
        figures.note_backlog(role, answer.ok());
        tokio::time::sleep(EVERY).await;
    }
}

/// One line, for what does not pass by itself; an outage is the pipeline's to report. Whether there is a line now.
fn report(pipeline: &str, queue: &QueueRef, fault: &Fault, reported: bool) -> bool {
    if !reported && fault.class != Class::Retry {
        tracing::warn!(
            pipeline,
            %fault,
            "can't read how many messages {queue} holds: the figures leave it out; allow sqs:GetQueueAttributes"
        );
        return true;
    }
    reported
}

/// A queue that is asked how many messages it holds. It is found when it is asked for the first time.
#[derive(Debug)]
pub(crate) struct QueueLength {
    access: Access,
    queue: QueueRef,
    source: Option<SqsSource>,
}

impl QueueLength {
    pub(crate) fn new(access: Access, queue: QueueRef) -> Self {
        Self { access, queue, source: None }
    }

    /// How many messages wait in the queue; `None` where it does not answer soon, or may not be asked.
    pub(crate) async fn visible(&mut self) -> Option<u64> {
        let answer = tokio::time::timeout(PATIENCE, self.ask()).await.ok()??;
        Some(answer.ok()?.visible)
    }

    /// `None` while the queue can't be found, which the pipeline reports.
    async fn ask(&mut self) -> Option<Result<Backlog, Fault>> {
        if self.source.is_none() {
            let clients = engine::source::connect(self.access.clone()).await.ok()?;
            let found = resolve(&clients, &self.queue).await.ok()?;
            self.source = Some(SqsSource::new(&found, None));
        }
        Some(self.source.as_ref()?.backlog().await)
    }
}
