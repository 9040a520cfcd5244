//! The log of a run: outages when they begin and end, and each minute a line of figures for each pipeline and a count for
//! each kind of rejection.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;

use crate::backlog::QueueLength;
use engine::{Figures, Interval, QueueRole, Reading, RejectionReading, Service};

/// Time between two looks at the external services.
const LOOK: Duration = Duration::from_millis(200);
/// A shorter failure is not an outage: calls are repeated, and usually pass at the second try.
const SHORTEST_OUTAGE: Duration = Duration::from_secs(1);
/// Unchanged lines of figures in a row, after which a pipeline is silent until something happens.
const MOST_UNCHANGED: u32 = 10;

/// A pipeline that is reported.
pub(crate) struct Reported {
    /// Its name.
    pub(crate) pipeline: String,
    /// What it counts.
    pub(crate) figures: Arc<Figures>,
    /// Its queue, where it can be asked.
    pub(crate) backlog: Option<QueueLength>,
}

/// The reports of all pipelines.
pub(crate) struct Reports(Vec<Report>);

impl Reports {
    pub(crate) fn new(pipelines: Vec<Reported>) -> Self {
        Self(pipelines.into_iter().map(Report::new).collect())
    }

    /// Reports until it is dropped; figures every `period`.
    pub(crate) async fn repeat(&mut self, period: Duration) {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            self.write_outages();
            if last.elapsed() >= period {
                last = Instant::now();
                join_all(self.0.iter_mut().map(Report::write)).await;
            }
        }
    }

    /// Reports outages that began or ended since the last look.
    pub(crate) fn write_outages(&mut self) {
        self.0.iter_mut().for_each(Report::write_outages);
    }
}

/// The lines of one pipeline.
struct Report {
    pipeline: String,
    figures: Arc<Figures>,
    backlog: Option<QueueLength>,
    interval: Interval,
    unchanged: u32,
    /// The outages that were reported, each since when.
    outages: [Option<SystemTime>; Service::ALL.len()],
}

impl Report {
    fn new(Reported { pipeline, figures, backlog }: Reported) -> Self {
        let interval = Interval::new(Arc::clone(&figures));
        Self { pipeline, figures, backlog, interval, unchanged: 0, outages: [None; Service::ALL.len()] }
    }

    /// Reports the beginning and the end of each outage, once.
    fn write_outages(&mut self) {
        for service in Service::ALL {
            let pipeline = &*self.pipeline;
            let reported = &mut self.outages[service as usize];
            match (self.figures.health().of(service), *reported) {
                (Some(away), None) if length(away.since) >= SHORTEST_OUTAGE => {
                    *reported = Some(away.since);
                    let cause = away.cause;
                    tracing::warn!(pipeline, cause, "outage of the {}; the queue keeps its messages", service.name());
                }
                (None, Some(since)) => {
                    *reported = None;
                    let seconds = length(since).as_secs_f64().round();
                    tracing::info!(pipeline, seconds, "the {} works again", service.name());
                }
                _ => {}
            }
        }
    }

    async fn write(&mut self) {
        // Asked first: once the figures are read, nothing may come between them and their line.
        let backlog = if self.unchanged <= MOST_UNCHANGED { self.backlog().await } else { None };
        let (reading, rejections) = self.interval.read_new();
        self.unchanged = if is_idle(&reading) { self.unchanged.saturating_add(1) } else { 0 };
        if self.unchanged <= MOST_UNCHANGED {
            self.write_figures(&reading, backlog);
        }
        for rejection in &rejections {
            self.write_rejection(rejection);
        }
    }

    /// As the endpoint knows it, or asked now; `None` where it is not known.
    async fn backlog(&mut self) -> Option<u64> {
        let known = self.figures.details().backlogs.into_iter().find(|(role, _)| *role == QueueRole::Source);
        match (known, &mut self.backlog) {
            (Some((_, backlog)), _) => Some(backlog.visible),
            (None, Some(queue)) => queue.visible().await,
            (None, None) => None,
        }
    }

    fn write_figures(&self, reading: &Reading, backlog: Option<u64>) {
        tracing::info!(
            pipeline = self.pipeline,
            per_second = (reading.rate * 10.0).round() / 10.0,
            stored = reading.counts.stored,
            new_rows = reading.rows - reading.duplicates,
            duplicate_rows = reading.duplicates,
            dead_lettered = reading.dead_lettered,
            skipped = reading.counts.skipped,
            in_flight = reading.in_flight,
            waiting = reading.waiting,
            backlog,
            age_p50_ms = reading.p50_ms,
            age_p99_ms = reading.p99_ms,
            "figures since the last such line"
        );
    }

    fn write_rejection(&self, rejection: &RejectionReading) {
        tracing::warn!(
            pipeline = self.pipeline,
            messages = rejection.count,
            last_message_id = rejection.message_id,
            "dead-lettered since the last such line: {}",
            rejection.kind
        );
    }
}

/// Nothing came, nothing ended and nothing is in flight.
fn is_idle(reading: &Reading) -> bool {
    reading.counts.received + reading.counts.stored + reading.dead_lettered + reading.counts.skipped + reading.in_flight
        == 0
}

fn length(since: SystemTime) -> Duration {
    since.elapsed().unwrap_or_default()
}
