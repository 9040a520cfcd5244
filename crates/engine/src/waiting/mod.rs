//! The waiting room: messages that the database does not take now, but may later. They never hold up new work.
//!
//! Each is tried again with growing waits. One that waited longer than `hold`, or for which there is no room, is given back
//! to the queue with a visibility timeout that grows with its receive count; in the end `max_receives`, or the queue's own
//! redrive policy, decides. On a FIFO queue only its group waits.

mod beside;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::backoff::Backoff;
use crate::company::{Company, NewBatch};
use crate::examine::Examiner;
use crate::figures::Figures;
use crate::give_back::{self, GiveBack};
use crate::groups::{Turn, WaitingGroups};
use crate::last_faults::LastFaults;
use crate::sink::Sink;
use crate::source::Source;
use crate::store::Unstored;

/// Tries waiting messages again, and gives them back to the queue in the end.
pub(crate) struct WaitingRoom<S, K> {
    pub(crate) queue: GiveBack<S>,
    pub(crate) examiner: Arc<Examiner<K>>,
    /// Where writers hand over new batches, to try suspects beside them.
    pub(crate) company: Arc<Company>,
    pub(crate) pipeline: Arc<str>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) groups: Arc<WaitingGroups>,
    pub(crate) last_faults: Arc<LastFaults>,
    /// How long a message waits here, at most.
    pub(crate) hold: Duration,
    /// How many messages wait here, at most; on a FIFO queue those behind the first of their group don't count.
    pub(crate) capacity: usize,
    /// Bytes of rows that wait here, at most.
    pub(crate) capacity_bytes: usize,
    /// How many messages waited for each reason, to report the first ones.
    pub(crate) reported: HashMap<Option<String>, u64>,
}

struct Waiting {
    unstored: Unstored,
    schedule: Schedule,
}

/// When a message is tried.
struct Schedule {
    entered: Instant,
    /// By itself, and the waits in between.
    again: Instant,
    backoff: Backoff,
    /// Of a suspect: beside new rows of others.
    beside: Instant,
    beside_backoff: Backoff,
}

/// What is remembered of a message while it is tried.
struct Tried {
    id: u64,
    group: Option<String>,
    schedule: Schedule,
}

/// Messages that are tried again at once.
const TRIED_AT_ONCE: usize = 50;
/// The rest after an attempt, for each millisecond that it took.
const REST: Duration = Duration::from_millis(4);

/// The visibility timeout of the first give-back.
const FIRST_DELAY: Duration = Duration::from_secs(30);

impl<S: Source, K: Sink> WaitingRoom<S, K> {
    /// Runs until the writers have ended; then gives everything back at once.
    pub(crate) async fn run(
        mut self,
        mut arrivals: UnboundedReceiver<Unstored>,
        mut new_batches: UnboundedReceiver<NewBatch>,
    ) {
        self.examiner.remember_tables().await;
        let mut waiting = Vec::new();
        let mut rest_until = Instant::now();
        loop {
            let next = self.next_attempt(&waiting).map(|at| at.max(rest_until));
            let asked = self.ask_for_company(&waiting);
            tokio::select! {
                biased;
                Some(batch) = new_batches.recv() => self.try_beside(batch, &mut waiting).await,
                arrival = arrivals.recv() => match arrival {
                    Some(unstored) => self.admit(unstored, &mut waiting).await,
                    None => break,
                },
                () = tokio::time::sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {
                    // A writer that hands over a batch is not kept waiting by an attempt.
                    if asked && !self.company.withdraw() {
                        continue;
                    }
                    let began = Instant::now();
                    self.try_again(&mut waiting).await;
                    // New work has the database for most of the time.
                    rest_until = Instant::now() + REST * began.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
                }
            }
            self.note_size(&waiting);
        }
        for one in waiting {
            self.give_back(one, Duration::ZERO, Duration::ZERO).await;
        }
        self.figures.waiting(0, 0);
    }

    async fn admit(&mut self, unstored: Unstored, waiting: &mut Vec<Waiting>) {
        let now = Instant::now();
        let mut backoff = Backoff::waiting();
        let again = if unstored.fault.is_some() { now + backoff.next() } else { now };
        self.report(&unstored);
        let schedule = Schedule { entered: now, again, backoff, beside: now, beside_backoff: Backoff::waiting() };
        let one = Waiting { unstored, schedule };
        if self.groups.turn(&one.unstored.message) == Turn::Follow {
            let away = give_back::delay(FIRST_DELAY, &one.unstored.message.in_flight);
            self.give_back(one, Duration::ZERO, away).await;
        } else if self.is_full(waiting) && !self.is_outage() {
            let delay = give_back::delay(FIRST_DELAY, &one.unstored.message.in_flight);
            self.give_back_group(one, delay, waiting).await;
        } else {
            waiting.push(one);
        }
    }

