//! Decides what becomes of messages that the database refuses: dead-lettered, or kept waiting.
//!
//! A refusal alone proves nothing, since the database may have changed for everyone. A message is rejected only where one
//! transaction shows that its tables accept, as a control, rows that they accepted before, and refuse this one: while a
//! transaction has written to a table, nobody can change its rules, but for the text of a trigger's function. Where the
//! control can't reach the reason (an `AFTER` trigger, for instance), the message is a suspect: it is rejected when the
//! table that refuses it accepted new rows of others in the same transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pipeline::message::{Code, Rejection};
use pipeline::row::Rows;
use tokio::sync::mpsc::UnboundedSender;

use crate::fault::{Class, Fault};
use crate::figures::Service;
use crate::in_flight::Rejected;
use crate::sink::{Control, Sink};
use crate::store::{Store, Unstored};

/// Decides about refused messages, and notices when the database refuses everything.
pub(crate) struct Examiner<K> {
    pub(crate) store: Arc<Store<K>>,
    pub(crate) rejected: UnboundedSender<Rejected>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the first of the refusals was that no stored row has followed, and how many there are.
    refusals: Option<(Instant, usize)>,
    /// Since when the database refuses whatever is written.
    outage: Option<Instant>,
    /// What the tables looked like at the start.
    at_start: Option<Vec<String>>,
}

/// Characters of PostgreSQL's message in a reason: it may show a value, and values can be long.
const MAX_REASON: usize = 300;
/// Candidates that are tried after one control: each takes three round trips, and the whole has one timeout.
const CANDIDATES_AT_ONCE: usize = 10;
/// Refusals without a stored row between them, and without a control to write, that count as an outage.
const REFUSALS_OF_AN_OUTAGE: usize = 50;

impl<K: Sink> Examiner<K> {
    pub(crate) fn new(store: Arc<Store<K>>, rejected: UnboundedSender<Rejected>) -> Self {
        Self { store, rejected, state: Mutex::default() }
    }

    /// Remembers what the tables look like, to show later what changed.
    pub(crate) async fn remember_tables(&self) {
        if let Ok(tables) = self.store.sink.describe_tables().await {
            self.state().at_start = Some(tables);
        }
    }

    /// Rejects the messages that are at fault; returns those that have to wait, in their order.
    pub(crate) async fn examine(&self, unstored: Vec<Unstored>) -> Vec<Unstored> {
        let mut waiting = Vec::new();
        let mut candidates = Vec::new();
        for one in unstored {
            match one.fault.as_ref().map(|fault| fault.class) {
                Some(Class::Reject(code)) => self.reject(one, code),
                Some(Class::Refuse(_)) => candidates.push(one),
                Some(Class::Suspect) if one.beside_others => self.reject(one, Code::Constraint),
                _ => waiting.push(one),
            }
        }
        if !candidates.is_empty() {
            waiting.extend(self.confirm(candidates).await);
        }
        // Ids grow in the order of receipt, which a FIFO group keeps.
        waiting.sort_by_key(|one| one.message.in_flight.id());
        waiting
    }

    /// Tries the candidates again, each after a control; returns those that have to wait.
    async fn confirm(&self, mut candidates: Vec<Unstored>) -> Vec<Unstored> {
        let mut waiting = Vec::new();
        while !candidates.is_empty() {
            let rest = candidates.split_off(candidates.len().min(CANDIDATES_AT_ONCE));
            let mut tables: Vec<usize> = candidates.iter().flat_map(|one| one.message.tables()).collect();
            tables.sort_unstable();
            tables.dedup();
            let rows: Vec<&Rows> = candidates.iter().map(|one| &one.message.rows).collect();
            match self.store.sink.write_control(&tables, &self.store.evidence.control(), &rows).await {
                Ok(Control::Accepted(refusals)) => {
                    for (candidate, refusal) in candidates.into_iter().zip(refusals) {
                        waiting.extend(self.reject_or_store(candidate, refusal).await);
                    }
                }
                Ok(Control::NothingToWrite) => {
                    self.note_refusals_without_control(&candidates).await;
                    waiting.extend(candidates);
                }
                Ok(Control::Refused(fault)) => {
                    self.begin_outage(&fault).await;
                    waiting.extend(candidates.into_iter().chain(rest));
                    return waiting;
                }
                // The control itself could not be written, which shows nothing.
                Err(_) => waiting.extend(candidates),
            }
            candidates = rest;
        }
        waiting
    }

