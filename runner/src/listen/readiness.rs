//! Whether a pipeline does its work, and what keeps it from it.

use std::time::{Duration, SystemTime};

use engine::{Details, Figures, Service, Stage};
use jiff::Timestamp;
use serde::Serialize;

/// Longest time without a sign of life of a pipeline's thread.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// The state of a pipeline in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// It looks for its queues and its database.
    Starting,
    /// It receives.
    Running,
    /// A service that it needs does not do what is asked of it.
    Outage,
    /// It receives no more.
    Draining,
    /// It ended by a failure.
    Failed,
}

/// The state of a pipeline, and why it is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Readiness {
    /// In one word.
    pub(crate) state: State,
    /// The service that is the cause: `queue`, `database` or `dead_letter_queue`.
    pub(crate) seam: Option<&'static str>,
    /// Since when, in RFC 3339.
    pub(crate) since: String,
    /// Why, in the words of whoever failed.
    pub(crate) cause: Option<String>,
}

impl Readiness {
    /// The state that the figures show.
    pub(crate) fn of(details: &Details) -> Self {
        let stage = &details.stage;
        let state = match stage.stage {
            Stage::Starting => State::Starting,
            Stage::Running => State::Running,
            Stage::Draining => State::Draining,
            Stage::Failed => State::Failed,
        };
        let away = details.services.iter().find_map(|one| Some((one.service, one.away.as_ref()?)));
        match away {
            Some((service, away)) if state == State::Running => {
                Self::new(State::Outage, Some(service), away.since, Some(away.cause.clone()))
            }
            _ => Self::new(state, stage.service, stage.since, stage.cause.clone()),
        }
    }

    /// Whether it does its work.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == State::Running
    }

    fn new(state: State, service: Option<Service>, since: SystemTime, cause: Option<String>) -> Self {
        Self { state, seam: service.map(Service::word), since: rfc3339(since), cause }
    }
}

/// A time for programs and people.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    Timestamp::try_from(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}

/// Whether the pipeline's thread has moved lately, or has ended.
pub(crate) fn is_alive(figures: &Figures, longest: Duration) -> bool {
    figures.progress().silence().is_none_or(|silence| silence <= longest)
}