    /// When the next message is due: those behind another of their group are not.
    fn next_attempt(&self, waiting: &[Waiting]) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        for index in first_of_each_group(waiting, &self.groups) {
            let one = &waiting[index];
            let beside = Some(one.schedule.beside).filter(|at| one.unstored.is_suspect() && *at > now);
            for at in [Some(one.schedule.again), beside].into_iter().flatten() {
                next = Some(next.map_or(at, |next: Instant| next.min(at)));
            }
        }
        next
    }

    /// Tries what is due in one batch, examines what is refused again, and gives back what waited too long.
    async fn try_again(&self, waiting: &mut Vec<Waiting>) {
        let now = Instant::now();
        let mut due = first_of_each_group(waiting, &self.groups);
        due.retain(|index| waiting[*index].schedule.again <= now);
        due.truncate(TRIED_AT_ONCE);
        let (unstored, tried) = self.take(&due, waiting);
        let batch = unstored.into_iter().map(|one| one.message).collect();
        let unstored = self.examiner.store.store(batch).await;
        for (unstored, mut schedule) in self.examine(unstored, tried).await.into_iter().rev() {
            schedule.again = Instant::now() + schedule.backoff.next();
            let one = Waiting { unstored, schedule };
            if one.schedule.entered.elapsed() >= self.hold {
                let delay = give_back::delay(FIRST_DELAY, &one.unstored.message.in_flight);
                self.give_back_group(one, delay, waiting).await;
            } else {
                waiting.insert(0, one);
            }
        }
    }

    /// Takes the messages with these indexes out of the room, in their order.
    fn take(&self, indexes: &[usize], waiting: &mut Vec<Waiting>) -> (Vec<Unstored>, Vec<Tried>) {
        let (mut unstored, mut tried) = (Vec::new(), Vec::new());
        for index in indexes.iter().rev() {
            let one = waiting.remove(*index);
            let message = &one.unstored.message;
            let group = self.groups.of(message).map(str::to_owned);
            tried.push(Tried { id: message.in_flight.id(), group, schedule: one.schedule });
            unstored.push(one.unstored);
        }
        unstored.reverse();
        (unstored, tried)
    }

    /// Examines what was refused of the messages that were tried; returns those that have to wait on, in their order.
    async fn examine(&self, unstored: Vec<Unstored>, mut tried: Vec<Tried>) -> Vec<(Unstored, Schedule)> {
        let still = self.examiner.examine(unstored).await;
        self.examiner.notice_recovery();
        let mut remaining = Vec::with_capacity(still.len());
        for unstored in still {
            let id = unstored.message.in_flight.id();
            if let Some(at) = tried.iter().position(|one| one.id == id) {
                remaining.push((unstored, tried.swap_remove(at).schedule));
            }
        }
        for settled in tried {
            self.groups.left(settled.group.as_deref());
        }
        remaining
    }

    /// Gives a message back, and on a FIFO queue those of its group behind it.
    async fn give_back_group(&self, one: Waiting, delay: Duration, waiting: &mut Vec<Waiting>) {
        let group = self.groups.of(&one.unstored.message).map(str::to_owned);
        self.groups.released(group.as_deref(), crate::source::unix_ms());
        self.give_back(one, delay, delay).await;
        let mut index = 0;
        while group.is_some() && index < waiting.len() {
            if self.groups.turn(&waiting[index].unstored.message) == Turn::Follow {
                let follower = waiting.remove(index);
                self.give_back(follower, Duration::ZERO, delay).await;
            } else {
                index += 1;
            }
        }
    }

    async fn give_back(&self, one: Waiting, delay: Duration, away: Duration) {
        let message = one.unstored.message;
        if let Some(refusal) = &message.refusal {
            self.last_faults.remember(&message.in_flight.delivery.metadata.message_id, &refusal.fault);
        }
        self.groups.left(self.groups.of(&message));
        self.queue.give_back(message.in_flight, delay, away).await;
    }

    /// Reports the first messages of each reason, then fewer and fewer.
    fn report(&mut self, unstored: &Unstored) {
        let Some(fault) = &unstored.fault else { return };
        let messages = self.reported.entry(fault.code.clone()).or_default();
        *messages += 1;
        if messages.is_power_of_two() {
            tracing::warn!(
                pipeline = &*self.pipeline,
                message_id = unstored.message.in_flight.delivery.metadata.message_id,
                messages,
                %fault,
                "not stored yet: nothing shows that the message is at fault; it waits, others go on"
            );
        }
    }

    fn note_size(&self, waiting: &[Waiting]) {
        let untried = waiting.iter().filter(|one| one.schedule.backoff.attempts() < ATTEMPTS_BEFORE_GIVING_UP).count();
        self.figures.waiting(waiting.len(), untried);
        self.examiner.store.gate.set_full(self.is_full(waiting));
    }

    fn is_full(&self, waiting: &[Waiting]) -> bool {
        let refused = waiting.iter().filter(|one| one.unstored.fault.is_some()).count();
        let bytes: usize = waiting.iter().map(|one| one.unstored.message.rows.size()).sum();
        refused >= self.capacity || bytes >= self.capacity_bytes
    }

    fn is_outage(&self) -> bool {
        self.examiner.store.gate.is_refusing()
    }
}

/// Attempts after which `--until-empty` no longer waits for a message: about five seconds.
const ATTEMPTS_BEFORE_GIVING_UP: u32 = 6;

/// The indexes of the messages that may be tried: on a FIFO queue the first of each group, else all.
fn first_of_each_group(waiting: &[Waiting], of: &WaitingGroups) -> Vec<usize> {
    let mut groups = HashSet::new();
    let mut first = Vec::new();
    for (index, one) in waiting.iter().enumerate() {
        if of.of(&one.unstored.message).is_none_or(|group| groups.insert(group)) {
            first.push(index);
        }
    }
    first
}
