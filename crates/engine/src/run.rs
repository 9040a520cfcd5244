//! Runs a pipeline: receive, decide, write, settle.
//!
//! ```text
//! pollers ──decide──> storable ──> writers ───committed───> settler ──> delete
//!              │                    │  ▲ refused              ▲
//!              │                    ▼  │                      │
//!              │                waiting room ──hold is over──>│ given back to the queue
//!              │                    │ at fault                │
//!              └────> rejected <────┘ ──> rejecter ─accepted──┘
//! ```
//!
//! A message is one `lease::InFlight` that is moved along; there is no other way to the delete than through a
//! committed write or an accepted dead letter. Channels are unbounded because the permits bound what is in them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use pipeline::{OnConflict, Pipeline};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::task::JoinSet;

use crate::company::Company;
use crate::dlq::DeadLetters;
use crate::evidence::Evidence;
use crate::examine::Examiner;
use crate::fault::{Class, Fault};
use crate::figures::Figures;
use crate::fullness::Fullness;
use crate::gate::Gate;
use crate::give_back::GiveBack;
use crate::groups::WaitingGroups;
use crate::in_flight::{Rejected, Storable};
use crate::last_faults::LastFaults;
use crate::lease::{Idle, InFlight, Leases, Renewal};
use crate::measured::Measured;
use crate::memory::Memory;
use crate::sink::Sink;
use crate::source::Source;
use crate::stop::{Stop, stop_pair};
use crate::store::Store;
use crate::waiting::WaitingRoom;
use crate::{lease, receive, reject, settle, write};

/// The external services of a pipeline.
#[derive(Debug)]
pub struct Services<S, K, D> {
    /// Where messages come from.
    pub source: S,
    /// Where rows go.
    pub sink: K,
    /// Where rejected messages go.
    pub dead_letters: D,
    /// The source is ordered by message group: one writer and one sender keep the order.
    pub ordered: bool,
    /// Deliveries after which a message is dead-lettered; `None` leaves that to the queue's own redrive policy.
    pub max_receives: Option<u32>,
}

/// How a run ends.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    /// Stop by itself once the queue is empty.
    pub until_empty: bool,
    /// How long a drain may take.
    pub grace: Duration,
}

impl Ending {
    /// An empty answer shows that the queue is drained, so the answer should not take twenty seconds. A second is still a
    /// long poll, which asks every server of the queue (Amazon SQS, "short and long polling").
    fn long_poll(self) -> Option<Duration> {
        self.until_empty.then_some(Duration::from_secs(1))
    }
}

/// Dead-letter calls side by side on an unordered queue.
const DEAD_LETTER_CALLS: usize = 16;

/// How long giving messages back may take when the grace period is over.
const RELEASE: Duration = Duration::from_secs(3);

