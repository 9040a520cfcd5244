//! Whether a pipeline does its work, and what keeps it from it.

use std::time::{Duration, SystemTime};

use engine::{Details, Figures, Service, Stage};
use jiff::Timestamp;
use serde::Serialize;

/// Longest time without a sign of life of a pipeline's thread.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_mins(1);

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
        let reached = &details.stage;
        let state = match reached.stage {
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
            _ => Self::new(state, reached.service, reached.since, reached.cause.clone()),
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn figures() -> Figures {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pipelines/transactions.yaml");
        let files = compiler::config::load(&[file], &compiler::config::Environment::new());
        let compiled = compiler::compile(&files).expect("the example compiles");
        Figures::new(&compiled.pipelines[0])
    }

    #[test]
    fn a_pipeline_whose_thread_hangs_is_not_alive_and_one_that_has_ended_is() {
        let figures = figures();
        let longest = Duration::from_millis(20);
        std::thread::sleep(longest * 2);
        assert!(!is_alive(&figures, longest), "nothing moved");
        assert!(is_alive(&figures, LONGEST_SILENCE));
        figures.progress().ended(None);
        assert!(is_alive(&figures, longest), "what has ended can't hang");
    }

    #[test]
    fn a_pipeline_is_ready_only_while_it_receives() {
        let figures = figures();
        let starting = Readiness::of(&figures.details());
        assert_eq!((starting.state, starting.is_ready()), (State::Starting, false));
        figures.progress().can_not_start(Some(Service::Database), "no table".to_owned());
        let starting = Readiness::of(&figures.details());
        assert_eq!((starting.seam, starting.cause.as_deref()), (Some("database"), Some("no table")));
        figures.progress().drains();
        let draining = Readiness::of(&figures.details());
        assert_eq!((draining.state, draining.is_ready(), draining.cause), (State::Draining, false, None));
        figures.progress().ended(Some("the queue is gone".to_owned()));
        let failed = Readiness::of(&figures.details());
        assert_eq!((failed.state, failed.cause.as_deref()), (State::Failed, Some("the queue is gone")));
    }
}
