//! Does one action after the other.

use std::pin::pin;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::mpsc;

use super::request::{Action, options, selection};
use super::{Job, Problem, Reachable};
use crate::dlq_failure::DlqFailure;
use crate::exit::Failure;
use crate::letters::Letters;
use crate::output;
use crate::output::failure::one_line;
use crate::output::format::Format;
use engine::dlq::Selection;
use engine::stop::{Stop, stop_pair};

/// How long the end of the process waits until an action has given its letters back.
const GRACE: Duration = Duration::from_secs(10);

/// Who does the actions.
pub(in crate::listen) struct Worker(mpsc::Receiver<Job>);

impl Worker {
    pub(super) fn new(jobs: mpsc::Receiver<Job>) -> Self {
        Self(jobs)
    }

    /// Does actions until the process ends; the one under way gets a moment to end well.
    pub(in crate::listen) async fn run_until(mut self, end: impl Future<Output = ()>) {
        let mut end = pin!(end);
        loop {
            let job = tokio::select! {
                job = self.0.recv() => job,
                () = &mut end => return,
            };
            let Some(Job { reachable, action, done, _permit }) = job else { return end.await };
            let (stopper, stop) = stop_pair();
            let mut work = pin!(work(reachable, action, &stop));
            let result = tokio::select! {
                result = &mut work => result,
                () = &mut end => {
                    stopper.drain();
                    let _ = tokio::time::timeout(GRACE, work).await;
                    return;
                }
            };
            // Whoever asked may be gone.
            let _ = done.send(result);
        }
    }
}

async fn work(reachable: Reachable, action: Action, stop: &Stop) -> Result<String, Problem> {
    let done = result(reachable, action, stop).await;
    done.map_err(|failure| failed(&failure))
}

fn failed(failure: &Failure) -> Problem {
    Problem(StatusCode::BAD_GATEWAY, one_line(failure))
}

/// The result as `runner dlq --format json` prints it.
async fn result(reachable: Reachable, action: Action, stop: &Stop) -> Result<String, Failure> {
    let Reachable { pipeline, queues } = reachable;
    let clients = engine::source::connect(queues.access).await.map_err(Failure::Client)?;
    let letters = Letters::open(pipeline, clients, &queues.queues).await?;
    let progress = |_, _| ();
    match action {
        Action::List => {
            let (seen, kinds) = letters.list(&Selection::default(), stop, &progress).await?;
            Ok(output::dlq::listing(&seen, &kinds, Format::Json))
        }
        Action::Show { id } => {
            let letter = letters.find(&id, stop, &progress).await?;
            Ok(output::dlq::letter(&letter, Format::Json))
        }
        Action::Redrive { kind, dry_run } => {
            let done = letters.redrive(&selection(&kind), options(dry_run), stop, &progress).await;
            if !dry_run {
                tracing::info!(%kind, sent = done.redriven.sent, "dead letters were sent back from the page");
            }
            if let Err(fault) = &done.ended {
                tracing::warn!(%kind, %fault, "a redrive from the page ended early");
                return Err(DlqFailure::Queue(fault.copy()).into());
            }
            Ok(output::dlq::redriven(&done, dry_run, Format::Json))
        }
    }
}