    /// Rejects a candidate that was refused after the control, and stores one that was not; returns it where it has to wait.
    async fn reject_or_store(&self, mut candidate: Unstored, refusal: Option<Fault>) -> Vec<Unstored> {
        let Some(fault) = refusal else { return self.store.store(vec![candidate.message]).await };
        let class = fault.class;
        candidate.message.refused_now(&fault);
        candidate.fault = Some(fault);
        match class {
            Class::Reject(code) | Class::Refuse(code) => {
                self.reject(candidate, code);
                Vec::new()
            }
            _ => vec![candidate],
        }
    }

    /// Without a control, many refusals in a row are an outage: nothing was stored that would speak for the database.
    async fn note_refusals_without_control(&self, candidates: &[Unstored]) {
        let news = candidates
            .iter()
            .filter(|one| one.message.refusal.as_ref().is_some_and(|refusal| refusal.times == 1))
            .count();
        let begins = {
            let mut state = self.state();
            let (since, before) = state
                .refusals
                .filter(|(since, _)| !self.store.evidence.stored_since(*since))
                .unwrap_or((Instant::now(), 0));
            state.refusals = Some((since, before + news));
            before + news >= REFUSALS_OF_AN_OUTAGE
        };
        let fault = candidates.iter().find_map(|one| one.fault.as_ref());
        if let (true, Some(fault)) = (begins, fault) {
            self.begin_outage(fault).await;
        }
    }

    /// Notes that the database refuses what it accepted before; reports it once, with what changed.
    async fn begin_outage(&self, fault: &Fault) {
        self.store.figures.health().failed(Service::Database, fault);
        if !self.store.gate.set_refusing(true) {
            return;
        }
        self.state().outage = Some(Instant::now());
        let changes = self.changes().await;
        tracing::error!(
            pipeline = &*self.store.pipeline,
            %fault,
            changes,
            "the database refuses rows like those it accepted before; nothing is dead-lettered for it; \
             correct the tables, or the pipeline file and migrate"
        );
    }

    /// Ends the outage once rows were stored since it began.
    pub(crate) fn notice_recovery(&self) {
        if !self.store.gate.is_refusing() {
            return;
        }
        let outage = self.state().outage;
        let Some(began) = outage.filter(|began| self.store.evidence.stored_since(*began)) else { return };
        let mut state = self.state();
        state.outage = None;
        state.refusals = None;
        drop(state);
        self.store.gate.set_refusing(false);
        self.store.figures.health().recovered(Service::Database);
        let seconds = began.elapsed().as_secs_f64().round();
        tracing::info!(pipeline = &*self.store.pipeline, seconds, "the database accepts such rows again");
    }

    /// What is different about the tables since the start, for a person.
    async fn changes(&self) -> String {
        let now = tokio::time::timeout(Duration::from_secs(5), self.store.sink.describe_tables()).await;
        let state = self.state();
        let (Some(before), Ok(Ok(now))) = (&state.at_start, now) else {
            return "unknown".to_owned();
        };
        let mut changes = Vec::new();
        changes.extend(now.iter().filter(|line| !before.contains(line)).map(|line| format!("new: {line}")));
        changes.extend(before.iter().filter(|line| !now.contains(line)).map(|line| format!("gone: {line}")));
        if changes.is_empty() { "none in columns, constraints and triggers".to_owned() } else { changes.join("; ") }
    }

    fn reject(&self, one: Unstored, code: Code) {
        let fault = one.fault.expect("a message is rejected for a fault of its own");
        let mut rejection = Rejection::new(code, fault.to_string().chars().take(MAX_REASON).collect::<String>());
        rejection.sqlstate.clone_from(&fault.code);
        let mut in_flight = one.message.in_flight;
        in_flight.release_rows();
        let _ = self.rejected.send(Rejected { rejection, in_flight });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
