//! After the storm: everything has to arrive, without help and soon.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::replica::Replica;
use crate::stage::{REPLICAS, Stage};

/// Without progress for so long, only messages are left that the queue keeps invisible.
const QUIET: Duration = Duration::from_secs(25);
/// When the rest of the messages counts as stuck.
const STUCK: Duration = Duration::from_mins(1);

/// Between two lines about the progress.
const REPORT: Duration = Duration::from_secs(5);

/// How the storm calmed down.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// Messages that were given back to the queue with a long visibility timeout, which the storm did not wait for.
    pub(crate) hidden: usize,
    /// Messages that are neither stored nor dead-lettered.
    pub(crate) stuck: usize,
}

/// Waits until the queues are empty, and ends the replicas.
pub(crate) async fn until_empty(stage: &Stage, replicas: &[Mutex<Replica>; REPLICAS]) -> Settled {
    let mut settled = Settled::default();
    if !without_progress(stage, QUIET).await {
        // What the replicas hold is given back, so that the rest is hidden by its visibility timeout alone.
        terminate(replicas).await;
        settled.hidden = stage.all_counts().await[1];
        stage.sqs.end_visibility_timeouts();
        for replica in replicas {
            replica.lock().await.start().await;
        }
        without_progress(stage, STUCK).await;
    }
    terminate(replicas).await;
    settled.stuck = stage.all_counts().await.iter().sum();
    settled
}

async fn terminate(replicas: &[Mutex<Replica>; REPLICAS]) {
    for replica in replicas {
        replica.lock().await.terminate().await;
    }
}

/// Waits until the queues are empty (true), or have as many messages as `quiet` before (false).
async fn without_progress(stage: &Stage, quiet: Duration) -> bool {
    let (mut least, mut since, mut reported) = (usize::MAX, Instant::now(), Instant::now());
    while since.elapsed() < quiet {
        let left = stage.all_counts().await.iter().sum();
        if left == 0 {
            return true;
        }
        if left < least {
            (least, since) = (left, Instant::now());
        }
        if reported.elapsed() > REPORT {
            reported = Instant::now();
            println!("{left} messages are left");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    false
}
