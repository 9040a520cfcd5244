//! How far a pipeline has come, and whether its thread moves.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::Service;

/// The stages of a pipeline, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Stage {
    /// It looks for its queues and its database.
    #[default]
    Starting,
    /// It receives.
    Running,
    /// It receives no more: it finishes what is in flight, or is done.
    Draining,
    /// It ended by a failure.
    Failed,
}

/// Since when a pipeline is in its stage, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageReading {
    /// Where it is.
    pub stage: Stage,
    /// Since when.
    pub since: SystemTime,
    /// What keeps it from starting, or why it failed.
    pub cause: Option<String>,
    /// The service that is the cause, where it is one.
    pub service: Option<Service>,
}

/// How far a pipeline has come. Its own thread writes it.
#[derive(Debug)]
pub struct Progress {
    stage: Mutex<StageReading>,
    origin: Instant,
    /// When the thread moved last, in milliseconds since `origin`.
    moved: AtomicU64,
    over: AtomicBool,
}

impl Progress {
    pub(super) fn new() -> Self {
        let stage = StageReading { stage: Stage::default(), since: SystemTime::now(), cause: None, service: None };
        Self {
            stage: Mutex::new(stage),
            origin: Instant::now(),
            moved: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// Where the pipeline is.
    pub fn stage(&self) -> StageReading {
        self.lock().clone()
    }

    /// For how long the pipeline's thread has not moved; `None` once it is over.
    pub fn silence(&self) -> Option<Duration> {
        let moved = self.origin + Duration::from_millis(self.moved.load(Ordering::Relaxed));
        (!self.over.load(Ordering::Relaxed)).then(|| moved.elapsed())
    }

    /// Notes once a second that the pipeline's runtime gets its turn; never returns.
    pub async fn keep_moving(&self) {
        loop {
            let since = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.moved.store(since, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Notes why an attempt at starting failed; there will be another.
    pub fn can_not_start(&self, service: Option<Service>, cause: String) {
        let mut stage = self.lock();
        if stage.stage == Stage::Starting {
            (stage.cause, stage.service) = (Some(cause), service);
        }
    }

    /// Notes that the pipeline receives.
    pub(super) fn runs(&self) {
        self.enter(Stage::Running, None);
    }

    /// Notes that the pipeline receives no more.
    pub fn drains(&self) {
        self.enter(Stage::Draining, None);
    }

    /// Notes that the pipeline has ended, and the failure that ended it, if one did.
    pub fn ended(&self, failure: Option<String>) {
        let stage = if failure.is_some() { Stage::Failed } else { Stage::Draining };
        self.enter(stage, failure);
        self.over.store(true, Ordering::Relaxed);
    }

    /// A stage is entered once, and none after a later one.
    fn enter(&self, next: Stage, cause: Option<String>) {
        let mut stage = self.lock();
        if stage.stage < next {
            *stage = StageReading { stage: next, since: SystemTime::now(), cause, service: None };
        }
    }

    fn lock(&self) -> MutexGuard<'_, StageReading> {
        // No code panics while it holds the lock.
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_entered_in_their_order() {
        let progress = Progress::new();
        progress.can_not_start(Some(Service::Queue), "no such queue".to_owned());
        let starting = progress.stage();
        assert_eq!((starting.stage, starting.service), (Stage::Starting, Some(Service::Queue)));
        progress.runs();
        assert_eq!((progress.stage().stage, progress.stage().cause), (Stage::Running, None));
        progress.drains();
        progress.runs();
        assert_eq!(progress.stage().stage, Stage::Draining);
        assert!(progress.silence().is_some());
        progress.ended(Some("the queue is gone".to_owned()));
        progress.ended(None);
        assert_eq!(progress.stage().cause.as_deref(), Some("the queue is gone"));
        assert_eq!(progress.silence(), None, "what is over can't hang");
    }

    #[tokio::test]
    async fn silence_ends_when_the_runtime_gets_its_turn() {
        let progress = Progress::new();
        std::thread::sleep(Duration::from_millis(30));
        assert!(progress.silence() >= Some(Duration::from_millis(30)));
        let _ = tokio::time::timeout(Duration::from_millis(1), progress.keep_moving()).await;
        std::thread::sleep(Duration::from_millis(2));
        let silence = progress.silence().expect("it is not over");
        assert!(silence < Duration::from_secs(20) && progress.moved.load(Ordering::Relaxed) >= 30, "{silence:?}");
    }
}
