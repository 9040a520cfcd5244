//! The metrics: one row for each, with its name, its type, its labels, what it shows and where it is read.
//!
//! A name is used in dashboards and alerts of others: it never changes its meaning.

use engine::{Details, HistogramReading};

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts durations in buckets.
    Histogram,
    /// Always 1; its labels are what it shows.
    Info,
}

/// A metric. Each also has the label `pipeline`.
#[derive(Debug)]
pub struct Metric {
    /// The name, as it is scraped; a histogram's series end in `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// The labels beside `pipeline`.
    pub labels: &'static [&'static str],
    /// What it shows.
    pub help: &'static str,
    /// Reads it of one pipeline.
    read: fn(&Details, &mut Samples),
}

/// The values of a metric, each with its labels' values.
#[derive(Debug, Default)]
pub(super) struct Samples(pub(super) Vec<(Vec<String>, Value)>);

/// A number.
#[derive(Debug)]
pub(super) enum Value {
    Count(u64),
    Seconds(f64),
    Histogram(HistogramReading),
}

impl Samples {
    fn count(&mut self, labels: &[&str], count: u64) {
        self.push(labels, Value::Count(count));
    }

    fn seconds(&mut self, labels: &[&str], seconds: f64) {
        self.push(labels, Value::Seconds(seconds));
    }

    fn histogram(&mut self, labels: &[&str], reading: &HistogramReading) {
        self.push(labels, Value::Histogram(reading.clone()));
    }

    fn push(&mut self, labels: &[&str], value: Value) {
        self.0.push((labels.iter().map(|label| (*label).to_owned()).collect(), value));
    }
}

impl Metric {
    /// The values of one pipeline.
    pub(super) fn read(&self, details: &Details) -> Samples {
        let mut samples = Samples::default();
        (self.read)(details, &mut samples);
        samples
    }

    /// What it is measured in, where that is not just a number.
    pub fn unit(&self) -> Option<&'static str> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        ["seconds", "bytes"].into_iter().find(|unit| name.ends_with(&format!("_{unit}")))
    }

    /// The name of the family: without the ending that its type adds to each series.
    pub fn family(&self) -> &'static str {
        let ending = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        self.name.strip_suffix(ending).unwrap_or(self.name)
    }
}

