//! Does one action after the other.

use std::pin::pin;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::{mpsc, oneshot};

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

/// How long the end of the process waits until an action has given its letters back: with the 25 s of the pipelines less
/// than the 30 s after which Kubernetes kills.
const GRACE: Duration = Duration::from_secs(4);

/// Does the actions.
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
            let mut result = pin!(on_a_thread(reachable, action, stop));
            // Whoever asked may be gone, so that an answer may have no receiver.
            tokio::select! {
                result = &mut result => drop(done.send(result)),
                () = &mut end => {
                    stopper.drain();
                    if let Ok(result) = tokio::time::timeout(GRACE, result).await {
                        let _ = done.send(result);
                    }
                    return;
                }
            }
        }
    }
}

/// Runs an action on a thread of its own: deciding many letters takes time, which the answers to `/live` don't have.
async fn on_a_thread(reachable: Reachable, action: Action, stop: Stop) -> Result<String, Problem> {
    let (send, receive) = oneshot::channel();
    let work = move || {
        let result = crate::runtime::start().and_then(|runtime| runtime.block_on(result(reachable, action, &stop)));
        let _ = send.send(result.map_err(|failure| problem_of(&failure)));
    };
    let started = std::thread::Builder::new().name("action".to_owned()).spawn(work);
    if let Err(error) = started {
        return Err(problem_of(&Failure::Thread(error)));
    }
    let panicked = || Problem(StatusCode::INTERNAL_SERVER_ERROR, "the action panicked; this is a bug".to_owned());
    receive.await.unwrap_or_else(|_| Err(panicked()))
}

fn problem_of(failure: &Failure) -> Problem {
    let status = match failure {
        Failure::Dlq(DlqFailure::NoSuchLetter { .. }) => StatusCode::NOT_FOUND,
        Failure::Dlq(DlqFailure::Interrupted) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    };
    Problem(status, one_line(failure))
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
            Ok(output::dlq::redriven(&done, dry_run, Format::Json))
        }
    }
}
