//! Everything the process shows, as one JSON object.

use std::collections::BTreeMap;
use std::time::SystemTime;

use compiler::cases::value;
use engine::{Details, NewestKey, QueueRole, RejectionReading, Service};
use serde::Serialize;
use serde_json::Value;

use super::Watched;
use super::about::About;
use super::history::Point;
use super::readiness::{Readiness, rfc3339};
use super::recent::{Ages, Rates};

/// All pipelines of the process at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Status {
    /// The version of the program.
    pub(crate) version: &'static str,
    /// When the process began, in RFC 3339.
    pub(crate) started: String,
    /// When this was read.
    pub(crate) now: String,
    /// Whether every pipeline does its work.
    pub(crate) ready: bool,
    /// Whether the page may act on dead letters.
    actions: bool,
    /// Each pipeline by its name.
    pub(crate) pipelines: BTreeMap<String, PipelineStatus>,
}

/// One pipeline at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct PipelineStatus {
    /// `state`, `seam`, `since` and `cause`.
    #[serde(flatten)]
    readiness: Readiness,
    about: About,
    received: u64,
    /// How messages ended.
    settled: Outcomes,
    /// Dead letters by their code; codes that did not occur are left out.
    dead_letters: BTreeMap<&'static str, u64>,
    undeleted: u64,
    released: u64,
    rows: u64,
    duplicates: u64,
    tables: Vec<TableStatus>,
    /// Per second, over the last seconds.
    rates: Rates,
    in_flight: u64,
    in_flight_limit: u64,
    in_flight_bytes: u64,
    in_flight_limit_bytes: u64,
    waiting: u64,
    pollers: u64,
    pollers_limit: u64,
    /// From sent to settled, over the last seconds.
    age: Ages,
    /// From sent to settled, since the start.
    age_since_start: Ages,
    /// What the queues hold; `null` where it is not known.
    queues: BTreeMap<&'static str, Option<QueueStatus>>,
    config_hash: String,
    /// The keys of the rows that were written last, the newest first; only in `dev`.
    newest: Option<Vec<KeyStatus>>,
    /// What was rejected since the start, by kind, the most frequent first.
    rejections: Vec<KindStatus>,
    outages: BTreeMap<&'static str, OutageStatus>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Outcomes {
    stored: u64,
    dead_lettered: u64,
    skipped: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct TableStatus {
    name: String,
    rows: u64,
    duplicates: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct KeyStatus {
    table: String,
    key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct KindStatus {
    code: String,
    place: Option<String>,
    keyword: Option<String>,
    sqlstate: Option<String>,
    count: u64,
    first: String,
    last: String,
    /// SQS `MessageId` of the last, and its reason.
    message_id: String,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct QueueStatus {
    visible: u64,
    in_flight: u64,
    delayed: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct OutageStatus {
    /// Whether there is one now.
    now: bool,
    since: Option<String>,
    cause: Option<String>,
    /// All since the start together.
    seconds: f64,
}

impl Status {
    /// The process with these pipelines.
    pub(crate) fn new(started: SystemTime, actions: bool, pipelines: BTreeMap<String, PipelineStatus>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started: rfc3339(started),
            now: rfc3339(SystemTime::now()),
            ready: pipelines.values().all(|pipeline| pipeline.readiness.is_ready()),
            actions,
            pipelines,
        }
    }
}

impl PipelineStatus {
    /// A pipeline with these figures and these of the last seconds.
    pub(crate) fn new(watched: &Watched, details: Details, rates: Rates, age: Ages) -> Self {
        let reading = &details.reading;
        let rejections = watched.figures.rejections();
        Self {
            readiness: Readiness::of(&details),
            about: watched.about.clone(),
            received: reading.counts.received,
            settled: Outcomes {
                stored: reading.counts.stored,
                dead_lettered: reading.dead_lettered,
                skipped: reading.counts.skipped,
            },
            dead_letters: reading.dead_letters_by_code.iter().map(|(code, count)| (code.as_str(), *count)).collect(),
            undeleted: reading.counts.undeleted,
            released: reading.counts.released,
            rows: reading.rows,
            duplicates: reading.duplicates,
            tables: tables(&details),
            rates,
            in_flight: reading.in_flight,
            in_flight_limit: details.in_flight_limit,
            in_flight_bytes: details.in_flight_bytes,
            in_flight_limit_bytes: details.in_flight_limit_bytes,
            waiting: reading.waiting,
            pollers: reading.pollers,
            pollers_limit: details.pollers_limit,
            age,
            age_since_start: Ages::of(&details.ages),
            queues: queues(&details),
            newest: newest(watched),
            rejections: kinds(rejections),
            outages: outages(&details),
            config_hash: details.config_hash,
        }
    }
}

impl PipelineStatus {
    /// What the page draws of this second.
    pub(super) fn point(&self) -> Point {
        let waiting = self.queues.get(QueueRole::Source.word()).and_then(Option::as_ref).map(|queue| queue.visible);
        Point(self.rates.settled(), self.age.p99(), waiting)
    }
}

fn newest(watched: &Watched) -> Option<Vec<KeyStatus>> {
    let mut keys = Vec::new();
    for NewestKey { table, cells } in watched.figures.newest_keys()? {
        let table = &watched.pipeline.targets()[table].table;
        let types = table.primary_key.iter().filter_map(|name| table.columns.iter().find(|one| one.name == *name));
        let values = types.zip(&cells).map(|(column, cell)| match value(cell, column.ty) {
            Value::String(text) => text,
            other => other.to_string(),
        });
        keys.push(KeyStatus { table: table.name.to_string(), key: values.collect::<Vec<_>>().join(", ") });
    }
    Some(keys)
}

fn kinds(rejections: Vec<RejectionReading>) -> Vec<KindStatus> {
    let mut kinds = Vec::with_capacity(rejections.len());
    for one in rejections {
        kinds.push(KindStatus {
            code: one.kind.code,
            place: one.kind.place,
            keyword: one.kind.keyword,
            sqlstate: one.kind.sqlstate,
            count: one.count,
            first: rfc3339(one.first),
            last: rfc3339(one.last),
            message_id: one.message_id,
            reason: one.reason,
        });
    }
    kinds
}

fn tables(details: &Details) -> Vec<TableStatus> {
    let mut tables = Vec::new();
    for table in &details.reading.tables {
        tables.push(TableStatus { name: table.name.clone(), rows: table.rows, duplicates: table.duplicates });
    }
    tables
}

fn queues(details: &Details) -> BTreeMap<&'static str, Option<QueueStatus>> {
    let mut queues = BTreeMap::from(QueueRole::ALL.map(|role| (role.word(), None)));
    for (role, backlog) in &details.backlogs {
        let (visible, in_flight, delayed) = (backlog.visible, backlog.in_flight, backlog.delayed);
        queues.insert(role.word(), Some(QueueStatus { visible, in_flight, delayed }));
    }
    queues
}

fn outages(details: &Details) -> BTreeMap<&'static str, OutageStatus> {
    let mut outages = BTreeMap::new();
    for one in &details.services {
        let outage = OutageStatus {
            now: one.away.is_some(),
            since: one.away.as_ref().map(|away| rfc3339(away.since)),
            cause: one.away.as_ref().map(|away| away.cause.clone()),
            seconds: one.outages.as_secs_f64(),
        };
        outages.insert(Service::word(one.service), outage);
    }
    outages
}