/// Runs one pipeline until `stop` asks for the end, its queue is empty, or a fault is fatal.
///
/// When it returns, every message it received is settled, given back to the queue, or left to its visibility timeout
/// because the queue could not be reached. With `until_empty` it is an error when messages had to be given back.
pub async fn run<S: Source, K: Sink, D: DeadLetters>(
    pipeline: Arc<Pipeline>,
    services: Services<S, K, D>,
    ending: Ending,
    figures: Arc<Figures>,
    stop: Stop,
) -> Result<(), Fault> {
    let source = Arc::new(Measured::new(services.source, &figures));
    figures.begin();
    let leases = Leases::new(source.visibility_timeout(), Arc::clone(&figures));
    let _renewal = Renewal::start(Arc::clone(&leases), Arc::clone(&source), pipeline.name())
        .map_err(|error| Fault::new(Class::Fatal, format!("can't start the thread that renews leases: {error}")))?;
    let idle = Arc::new(Idle::default());
    let (fatal, mut fatals) = mpsc::unbounded_channel();
    // Other pipelines of the process have a stop of their own: none is stopped by the end of this one.
    let (stopper, inner) = stop_pair();
    let plan = pipeline.source();
    let memory = Memory::new(plan.in_flight, plan.in_flight_bytes);
    memory.show_in(&figures);
    let wiring = Wiring {
        source: Arc::clone(&source),
        name: pipeline.name().into(),
        memory,
        pipeline,
        figures: Arc::clone(&figures),
        leases: Arc::clone(&leases),
        idle: Arc::clone(&idle),
        groups: Arc::new(WaitingGroups::new(services.ordered)),
        last_faults: Arc::new(LastFaults::default()),
        gate: Gate::new(),
        ending,
        max_receives: services.max_receives,
        ordered: services.ordered,
        stop: inner.clone(),
        fatal,
    };
    let mut tasks = wiring.spawn(services.sink, Measured::new(services.dead_letters, &figures));
    // Its handles on what the tasks send to must not outlive this line.
    drop(wiring);

    let mut left_waiting = 0;
    let mut first_fatal = tokio::select! {
        // A poller that meets a fatal fault sends it and ends: the fault is the better report.
        biased;
        fault = fatals.recv() => fault,
        ended = tasks.join_next() => unexpected(ended),
        () = stop.draining() => None,
        () = lease::drained(&leases, &idle, &figures, &*source), if ending.until_empty => {
            left_waiting = leases.len() + idle.away();
            None
        }
    };
    figures.progress().drains();
    stopper.drain();
    if first_fatal.is_none() {
        first_fatal = tokio::select! {
            fault = finish(&mut tasks) => fault,
            Some(fault) = fatals.recv() => Some(fault),
            () = tokio::time::sleep(ending.grace) => None,
            None = stop.unless_expired(std::future::pending::<()>()) => None,
        };
    }
    if !tasks.is_empty() {
        let held = leases.receipts();
        stopper.expire();
        // First nothing works on a message any more, then others may have it.
        tasks.shutdown().await;
        let released = tokio::time::timeout(RELEASE, lease::release(&*source, &held)).await;
        figures.counters.released.add(released.unwrap_or(0));
    }
    match first_fatal {
        Some(fault) => Err(fault),
        None if left_waiting > 0 => Err(Fault::new(
            Class::Wait,
            format!("{left_waiting} messages can't be stored yet; they were given back to the queue"),
        )),
        None => Ok(()),
    }
}

/// Waits for all tasks; a panic in one is a fault.
async fn finish(tasks: &mut JoinSet<()>) -> Option<Fault> {
    let mut fault = None;
    while let Some(ended) = tasks.join_next().await {
        fault = fault.or_else(|| ended.err().and_then(|error| unexpected(Some(Err(error)))));
    }
    fault
}

/// No task ends before draining, unless it panicked; its message is on stderr already.
fn unexpected(ended: Option<Result<(), tokio::task::JoinError>>) -> Option<Fault> {
    let how = match ended? {
        Ok(()) => "ended too early",
        Err(error) if error.is_panic() => "panicked",
        Err(_) => "was cancelled",
    };
    Some(Fault::new(Class::Fatal, format!("a task {how}; this is a bug, its messages stay in the queue")))
}

/// What every part of a running pipeline shares.
struct Wiring<S> {
    source: Arc<S>,
    pipeline: Arc<Pipeline>,
    name: Arc<str>,
    figures: Arc<Figures>,
    leases: Arc<Leases>,
    idle: Arc<Idle>,
    groups: Arc<WaitingGroups>,
    last_faults: Arc<LastFaults>,
    gate: Gate,
    memory: Memory,
    ending: Ending,
    max_receives: Option<u32>,
    ordered: bool,
    stop: Stop,
    fatal: mpsc::UnboundedSender<Fault>,
}

impl<S: Source> Wiring<S> {
    /// Starts all tasks. Each ends when those before it have ended, which it sees by their senders being dropped.
    fn spawn<K: Sink, D: DeadLetters>(&self, sink: K, dead_letters: D) -> JoinSet<()> {
        let (storable, storables) = mpsc::unbounded_channel();
        let (rejected, rejections) = mpsc::unbounded_channel();
        let (settled, settlements) = mpsc::unbounded_channel();
        let (waiting, arrivals) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();

        let receiver = Arc::new(self.receiver(storable, rejected.clone()));
        tasks.spawn(receiver.run());
        let store = Arc::new(self.store(sink, settled.clone()));
        tasks.spawn(Arc::clone(&store).look());
        let examiner = Arc::new(Examiner::new(store, rejected));
        let (company, new_batches) = Company::new();
        let writer = Arc::new(write::Writer {
            examiner: Arc::clone(&examiner),
            company: Arc::clone(&company),
            batch: self.pipeline.source().batch,
            groups: Arc::clone(&self.groups),
            storable: Mutex::new(storables),
            waiting,
        });
        for _ in 0..if self.ordered { 1 } else { self.pipeline.source().writers() } {
            tasks.spawn(Arc::clone(&writer).run());
        }
        tasks.spawn(self.waiting_room(examiner, company).run(arrivals, new_batches));
        tasks.spawn(Arc::new(self.rejecter(dead_letters, settled)).run(rejections));
        tasks.spawn(Arc::new(self.settler()).run(settlements));
        tasks
    }

