//! What a person may do on the page with dead letters: list them, look at one, and send those of a kind back.
//!
//! Each action is a POST that needs the token and the page's own origin. One runs at a time, on a thread of its own, to its
//! end also when the browser that asked is gone: a redrive that is cut off would send letters twice.

mod guard;
mod request;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::post;
use serde_json::json;
use tokio::sync::Semaphore;

use self::guard::Refused;
use self::request::{Action, Request};
use super::answer::{Answer, JSON, answer};
use crate::backlog::WatchedQueues;
use engine::stop::{Stop, Stopper, stop_pair};
use pipeline::Pipeline;

pub use self::guard::{InvalidToken, Token};

/// Longest body of a request.
const MAX_BODY: usize = 64 << 10;
/// How long the end of the process waits until an action has given its letters back: with the 25 s of the pipelines less
/// than the 30 s after which Kubernetes kills.
const GRACE: Duration = Duration::from_secs(4);

/// The letters of a pipeline, and how to reach them.
#[derive(Debug, Clone)]
struct Reachable {
    pipeline: Arc<Pipeline>,
    queues: WatchedQueues,
}

/// The letters that actions may be about, and who may ask.
#[derive(Debug)]
pub(super) struct Actions {
    token: Token,
    reachable: Mutex<BTreeMap<String, Reachable>>,
    /// One permit: one action at a time.
    free: Arc<Semaphore>,
    /// Both ends of what the end of the process asks of an action.
    stopper: Stopper,
    stop: Stop,
}

/// Why an action was not done.
#[derive(Debug)]
struct Problem(StatusCode, String);

impl Actions {
    /// Actions for whoever has the token.
    pub(super) fn new(token: Token) -> Self {
        let (stopper, stop) = stop_pair();
        Self { token, reachable: Mutex::default(), free: Arc::new(Semaphore::new(1)), stopper, stop }
    }

    /// From now on the letters of this pipeline can be reached.
    pub(super) fn reach(&self, pipeline: Arc<Pipeline>, queues: WatchedQueues) {
        self.reachable().insert(pipeline.name().to_owned(), Reachable { pipeline, queues });
    }

    /// Asks the action under way to end, and waits a moment until it has given its letters back.
    pub(super) async fn end(&self) {
        self.stopper.drain();
        let _ = tokio::time::timeout(GRACE, self.free.acquire()).await;
    }

    async fn run(&self, name: &str, action: Action) -> Result<String, Problem> {
        let reachable = self.reachable().get(name).cloned();
        let reachable = reachable.ok_or_else(|| {
            Problem(StatusCode::NOT_FOUND, format!("no pipeline {name:?} here, or its queues are not known yet"))
        })?;
        if self.stop.is_draining() {
            return Err(Problem(StatusCode::SERVICE_UNAVAILABLE, "the process ends".to_owned()));
        }
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            Problem(StatusCode::CONFLICT, "another action is under way; try again when it is done".to_owned())
        })?;
        work::on_a_thread(reachable, action, self.stop.clone(), permit).await
    }

    fn reachable(&self) -> MutexGuard<'_, BTreeMap<String, Reachable>> {
        self.reachable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `POST /letters/PIPELINE/list`, `show`, `dry-run` and `redrive`.
pub(super) fn router(actions: Arc<Actions>) -> Router {
    Router::new()
        .route("/letters/{pipeline}/{action}", post(act))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(actions)
}

/// Somebody who may act. Extracted before the body is read.
struct Allowed;

impl FromRequestParts<Arc<Actions>> for Allowed {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, actions: &Arc<Actions>) -> Result<Self, Answer> {
        match guard::check(&parts.headers, &actions.token) {
            Ok(()) => Ok(Self),
            Err(refused) => {
                tracing::warn!("an action on the page was refused: {refused}");
                Err(problem(&Problem(refused.status(), refused.to_string())))
            }
        }
    }
}

async fn act(
    _: Allowed,
    State(actions): State<Arc<Actions>>,
    Path((pipeline, action)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let action = match Request::parse(&body).and_then(|request| request.action(&action)) {
        Ok(action) => action,
        Err(error) => return problem(&Problem(StatusCode::BAD_REQUEST, error.to_string())),
    };
    match actions.run(&pipeline, action).await {
        Ok(result) => answer(StatusCode::OK, JSON, result),
        Err(failed) => problem(&failed),
    }
}

fn problem(Problem(status, message): &Problem) -> Answer {
    answer(*status, JSON, json!({ "error": message }).to_string())
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Origin => StatusCode::FORBIDDEN,
        }
    }
}
