//! Whether the external services of a pipeline answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// What a pipeline needs from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// The source queue.
    Queue,
    /// PostgreSQL.
    Database,
    /// The dead-letter queue.
    DeadLetterQueue,
}

impl Service {
    /// Every service, in the order a message meets them.
    pub const ALL: [Self; 3] = [Self::Queue, Self::Database, Self::DeadLetterQueue];

    /// As a sentence names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Database => "database",
            Self::DeadLetterQueue => "dead-letter queue",
        }
    }

    /// One word for logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Database => "database",
            Self::DeadLetterQueue => "dead_letter_queue",
        }
    }
}

/// A service that does not do what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    /// When it failed first.
    pub since: SystemTime,
    /// The last failure, in its own words.
    pub cause: String,
}

/// The state of each service: fine, or away since when and why.
#[derive(Debug, Default)]
pub struct Health {
    services: Mutex<[State; Service::ALL.len()]>,
    /// The same in short, for those who ask often.
    away: [AtomicBool; Service::ALL.len()],
}

#[derive(Debug, Default)]
struct State {
    away: Option<Away>,
    /// When the present outage began.
    began: Option<Instant>,
    /// It is away only as far as an idle pipeline has looked: work has not failed yet.
    only_looked: bool,
    /// How long all outages took that are over.
    over: Duration,
}

impl Health {
    /// `None` while a service does what is asked of it.
    pub fn of(&self, service: Service) -> Option<Away> {
        if !self.is_away(service) {
            return None;
        }
        self.services()[service as usize].away.clone()
    }

    /// Whether a service does not do what is asked of it. Takes no lock.
    pub fn is_away(&self, service: Service) -> bool {
        self.away[service as usize].load(Ordering::Relaxed)
    }

    /// How long a service was away since the start, in all its outages together.
    pub fn outages(&self, service: Service) -> Duration {
        let state = &self.services()[service as usize];
        state.over + state.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    /// Notes a failure; the outage began with the first one.
    pub(crate) fn failed(&self, service: Service, cause: &impl ToString) {
        self.note(service, cause.to_string(), false);
    }

    /// Notes that a service gave no answer to an idle pipeline, or to one that waits for it. Whether that began an outage.
    pub(crate) fn looked_in_vain(&self, service: Service, cause: &impl ToString) -> bool {
        self.note(service, cause.to_string(), true)
    }

    /// Notes that a service answers; what it was away for, if it was.
    pub(crate) fn recovered(&self, service: Service) -> Option<Away> {
        if !self.is_away(service) {
            return None;
        }
        self.end(service, &mut self.services()[service as usize])
    }

    /// Notes that a service answered an idle pipeline. An outage that work has met ends only by work.
    pub(crate) fn looked(&self, service: Service) -> Option<Away> {
        if !self.is_away(service) {
            return None;
        }
        let mut services = self.services();
        let state = &mut services[service as usize];
        if state.only_looked { self.end(service, state) } else { None }
    }

    /// Whether that began an outage.
    fn note(&self, service: Service, cause: String, only_looked: bool) -> bool {
        let mut services = self.services();
        let state = &mut services[service as usize];
        let begins = state.away.is_none();
        let since = state.away.as_ref().map_or_else(SystemTime::now, |away| away.since);
        state.only_looked = only_looked && (begins || state.only_looked);
        // What work has met says more than a look.
        if !only_looked || state.only_looked {
            state.away = Some(Away { since, cause });
        }
        state.began.get_or_insert_with(Instant::now);
        self.away[service as usize].store(true, Ordering::Relaxed);
        begins
    }

    fn end(&self, service: Service, state: &mut State) -> Option<Away> {
        state.over += state.began.take().map_or(Duration::ZERO, |began| began.elapsed());
        state.only_looked = false;
        self.away[service as usize].store(false, Ordering::Relaxed);
        state.away.take()
    }

    fn services(&self) -> MutexGuard<'_, [State; Service::ALL.len()]> {
        // No code panics while it holds the lock.
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_with_its_first_failure_and_shows_the_last() {
        let health = Health::default();
        health.failed(Service::Database, &"connection refused");
        let first = health.of(Service::Database).expect("it is away");
        health.failed(Service::Database, &"too many connections");
        let now = health.of(Service::Database).expect("it is still away");
        assert_eq!((now.since, now.cause.as_str()), (first.since, "too many connections"));
        assert_eq!(health.of(Service::Queue), None);
        assert_eq!(health.recovered(Service::Database), Some(now));
        assert_eq!(health.of(Service::Database), None);
    }

    #[test]
    fn a_look_ends_only_what_a_look_began() {
        let health = Health::default();
        assert!(health.looked_in_vain(Service::Database, &"no answer"));
        assert!(health.looked(Service::Database).is_some());
        health.failed(Service::Database, &"no such table");
        assert!(!health.looked_in_vain(Service::Database, &"no answer"));
        assert_eq!(health.of(Service::Database).map(|away| away.cause).as_deref(), Some("no such table"));
        assert_eq!(health.looked(Service::Database), None);
        assert!(health.recovered(Service::Database).is_some());
    }

    #[test]
    fn work_that_fails_takes_over_what_a_look_began() {
        let health = Health::default();
        health.looked_in_vain(Service::Database, &"no answer");
        health.failed(Service::Database, &"connection refused");
        assert_eq!(health.looked(Service::Database), None);
        assert!(health.is_away(Service::Database));
    }

    #[test]
    fn outages_add_up() {
        let health = Health::default();
        for _ in 0..2 {
            health.failed(Service::Queue, &"throttled");
            std::thread::sleep(Duration::from_millis(10));
            health.recovered(Service::Queue);
        }
        let after = health.outages(Service::Queue);
        assert!(after >= Duration::from_millis(20), "{after:?}");
        assert_eq!(health.outages(Service::Queue), after, "none is under way");
        assert_eq!(health.outages(Service::Database), Duration::ZERO);
    }
}
