//! Runs a pipeline: receive, decide, write, settle.
//!
//! ```text
//! pollers ──decide──> storable ──> writers ──committed──> settler ──> delete
//!              └────> doomed <──rejected──┘ └─> rejecter ──accepted──┘
//! ```
//!
//! A message is one [`lease::InFlight`] that is moved along; there is no other way to the delete than through a
//! committed write or an accepted dead letter. Channels are unbounded because the permits bound what is in them.

pub mod decide;
mod lease;
mod receive;
mod reject;
mod settle;
mod stats;
mod write;

pub use stats::{Reading, Stats};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use crate::dlq::DeadLetters;
use crate::fault::Fault;
use crate::message::Rejection;
use crate::plan::Pipeline;
use crate::row::Rows;
use crate::sink::Sink;
use crate::source::Source;
use crate::stop::{Stop, Stopper};
use lease::{InFlight, Leases};

/// The three outsides of a pipeline.
#[derive(Debug)]
pub struct Seams<S, K, D> {
    /// Where messages come from.
    pub source: S,
    /// Where rows go.
    pub sink: K,
    /// Where rejected messages go.
    pub dead_letters: D,
    /// The source is ordered by message group: one writer and one sender keep the order.
    pub ordered: bool,
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Stop by itself once the queue is empty.
    pub until_empty: bool,
    /// How long a drain may take.
    pub grace: Duration,
}

/// A message with its rows.
struct Storable {
    rows: Rows,
    in_flight: InFlight,
}

/// A message with the reason it can't be stored.
struct Doomed {
    rejection: Rejection,
    in_flight: InFlight,
}

/// Writes side by side on an unordered queue: one is on its way while the other's batch is built.
pub const WRITERS: usize = 2;
/// Dead-letter calls side by side on an unordered queue.
const DEAD_LETTER_CALLS: usize = 16;

/// Runs one pipeline until it is stopped, or its queue is empty, or it hits a fatal fault.
///
/// When it returns, every message it received is settled or given back to the queue.
pub async fn run<S: Source, K: Sink, D: DeadLetters>(
    pipeline: Arc<Pipeline>,
    seams: Seams<S, K, D>,
    ending: Ending,
    stats: Arc<Stats>,
    stopper: Stopper,
    stop: Stop,
) -> Result<(), Fault> {
    let source = Arc::new(seams.source);
    let leases = Leases::new(source.visibility_timeout());
    let (fatal, mut fatals) = mpsc::unbounded_channel();
    let wiring = Wiring { pipeline, stats: Arc::clone(&stats), leases: Arc::clone(&leases), stop: stop.clone(), fatal };
    let mut tasks = wiring.spawn(&source, seams.sink, seams.dead_letters, seams.ordered);

    let first_fatal = tokio::select! {
        fault = fatals.recv() => fault,
        () = stop.draining() => None,
        () = lease::drained(&leases, &*source, &stop), if ending.until_empty => None,
        () = leases.renew(&*source) => None,
    };
    stopper.drain();
    let drained = async { while tasks.join_next().await.is_some() {} };
    // A fatal fault means that draining can't succeed either.
    let grace = if first_fatal.is_some() { Duration::ZERO } else { ending.grace };
    let within_grace = tokio::select! {
        done = tokio::time::timeout(grace, stop.unless_expired(drained)) => done.is_ok_and(|done| done.is_some()),
        () = leases.renew(&*source) => false,
    };
    if !within_grace {
        stats.released(leases.release_all(&*source).await);
        stopper.expire();
        tasks.shutdown().await;
    }
    // A fault may also end the drain.
    match first_fatal.or_else(|| fatals.try_recv().ok()) {
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// What every part of a running pipeline shares.
struct Wiring {
    pipeline: Arc<Pipeline>,
    stats: Arc<Stats>,
    leases: Arc<Leases>,
    stop: Stop,
    fatal: mpsc::UnboundedSender<Fault>,
}

impl Wiring {
    /// Starts all tasks. Each ends when those before it have ended: the senders say so by being dropped.
    fn spawn<S: Source, K: Sink, D: DeadLetters>(
        self,
        source: &Arc<S>,
        sink: K,
        dead_letters: D,
        ordered: bool,
    ) -> JoinSet<()> {
        let plan = self.pipeline.source();
        let (gate, gate_state) = watch::channel(true);
        let (storable, storables) = mpsc::unbounded_channel();
        let (doomed, dooms) = mpsc::unbounded_channel();
        let (settled, settlements) = mpsc::unbounded_channel();
        let name: Arc<str> = self.pipeline.name().into();
        let mut tasks = JoinSet::new();

        let receiver = Arc::new(receive::Receiver {
            source: Arc::clone(source),
            pipeline: Arc::clone(&self.pipeline),
            stats: Arc::clone(&self.stats),
            leases: self.leases,
            permits: Arc::new(Semaphore::new(plan.in_flight)),
            gate: gate_state,
            wanted: watch::channel(1).0,
            stop: self.stop.clone(),
            fatal: self.fatal.clone(),
            storable,
            doomed: doomed.clone(),
        });
        for index in 0..plan.pollers {
            tasks.spawn(Arc::clone(&receiver).poll(index));
        }
        let writer = Arc::new(write::Writer {
            sink: Arc::new(sink),
            pipeline: Arc::clone(&name),
            batch: plan.batch,
            stats: Arc::clone(&self.stats),
            gate,
            stop: self.stop.clone(),
            fatal: self.fatal,
            storable: Mutex::new(storables),
            doomed,
            settled: settled.clone(),
        });
        for _ in 0..if ordered { 1 } else { WRITERS } {
            tasks.spawn(Arc::clone(&writer).run());
        }
        let rejecter = reject::Rejecter {
            dead_letters: Arc::new(dead_letters),
            pipeline: Arc::clone(&name),
            stats: Arc::clone(&self.stats),
            stop: self.stop.clone(),
            settled,
            at_once: if ordered { 1 } else { DEAD_LETTER_CALLS },
        };
        tasks.spawn(Arc::new(rejecter).run(dooms));
        let settler =
            settle::Settler { source: Arc::clone(source), pipeline: name, stats: self.stats, stop: self.stop };
        tasks.spawn(Arc::new(settler).run(settlements));
        tasks
    }
}
