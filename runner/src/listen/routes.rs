//! The paths of the endpoint, and what each answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::stream::{Stream, unfold};
use serde::Serialize;

use super::Watched;
use super::collector;
use super::history::History;
use super::page;
use super::readiness::{LONGEST_SILENCE, Readiness, is_alive};
use super::recent::{self, Recent};
use super::status::{PipelineStatus, Status};

/// What every answer is made of.
#[derive(Debug)]
pub(crate) struct Shared {
    pipelines: Vec<Watched>,
    recent: Mutex<Vec<Recent>>,
    histories: Mutex<BTreeMap<String, History>>,
    started: SystemTime,
}

/// The status, the headers and the text of an answer.
type Answer = (StatusCode, [(HeaderName, &'static str); 2], String);

const JSON: &str = "application/json";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every path; others are not found, and methods other than GET and HEAD not allowed.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/status", get(status))
        .route("/events", get(events))
        .merge(page::router())
        .with_state(shared)
}

impl Shared {
    pub(super) fn new(pipelines: Vec<Watched>) -> Self {
        let recent = pipelines.iter().map(|_| Recent::default()).collect();
        Self { pipelines, recent: Mutex::new(recent), histories: Mutex::default(), started: SystemTime::now() }
    }

    /// Keeps a sample of each pipeline's figures each second; never returns.
    pub(super) async fn keep_samples(&self) {
        loop {
            for (pipeline, recent) in self.pipelines.iter().zip(&mut *self.lock_recent()) {
                recent.keep(&pipeline.figures.details());
            }
            for (name, status) in &self.status().pipelines {
                self.lock_histories().entry(name.clone()).or_default().keep(status);
            }
            tokio::time::sleep(recent::EVERY).await;
        }
    }

    fn status(&self) -> Status {
        let mut pipelines = BTreeMap::new();
        for (pipeline, recent) in self.pipelines.iter().zip(&*self.lock_recent()) {
            let details = pipeline.figures.details();
            let (rates, ages) = recent.until_now(&details);
            let rejections = pipeline.figures.rejections();
            let status = PipelineStatus::new(&pipeline.about, details, rejections, rates, ages);
            pipelines.insert(pipeline.name.clone(), status);
        }
        Status::new(self.started, pipelines)
    }

    fn lock_histories(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, History>> {
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_recent(&self) -> std::sync::MutexGuard<'_, Vec<Recent>> {
        // No code panics while it holds the lock.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Answer {
    answer(StatusCode::OK, OPEN_METRICS, collector::open_metrics(&shared.pipelines))
}

/// Whether the process does anything at all: a supervisor restarts it where it does not.
async fn live(State(shared): State<Arc<Shared>>) -> Answer {
    #[derive(Serialize)]
    struct Live<'a> {
        live: bool,
        hanging: Vec<&'a str>,
    }
    let hanging = shared.pipelines.iter().filter(|one| !is_alive(&one.figures, LONGEST_SILENCE));
    let hanging: Vec<&str> = hanging.map(|one| one.name.as_str()).collect();
    let live = hanging.is_empty();
    answer(status_for(live), JSON, json(&Live { live, hanging }))
}

/// Whether every pipeline does its work, and what keeps one from it.
async fn ready(State(shared): State<Arc<Shared>>) -> Answer {
    #[derive(Serialize)]
    struct Ready<'a> {
        ready: bool,
        pipelines: BTreeMap<&'a str, Readiness>,
    }
    let states = shared.pipelines.iter().map(|one| (one.name.as_str(), Readiness::of(&one.figures.details())));
    let pipelines: BTreeMap<&str, Readiness> = states.collect();
    let ready = pipelines.values().all(Readiness::is_ready);
    answer(status_for(ready), JSON, json(&Ready { ready, pipelines }))
}

async fn status(State(shared): State<Arc<Shared>>) -> Answer {
    answer(StatusCode::OK, JSON, json(&shared.status()))
}

/// The last ten minutes at once, and then the status each second, as server-sent events (HTML Standard).
async fn events(State(shared): State<Arc<Shared>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(0, move |sent: u64| {
        let shared = Arc::clone(&shared);
        async move {
            if sent > 1 {
                tokio::time::sleep(recent::EVERY).await;
            }
            let event = match sent {
                0 => Event::default().event("history").data(json(&*shared.lock_histories())),
                _ => Event::default().data(json(&shared.status())),
            };
            Some((Ok(event), sent.saturating_add(1)))
        }
    }))
}

fn status_for(is_good: bool) -> StatusCode {
    if is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn answer(status: StatusCode, content_type: &'static str, text: String) -> Answer {
    (status, [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], text)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the figures are numbers and texts")
}