/// Every metric.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "runner_messages_received_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Messages received from the queue, those that came again included",
        read: |pipeline, to| to.count(&[], pipeline.reading.counts.received),
    },
    Metric {
        name: "runner_messages_settled_total",
        kind: Kind::Counter,
        labels: &["outcome"],
        help: "Messages that ended, by how: stored, dead_lettered or skipped",
        read: |pipeline, to| {
            to.count(&["stored"], pipeline.reading.counts.stored);
            to.count(&["dead_lettered"], pipeline.reading.dead_lettered);
            to.count(&["skipped"], pipeline.reading.counts.skipped);
        },
    },
    Metric {
        name: "runner_dead_letters_total",
        kind: Kind::Counter,
        labels: &["code"],
        help: "Messages that the dead-letter queue accepted, by runner.code",
        read: |pipeline, to| {
            for (code, count) in pipeline.dead_letters() {
                to.count(&[code.as_str()], count);
            }
        },
    },
    Metric {
        name: "runner_rows_total",
        kind: Kind::Counter,
        labels: &["table"],
        help: "Rows sent to the table in committed writes",
        read: |pipeline, to| {
            for table in &pipeline.reading.tables {
                to.count(&[&table.name], table.rows);
            }
        },
    },
    Metric {
        name: "runner_duplicate_rows_total",
        kind: Kind::Counter,
        labels: &["table"],
        help: "Rows among runner_rows_total that changed nothing, since their key was there already",
        read: |pipeline, to| {
            for table in &pipeline.reading.tables {
                to.count(&[&table.name], table.duplicates);
            }
        },
    },
    Metric {
        name: "runner_released_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Messages given back to the queue",
        read: |pipeline, to| to.count(&[], pipeline.reading.counts.released),
    },
    Metric {
        name: "runner_undeleted_total",
        kind: Kind::Counter,
        labels: &[],
        help: "Settled messages that could not be deleted, so that the queue delivers them again",
        read: |pipeline, to| to.count(&[], pipeline.reading.counts.undeleted),
    },
    Metric {
        name: "runner_message_age_seconds",
        kind: Kind::Histogram,
        labels: &[],
        help: "Time from the sending of a message to its end",
        read: |pipeline, to| to.histogram(&[], &pipeline.ages),
    },
    Metric {
        name: "runner_write_seconds",
        kind: Kind::Histogram,
        labels: &["table"],
        help: "Time that a statement which writes rows takes",
        read: |pipeline, to| {
            for table in &pipeline.tables {
                to.histogram(&[&table.name], &table.writes);
            }
        },
    },
    Metric {
        name: "runner_queue_call_seconds",
        kind: Kind::Histogram,
        labels: &["call", "result"],
        help: "Time that a call to the queue service takes, by how it ends: ok, empty or failed",
        read: |pipeline, to| {
            for one in &pipeline.calls {
                to.histogram(&[one.call.word(), one.result.word()], &one.seconds);
            }
        },
    },
    Metric {
        name: "runner_in_flight",
        kind: Kind::Gauge,
        labels: &[],
        help: "Messages in memory",
        read: |pipeline, to| to.count(&[], pipeline.reading.in_flight),
    },
    Metric {
        name: "runner_in_flight_limit",
        kind: Kind::Gauge,
        labels: &[],
        help: "Most messages in memory: in_flight of the pipeline file",
        read: |pipeline, to| to.count(&[], pipeline.in_flight_limit),
    },
    Metric {
        name: "runner_in_flight_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: "Bytes of bodies and rows in memory, those that are reserved for the next answers included",
        read: |pipeline, to| to.count(&[], pipeline.in_flight_bytes),
    },
    Metric {
        name: "runner_in_flight_limit_bytes",
        kind: Kind::Gauge,
        labels: &[],
        help: "Most bytes of bodies and rows in memory: in_flight_bytes of the pipeline file",
        read: |pipeline, to| to.count(&[], pipeline.in_flight_limit_bytes),
    },
    Metric {
        name: "runner_pollers",
        kind: Kind::Gauge,
        labels: &[],
        help: "Receive calls side by side that the queue has work for",
        read: |pipeline, to| to.count(&[], pipeline.reading.pollers),
    },
    Metric {
        name: "runner_waiting_messages",
        kind: Kind::Gauge,
        labels: &[],
        help: "Messages in memory that the database does not take now, and that are tried again",
        read: |pipeline, to| to.count(&[], pipeline.reading.waiting),
    },
    Metric {
        name: "runner_outage",
        kind: Kind::Gauge,
        labels: &["seam"],
        help: "1 while the queue, the database or the dead_letter_queue does not do what is asked of it, else 0",
        read: |pipeline, to| {
            for one in &pipeline.services {
                to.count(&[one.service.word()], u64::from(one.away.is_some()));
            }
        },
    },
    Metric {
        name: "runner_outage_seconds_total",
        kind: Kind::Counter,
        labels: &["seam"],
        help: "Time in outages since the start",
        read: |pipeline, to| {
            for one in &pipeline.services {
                to.seconds(&[one.service.word()], one.outages.as_secs_f64());
            }
        },
    },
    Metric {
        name: "runner_queue_messages",
        kind: Kind::Gauge,
        labels: &["queue", "state"],
        help: "Messages in the source queue and in the dlq, as the queue service counts them each half minute",
        read: |pipeline, to| {
            for (queue, backlog) in &pipeline.backlogs {
                to.count(&[queue.word(), "visible"], backlog.visible);
                to.count(&[queue.word(), "in_flight"], backlog.in_flight);
                to.count(&[queue.word(), "delayed"], backlog.delayed);
            }
        },
    },
    Metric {
        name: "runner_config_info",
        kind: Kind::Info,
        labels: &["hash"],
        help: "The pipeline file and its schemas: the same hash where they are the same",
        read: |pipeline, to| to.count(&[&pipeline.config_hash], 1),
    },
    Metric {
        name: "runner_build_info",
        kind: Kind::Info,
        labels: &["version"],
        help: "The version of runner",
        read: |_, to| to.count(&[env!("CARGO_PKG_VERSION")], 1),
    },
];
