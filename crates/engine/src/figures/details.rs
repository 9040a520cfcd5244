//! All that an endpoint shows of one pipeline, read at one moment.

use std::sync::PoisonError;
use std::time::Duration;

use pipeline::message::Code;

use super::{Away, CallReading, Figures, HistogramReading, Reading, Service, StageReading};
use crate::source::Backlog;

/// A queue of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueRole {
    /// The source queue.
    Source,
    /// The dead-letter queue.
    DeadLetters,
}

impl QueueRole {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Source, Self::DeadLetters];

    /// One word for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::DeadLetters => "dlq",
        }
    }
}

/// What [`Figures`] hold at one moment, in full.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The counters.
    pub reading: Reading,
    /// How far the pipeline has come.
    pub stage: StageReading,
    /// Each service, in the order of [`Service::ALL`].
    pub services: Vec<ServiceReading>,
    /// The tables' writes, in the order of [`Reading::tables`].
    pub tables: Vec<TableDetails>,
    /// From sent to settled.
    pub ages: HistogramReading,
    /// The calls to the queue service.
    pub calls: Vec<CallReading>,
    /// Messages in memory, at most.
    pub in_flight_limit: u64,
    /// Bytes of bodies and rows in memory now.
    pub in_flight_bytes: u64,
    /// Bytes of bodies and rows in memory, at most.
    pub in_flight_limit_bytes: u64,
    /// Receive calls side by side, at most.
    pub pollers_limit: u64,
    /// What each queue holds, where it is known.
    pub backlogs: Vec<(QueueRole, Backlog)>,
    /// Of the pipeline file and the files that it names.
    pub config_hash: String,
}

/// The state of an external service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceReading {
    /// Which one.
    pub service: Service,
    /// Since when and why it is away, if it is.
    pub away: Option<Away>,
    /// How long it was away since the start, in all.
    pub outages: Duration,
}

/// The writes to one table.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDetails {
    /// `schema.table`, as the pipeline file names it.
    pub name: String,
    /// How long each committed statement took.
    pub writes: HistogramReading,
}

impl Details {
    /// Every code with its dead letters, those that did not occur included.
    pub fn dead_letters(&self) -> Vec<(Code, u64)> {
        let mut counts = Vec::with_capacity(Code::ALL.len());
        for code in Code::ALL {
            let known = self.reading.dead_letters_by_code.iter().find(|(known, _)| *known == code);
            counts.push((code, known.map_or(0, |(_, count)| *count)));
        }
        counts
    }
}

impl Figures {
    /// All figures now, in full.
    pub fn details(&self) -> Details {
        Details {
            reading: self.read(),
            stage: self.progress.stage(),
            services: Service::ALL.into_iter().map(|service| self.service(service)).collect(),
            tables: self.table_details(),
            ages: self.ages.buckets.read(),
            calls: self.calls.read(),
            in_flight_limit: self.limits.messages as u64,
            in_flight_bytes: self.bytes(),
            in_flight_limit_bytes: self.limits.bytes as u64,
            pollers_limit: self.limits.pollers as u64,
            backlogs: self.known_backlogs(),
            config_hash: self.config_hash.clone(),
        }
    }

    fn service(&self, service: Service) -> ServiceReading {
        ServiceReading { service, away: self.health.of(service), outages: self.health.outages(service) }
    }

    fn table_details(&self) -> Vec<TableDetails> {
        let mut tables = Vec::with_capacity(self.tables.len());
        for table in &self.tables {
            tables.push(TableDetails { name: table.name.clone(), writes: table.writes.read() });
        }
        tables
    }

    fn bytes(&self) -> u64 {
        self.budgets.get().into_iter().flatten().map(|budget| budget.used() as u64).sum()
    }

    fn known_backlogs(&self) -> Vec<(QueueRole, Backlog)> {
        let backlogs = *self.backlogs.lock().unwrap_or_else(PoisonError::into_inner);
        QueueRole::ALL.into_iter().zip(backlogs).filter_map(|(role, backlog)| Some((role, backlog?))).collect()
    }
}