    fn receiver(
        &self,
        storable: mpsc::UnboundedSender<Storable>,
        rejected: mpsc::UnboundedSender<Rejected>,
    ) -> receive::Receiver<S> {
        let plan = self.pipeline.source();
        receive::Receiver {
            source: Arc::clone(&self.source),
            pipeline: Arc::clone(&self.pipeline),
            figures: Arc::clone(&self.figures),
            leases: Arc::clone(&self.leases),
            idle: Arc::clone(&self.idle),
            wait: self.ending.long_poll().map_or(plan.wait, |wait| wait.min(plan.wait)),
            max_receives: self.max_receives,
            ordered: self.ordered,
            last_faults: Arc::clone(&self.last_faults),
            memory: self.memory.clone(),
            failures: AtomicUsize::new(0),
            gate: self.gate.clone(),
            fullness: Fullness::new(plan.linger, plan.pollers),
            more: Notify::new(),
            stop: self.stop.clone(),
            fatal: self.fatal.clone(),
            storable,
            rejected,
        }
    }

    fn store<K: Sink>(&self, sink: K, settled: mpsc::UnboundedSender<InFlight>) -> Store<K> {
        Store {
            sink,
            pipeline: Arc::clone(&self.name),
            figures: Arc::clone(&self.figures),
            gate: self.gate.clone(),
            stop: self.stop.clone(),
            fatal: self.fatal.clone(),
            ordered: self.ordered,
            duplicates_are_errors: self.pipeline.targets().iter().any(|target| target.on_conflict == OnConflict::Error),
            groups: Arc::clone(&self.groups),
            evidence: Evidence::new(self.pipeline.targets().len()),
            settled,
            answers_again: Notify::new(),
        }
    }

    fn waiting_room<K: Sink>(&self, examiner: Arc<Examiner<K>>, company: Arc<Company>) -> WaitingRoom<S, K> {
        let plan = self.pipeline.source();
        WaitingRoom {
            queue: self.give_back(),
            examiner,
            company,
            pipeline: Arc::clone(&self.name),
            figures: Arc::clone(&self.figures),
            groups: Arc::clone(&self.groups),
            last_faults: Arc::clone(&self.last_faults),
            hold: plan.hold,
            capacity: (plan.in_flight / 4).max(1),
            capacity_bytes: plan.in_flight_bytes / 8,
            reported: HashMap::new(),
        }
    }

    fn rejecter<D>(&self, dead_letters: D, settled: mpsc::UnboundedSender<InFlight>) -> reject::Rejecter<S, D> {
        reject::Rejecter {
            queue: self.give_back(),
            dead_letters,
            pipeline: Arc::clone(&self.name),
            figures: Arc::clone(&self.figures),
            stop: self.stop.clone(),
            settled,
            at_once: if self.ordered { 1 } else { DEAD_LETTER_CALLS },
            capacity: (self.pipeline.source().in_flight / 4).max(1),
            kept: AtomicUsize::new(0),
            behind: AtomicUsize::new(0),
        }
    }

    fn settler(&self) -> settle::Settler<S> {
        settle::Settler {
            source: Arc::clone(&self.source),
            pipeline: Arc::clone(&self.name),
            figures: Arc::clone(&self.figures),
            stop: self.stop.clone(),
            leases: Arc::clone(&self.leases),
            memory: self.memory.clone(),
            until_empty: self.ending.until_empty,
            gathering: settle::GATHERING,
            ordered: self.ordered,
        }
    }

    fn give_back(&self) -> GiveBack<S> {
        GiveBack {
            source: Arc::clone(&self.source),
            idle: Arc::clone(&self.idle),
            figures: Arc::clone(&self.figures),
            stop: self.stop.clone(),
        }
    }
}
