//! The paths of the endpoint, and what each answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::stream::{Stream, unfold};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::Watched;
use super::answer::{Answer, JSON, answer};
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
    /// One for each stream of events.
    streams: Arc<Semaphore>,
    /// Whether the page may act.
    actions: bool,
    started: SystemTime,
}

/// Streams of events at once: they leave connections for the other paths.
const STREAMS: usize = 32;

/// Time between two looks whether there is news for a stream.
const LOOK: Duration = Duration::from_millis(100);

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Every path; others are not found, and methods other than GET and HEAD not allowed.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/live", get(live))
        .route("/ready", get(ready))
        .route("/status", get(status))
        .route("/events", get(events))
        .route("/history", get(history))
        .merge(page::router())
        .with_state(shared)
}

impl Shared {
    pub(super) fn new(pipelines: Vec<Watched>, actions: bool) -> Self {
        let recent = pipelines.iter().map(|_| Recent::default()).collect();
        let streams = Arc::new(Semaphore::new(STREAMS));
        let (recent, histories, started) = (Mutex::new(recent), Mutex::default(), SystemTime::now());
        Self { pipelines, recent, histories, streams, actions, started }
    }

    /// Keeps a sample of each pipeline's figures each second; never returns.
    pub(super) async fn keep_samples(&self) {
        loop {
            for (pipeline, recent) in self.pipelines.iter().zip(&mut *self.lock_recent()) {
                recent.keep(&pipeline.figures.details());
            }
            for (name, status) in &self.status().pipelines {
                self.lock_histories().entry(name.clone()).or_default().keep(status.point());
            }
            tokio::time::sleep(recent::EVERY).await;
        }
    }

    fn status(&self) -> Status {
        let mut pipelines = BTreeMap::new();
        for (pipeline, recent) in self.pipelines.iter().zip(&*self.lock_recent()) {
            let details = pipeline.figures.details();
            let (rates, ages) = recent.until_now(&details);
            let status = PipelineStatus::new(pipeline, details, rates, ages);
            pipelines.insert(pipeline.name.clone(), status);
        }
        Status::new(self.started, self.actions, pipelines)
    }

    /// Waits for the next second, or for the moment when a pipeline stops or begins to do its work.
    async fn wait_for_news(&self, sent: Option<(Instant, bool)>) {
        let Some((at, ready)) = sent else { return };
        while at.elapsed() < recent::EVERY && self.is_ready() == ready {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn is_ready(&self) -> bool {
        self.pipelines.iter().all(|one| Readiness::of(&one.figures.details()).is_ready())
    }

    fn lock_histories(&self) -> MutexGuard<'_, BTreeMap<String, History>> {
        self.histories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_recent(&self) -> MutexGuard<'_, Vec<Recent>> {
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

/// The last ten minutes of each pipeline, for the charts of the page.
async fn history(State(shared): State<Arc<Shared>>) -> Answer {
    answer(StatusCode::OK, JSON, json(&*shared.lock_histories()))
}

/// The status at once, and then each second and when a pipeline begins or stops to do its work, as server-sent events.
async fn events(
    State(shared): State<Arc<Shared>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let permit = Arc::clone(&shared.streams).try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Sse::new(unfold((permit, None), move |(permit, sent)| {
        let shared = Arc::clone(&shared);
        async move {
            shared.wait_for_news(sent).await;
            let status = shared.status();
            let event = Event::default().data(json(&status));
            Some((Ok(event), (permit, Some((Instant::now(), status.ready)))))
        }
    })))
}

fn status_for(is_good: bool) -> StatusCode {
    if is_good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("the figures are numbers and texts")
}
