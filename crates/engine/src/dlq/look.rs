//! Looks at the letters of a dead-letter queue. SQS can't be browsed: each letter is received, held, and in the end
//! given back or deleted.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;

use super::dead_letter::DeadLetter;
use super::filter::Filter;
use super::held::Held;
use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::source::{MAX_BATCH, Source, unix_ms};
use crate::stop::Stop;
use pipeline::message::Delivery;

/// Letters held at once, at most: SQS allows 120,000 messages in flight, and others use the queue too.
const MOST_HELD: usize = 100_000;
/// Receives side by side, at most.
const MOST_RECEIVES: u64 = 32;
/// The same where the letters can't be counted.
const RECEIVES_UNCOUNTED: u64 = 4;
/// The long poll of a receive: it asks all of SQS's servers, where a short poll asks some.
const LONG_POLL: Duration = Duration::from_secs(1);
/// How long an answer that is on its way is waited for when the command is to stop: its letters would stay invisible.
const MOMENT: Duration = Duration::from_secs(3);
/// Answers without a new letter, one after another, after which the queue counts as seen.
const FRUITLESS_ANSWERS: u32 = 3;
/// Failed receives of one poller, one after another, after which the queue counts as away.
const MOST_FAILURES: u32 = 8;

/// Which letters a command is about.
#[derive(Debug, Default)]
pub struct Selection {
    /// Those that this is true for; all without it.
    pub filter: Option<Filter>,
    /// So many of them, at most.
    pub max: Option<u64>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Letters in the queue at the start, as far as SQS counted them; `None` where it may not be asked.
    pub about: Option<u64>,
    /// Letters that were looked at.
    pub seen: u64,
    /// Those that were selected.
    pub selected: u64,
    /// Letters that the filter failed for, which are not selected.
    pub filter_failed: u64,
    /// Why it failed for the first of them.
    pub filter_error: Option<String>,
    /// Letters that were sent after the start, and left alone.
    pub arrived_later: u64,
    /// As many letters are held as SQS allows: there may be more.
    pub full: bool,
    /// It was stopped before the end.
    pub interrupted: bool,
}

impl Seen {
    /// Whether all letters that were counted are seen.
    fn are_all(&self) -> bool {
        self.seen > 0 && self.about.is_some_and(|about| self.seen >= about)
    }
}

/// Whether a visitor wants more letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Go on.
    More,
    /// It has what it looked for.
    Enough,
}

/// What is done with the selected letters. Calls run side by side. A letter that the visitor does not discard is given
/// back at the end.
pub trait Visitor {
    /// Handles the selected letters of one answer, which are in the order of the queue.
    fn visit<S: Source>(
        &self,
        letters: Vec<DeadLetter>,
        held: &Held<'_, S>,
    ) -> impl Future<Output = Result<Next, Fault>>;
}

/// Shows each selected letter that the queue holds now to the visitor. The letters are held afterwards. The selection is
/// fixed when this starts: letters that are sent later are not part of it. `progress` gets the number of letters seen so
/// far, and about how many there are, as far as that is known.
pub async fn look<S: Source, V: Visitor>(
    held: &Held<'_, S>,
    queue: &S,
    selection: &Selection,
    visitor: &V,
    stop: &Stop,
    progress: &dyn Fn(u64, u64),
) -> (Seen, Result<(), Fault>) {
    let about = match queue.backlog().await {
        Ok(backlog) => Some(backlog.visible + backlog.in_flight + backlog.delayed),
        // Nobody may count, so empty answers have to show the end.
        Err(fault) if fault.is_access_denied() => None,
        Err(fault) => return (Seen::default(), Err(fault)),
    };
    let state = State { seen: Seen { about, ..Seen::default() }, ..State::default() };
    let look =
        Look { held, queue, selection, visitor, stop, progress, started_at: unix_ms(), state: Mutex::new(state) };
    let receives = about.map_or(RECEIVES_UNCOUNTED, |about| (about / MAX_BATCH as u64 + 1).min(MOST_RECEIVES));
    held.while_renewed(join_all((0..receives).map(|_| look.receive()))).await;
    let mut state = look.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.seen.interrupted = stop.is_draining() && !state.ended;
    (state.seen, state.fault.map_or(Ok(()), Err))
}

