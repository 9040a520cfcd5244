//! What a person may do on the page with dead letters: list them, look at one, and send those of a kind back.
//!
//! Each action is a POST that needs the token and the page's own origin. One worker does one action after the other, also
//! when the browser that asked is gone: a redrive that is cut off would send letters twice.

mod guard;
mod request;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode};
use axum::routing::post;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use self::guard::Refused;
use self::request::{Action, Request};
use crate::backlog::WatchedQueues;
use pipeline::Pipeline;

pub use self::guard::{InvalidToken, Token};
pub(super) use self::worker::Worker;

/// Longest body of a request.
const MAX_BODY: usize = 64 << 10;

type Answer = (StatusCode, [(HeaderName, &'static str); 2], String);

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
    jobs: mpsc::Sender<Job>,
    /// One permit: one action at a time.
    free: Arc<Semaphore>,
}

/// An action that waits for the worker.
struct Job {
    reachable: Reachable,
    action: Action,
    done: oneshot::Sender<Result<String, Problem>>,
    /// Given back when the action is done.
    _permit: OwnedSemaphorePermit,
}

/// Why an action was not done.
#[derive(Debug)]
struct Problem(StatusCode, String);

impl Actions {
    /// Actions for whoever has the token, and who does them.
    pub(super) fn new(token: Token) -> (Arc<Self>, Worker) {
        let (jobs, waiting) = mpsc::channel(1);
        let free = Arc::new(Semaphore::new(1));
        (Arc::new(Self { token, reachable: Mutex::default(), jobs, free }), Worker::new(waiting))
    }

    /// From now on the letters of this pipeline can be reached.
    pub(super) fn reach(&self, pipeline: Arc<Pipeline>, queues: WatchedQueues) {
        self.reachable().insert(pipeline.name().to_owned(), Reachable { pipeline, queues });
    }

    async fn run(&self, name: &str, action: Action) -> Result<String, Problem> {
        let reachable = self.reachable().get(name).cloned();
        let reachable = reachable.ok_or_else(|| {
            Problem(StatusCode::NOT_FOUND, format!("no pipeline {name:?} here, or its queues are not known yet"))
        })?;
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| {
            Problem(StatusCode::CONFLICT, "another action is under way; try again when it is done".to_owned())
        })?;
        let (done, result) = oneshot::channel();
        self.jobs.send(Job { reachable, action, done, _permit: permit }).await.map_err(|_| ends())?;
        result.await.unwrap_or_else(|_| Err(ends()))
    }

    fn reachable(&self) -> MutexGuard<'_, BTreeMap<String, Reachable>> {
        self.reachable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ends() -> Problem {
    Problem(StatusCode::SERVICE_UNAVAILABLE, "the process ends".to_owned())
}

/// Does what is asked for until the end; without actions only waits for it.
pub(super) async fn work(worker: Option<Worker>, end: impl Future<Output = ()>) {
    match worker {
        Some(worker) => worker.run_until(end).await,
        None => end.await,
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
            Err(refused) => Err(problem(&Problem(refused.status(), refused.to_string()))),
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
        Ok(result) => answer(StatusCode::OK, result),
        Err(failed) => problem(&failed),
    }
}

fn problem(Problem(status, message): &Problem) -> Answer {
    answer(*status, json!({ "error": message }).to_string())
}

fn answer(status: StatusCode, text: String) -> Answer {
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], text)
}

impl Refused {
    fn status(self) -> StatusCode {
        match self {
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Origin => StatusCode::FORBIDDEN,
        }
    }
}
