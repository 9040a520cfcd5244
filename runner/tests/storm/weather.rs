//! The faults of a storm, at random moments until it is over. Each front has random numbers of its own.

mod database;
mod network;
mod processes;
mod queue;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use devstack::sqs::Operation;
use tokio::sync::Mutex;

use crate::random::Random;
use crate::replica::Replica;
use crate::stage::{REPLICAS, Stage};

/// Messages that get through between two faults of a front.
const WORK: u64 = 200;
/// A storm in which nothing gets through goes on: that must not be how it ends.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What the fronts share.
#[derive(Debug)]
pub(crate) struct Weather {
    stage: Arc<Stage>,
    replicas: Arc<[Mutex<Replica>; REPLICAS]>,
    /// The first replica is never ended.
    soak: bool,
    /// Faults follow each other faster in a short storm.
    short: bool,
    over: AtomicBool,
    /// How often each fault came.
    counts: Mutex<BTreeMap<&'static str, u32>>,
}

impl Weather {
    pub(crate) fn new(stage: &Arc<Stage>, replicas: &Arc<[Mutex<Replica>; REPLICAS]>, soak: bool, short: bool) -> Self {
        let (stage, replicas) = (Arc::clone(stage), Arc::clone(replicas));
        Self { stage, replicas, soak, short, over: AtomicBool::new(false), counts: Mutex::default() }
    }

    /// Blows until [`end`](Self::end); then everything is as it was before.
    pub(crate) async fn blow(&self, seed: u64) {
        tokio::join!(
            self.fail_calls(Random::new(seed, 1)),
            self.break_network(0, Random::new(seed, 2)),
            self.break_network(1, Random::new(seed, 3)),
            self.change_database(Random::new(seed, 4)),
            self.end_processes(Random::new(seed, 5)),
        );
    }

    /// Lets the faults that are in force end, and no other begin.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// How often each fault came.
    pub(crate) async fn counts(&self) -> BTreeMap<&'static str, u32> {
        self.counts.lock().await.clone()
    }

    /// Waits for the next fault; false when the storm is over.
    ///
    /// Messages have to get through in between: on a machine that is busy, faults at a fixed pace would let none through.
    async fn pause(&self, random: &mut Random, milliseconds: Range<u64>) -> bool {
        let (began, deleted) = (Instant::now(), self.deleted());
        let pause = random.milliseconds(milliseconds);
        tokio::time::sleep(if self.short { pause / 3 } else { pause }).await;
        let work = if self.short { WORK / 4 } else { WORK };
        while !self.is_over() && began.elapsed() < LONGEST_PAUSE && self.deleted() < deleted + work {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        !self.is_over()
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How many messages were deleted from the queues.
    fn deleted(&self) -> u64 {
        self.stage.sqs.call_counts().of(Operation::DeleteMessageBatch).entries
    }

    async fn note(&self, fault: &'static str) {
        *self.counts.lock().await.entry(fault).or_default() += 1;
    }
}