/// A look that is under way.
struct Look<'a, S, V> {
    held: &'a Held<'a, S>,
    queue: &'a S,
    selection: &'a Selection,
    visitor: &'a V,
    stop: &'a Stop,
    progress: &'a dyn Fn(u64, u64),
    started_at: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ids: HashSet<String>,
    seen: Seen,
    /// Answers that are being visited: more of their groups may become visible.
    busy: u32,
    /// Answers without a new letter, one after another.
    fruitless: u32,
    ended: bool,
    fault: Option<Fault>,
}

impl<S: Source, V: Visitor> Look<'_, S, V> {
    /// Receives and visits until there is nothing new.
    async fn receive(&self) {
        let mut backoff = Backoff::quick();
        while !self.stop.is_draining() && !self.has_ended() {
            let receive = self.queue.receive(MAX_BATCH, self.wait());
            let Some(answer) = self.stop.unless_draining_for(MOMENT, receive).await else { return };
            match answer {
                Ok(deliveries) => {
                    backoff = Backoff::quick();
                    self.answered(deliveries).await;
                }
                Err(fault) if fault.code.as_deref().is_some_and(|code| code.ends_with("OverLimit")) => self.is_full(),
                Err(fault) if fault.class == Class::Retry && backoff.attempts() < MOST_FAILURES => {
                    self.stop.unless_draining(tokio::time::sleep(backoff.next())).await;
                }
                Err(fault) => self.failed(fault),
            }
        }
    }

    async fn answered(&self, deliveries: Vec<Delivery>) {
        let letters = self.select(deliveries);
        if letters.is_empty() {
            return;
        }
        let visited = self.visitor.visit(letters, self.held).await;
        self.state().busy -= 1;
        match visited {
            Ok(Next::More) => {}
            Ok(Next::Enough) => self.state().ended = true,
            Err(fault) => self.failed(fault),
        }
    }

    /// Holds what was received, and gives the selected letters among it, which are then being visited.
    fn select(&self, deliveries: Vec<Delivery>) -> Vec<DeadLetter> {
        let before = self.state().seen.seen;
        let mut selected = Vec::new();
        for delivery in deliveries {
            let letter = DeadLetter::from(delivery);
            self.held.hold(letter.id(), letter.delivery.receipt.clone());
            if self.is_selected(&letter) {
                selected.push(letter);
            }
        }
        let mut state = self.state();
        let is_new = state.seen.seen > before;
        state.fruitless = if is_new || state.busy > 0 { 0 } else { state.fruitless + 1 };
        state.busy += u32::from(!selected.is_empty());
        let all_of_them = state.seen.are_all();
        state.ended |= state.fruitless >= FRUITLESS_ANSWERS || (all_of_them && state.fruitless > 0);
        (self.progress)(state.seen.seen, state.seen.about.unwrap_or(state.seen.seen));
        drop(state);
        if self.held.count() >= MOST_HELD {
            self.is_full();
        }
        selected
    }

    /// Whether the letter is new, was there at the start, passes the filter, and is not one too many.
    fn is_selected(&self, letter: &DeadLetter) -> bool {
        let later = letter.delivery.metadata.sent_at.is_some_and(|sent_at| sent_at > self.started_at);
        let mut state = self.state();
        if !state.ids.insert(letter.id().to_owned()) || state.is_complete(self.selection.max) {
            return false;
        }
        if later {
            state.seen.arrived_later += 1;
            return false;
        }
        state.seen.seen += 1;
        match self.selection.filter.as_ref().map_or(Ok(true), |filter| filter.selects(letter)) {
            Ok(true) => state.seen.selected += 1,
            Ok(false) => return false,
            Err(error) => {
                state.seen.filter_failed += 1;
                state.seen.filter_error.get_or_insert_with(|| error.to_string());
                return false;
            }
        }
        state.ended |= state.is_complete(self.selection.max);
        true
    }

    /// Once all that was counted is seen, what is left is asked for without waiting.
    fn wait(&self) -> Duration {
        let state = self.state();
        if state.seen.are_all() && state.busy == 0 { Duration::ZERO } else { LONG_POLL }
    }

    fn is_full(&self) {
        let mut state = self.state();
        state.ended = true;
        state.seen.full = true;
    }

    fn failed(&self, fault: Fault) {
        let mut state = self.state();
        state.ended = true;
        state.fault.get_or_insert(fault);
    }

    fn has_ended(&self) -> bool {
        self.state().ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_complete(&self, max: Option<u64>) -> bool {
        max.is_some_and(|max| self.seen.selected >= max)
    }
}
