//! Whether the external services of a pipeline answer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

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
    services: Mutex<[Option<Away>; Service::ALL.len()]>,
}

impl Health {
    /// `None` while a service does what is asked of it.
    pub fn of(&self, service: Service) -> Option<Away> {
        self.services()[service as usize].clone()
    }

    /// Notes a failure; the outage began with the first one.
    pub(crate) fn failed(&self, service: Service, cause: &impl ToString) {
        let mut services = self.services();
        let since = services[service as usize].as_ref().map_or_else(SystemTime::now, |away| away.since);
        services[service as usize] = Some(Away { since, cause: cause.to_string() });
    }

    /// Notes that a service answers; what it was away for, if it was.
    pub(crate) fn recovered(&self, service: Service) -> Option<Away> {
        self.services()[service as usize].take()
    }

    fn services(&self) -> MutexGuard<'_, [Option<Away>; Service::ALL.len()]> {
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
}
