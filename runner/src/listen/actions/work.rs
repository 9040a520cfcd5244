//! Does an action.

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::request::{Action, options, selection};
use super::{Problem, Reachable};
use crate::dlq_failure::DlqFailure;
use crate::exit::Failure;
use crate::letters::Letters;
use crate::output;
use crate::output::failure::one_line;
use crate::output::format::Format;
use engine::dlq::Selection;
use engine::stop::Stop;

/// Runs an action on a thread of its own: deciding many letters takes time, which the answers to `/live` don't have.
/// The permit is given back when the action is done, whether or not somebody still waits for the result.
pub(super) async fn on_a_thread(
    reachable: Reachable,
    action: Action,
    stop: Stop,
    permit: OwnedSemaphorePermit,
) -> Result<String, Problem> {
    let (send, receive) = oneshot::channel();
    let work = move || {
        let result = crate::runtime::start().and_then(|runtime| runtime.block_on(result(reachable, action, &stop)));
        // Before the answer: whoever has it may ask for the next action.
        drop(permit);
        let _ = send.send(result.map_err(|failure| problem_of(&failure)));
    };
    let started = std::thread::Builder::new().name("action".to_owned()).spawn(work);
    if let Err(error) = started {
        return Err(problem_of(&Failure::Thread(error)));
    }
    let Ok(result) = receive.await else {
        return Err(Problem(StatusCode::INTERNAL_SERVER_ERROR, "the action panicked; this is a bug".to_owned()));
    };
    result
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
    let letters = Letters::open(pipeline, &clients, &queues.queues).await?;
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
