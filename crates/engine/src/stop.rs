//! How long-running work is asked to stop, and when asking ends.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

/// The stages of a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    /// Receive no more; finish what is in flight.
    Draining,
    /// The grace period is over: drop what is left.
    Expired,
}

/// The handle that asks. Clones ask for the same stop.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<Stage>);

/// The handle that is asked.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Stage>);

/// A connected pair.
pub fn stop_pair() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(Stage::Running);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Stop receiving and drain. Asking again changes nothing.
    pub fn drain(&self) {
        self.raise(Stage::Draining);
    }

    /// End every wait and every retry now.
    pub fn expire(&self) {
        self.raise(Stage::Expired);
    }

    fn raise(&self, stage: Stage) {
        self.0.send_if_modified(|now| {
            let later = stage > *now;
            *now = stage.max(*now);
            later
        });
    }
}

impl Stop {
    /// Receiving has to end.
    pub fn is_draining(&self) -> bool {
        *self.0.borrow() >= Stage::Draining
    }

    /// Resolves when receiving has to end.
    pub async fn draining(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Runs `work`; `None` when the grace period ended first.
    pub async fn unless_expired<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.reached(Stage::Expired) => None,
        }
    }

    /// Runs `work`; `None` when draining began first.
    pub async fn unless_draining<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.draining() => None,
            done = work => Some(done),
        }
    }

    /// Runs `work`; `None` when draining began and `moment` has passed since.
    pub async fn unless_draining_for<T>(&self, moment: Duration, work: impl Future<Output = T>) -> Option<T> {
        let moment_over = async {
            self.draining().await;
            tokio::time::sleep(moment).await;
        };
        tokio::select! {
            biased;
            done = work => Some(done),
            () = moment_over => None,
        }
    }

    async fn reached(&self, stage: Stage) {
        // A dropped Stopper can't ask any more: then nobody stops us.
        if self.0.clone().wait_for(|now| *now >= stage).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
