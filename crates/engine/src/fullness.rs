//! How many receive calls go side by side, and which of them wait a moment first, by how full the answers are: each call
//! costs money and time, whether its answer has one message or ten.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::source::MAX_BATCH;

/// The answers so far, and what follows from them.
///
/// A full answer shows that one more poller has something to do, a short one that there is one too many. But SQS looks for
/// messages on some of its servers only, and a deep queue may answer with seven, time and again. What distinguishes it is
/// that its answers become no fuller by waiting: so from time to time a call is made the other way, with a pause or
/// without, and pauses are made only as long as they bring more messages for a call. Where they don't, a short answer that
/// came as fast as any is as good as a full one: the messages were there already.
#[derive(Debug)]
pub(crate) struct Fullness {
    /// The longest pause; zero for none.
    linger: Duration,
    /// The most pollers.
    most: usize,
    state: Mutex<State>,
}

/// What a poller does before a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing: the answer before was full or empty, or there was none.
    Nothing,
    /// Nothing, although the answer before was short.
    NoPause,
    /// It waits, so that messages gather.
    Pause(Duration),
}

/// An answer, as far as it counts here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) messages: usize,
    pub(crate) took: Duration,
    /// Memory has room for another poller's answer.
    pub(crate) has_room: bool,
}

#[derive(Debug)]
struct State {
    /// How many pollers the queue has work for.
    wanted: usize,
    /// How many there are. One that is not wanted any more leaves after its answer.
    running: usize,
    /// The next pause. It adapts, so that ten messages gather and not many more.
    pause: Duration,
    /// Messages in an answer after a pause, and in one without, both after a short answer.
    with_pause: Average,
    without_pause: Average,
    /// How long the fastest answer with messages took, lately.
    fastest: Duration,
    short_answers: u32,
}

/// An average over the latest few.
#[derive(Debug, Default, Clone, Copy)]
struct Average(Option<f32>);

/// The shortest pause: what the timer distinguishes.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// After so many short answers one call is made the other way.
const TRIAL_EVERY: u32 = 32;
/// The messages in a short answer of a deep queue, at least; one that is nearly empty answers with one or two.
const SEVERAL: f32 = 3.0;
/// An answer that took longer waited for its message, however slow the queue may be.
const WAITED: Duration = Duration::from_millis(250);
/// Pauses are worth their time as long as the answers after them have so many times the messages.
const WORTH: f32 = 1.25;

impl Fullness {
    /// One poller, which never leaves, of at most so many.
    pub(crate) fn new(linger: Duration, most: usize) -> Self {
        let state = State {
            wanted: 1,
            running: 1,
            pause: linger,
            with_pause: Average::default(),
            without_pause: Average::default(),
            fastest: Duration::MAX,
            // The second short answer is tried already.
            short_answers: TRIAL_EVERY - 2,
        };
        Self { linger, most, state: Mutex::new(state) }
    }

    /// Notes an answer and what was before its call; what to do before the next.
    pub(crate) fn answered(&self, before: Before, answer: Answer) -> Before {
        let mut state = self.state();
        if answer.messages == 0 {
            state.fewer();
            return Before::Nothing;
        }
        state.learn(before, answer);
        if answer.messages < MAX_BATCH {
            return self.short(&mut state, before, answer);
        }
        match before {
            // Ten messages gather in less time. Whether one poller is too few shows without a pause.
            Before::Pause(pause) if pause > SHORTEST_PAUSE => {
                state.pause = (pause / 2).max(SHORTEST_PAUSE);
                return Before::Pause(state.pause);
            }
            Before::Nothing | Before::NoPause if answer.has_room => state.more(self.most),
            _ => {}
        }
        Before::Nothing
    }

    fn short(&self, state: &mut State, before: Before, answer: Answer) -> Before {
        let paused = matches!(before, Before::Pause(_));
        if paused {
            state.pause = (state.pause * 2).min(self.linger);
        }
        let worth_pausing = !self.linger.is_zero() && state.is_worth_pausing();
        if !worth_pausing && !paused && state.is_deep(answer.took) && answer.has_room {
            state.more(self.most);
        } else {
            state.fewer();
        }
        state.short_answers = state.short_answers.wrapping_add(1);
        let other_way = state.short_answers.is_multiple_of(TRIAL_EVERY);
        if worth_pausing != other_way && !self.linger.is_zero() { Before::Pause(state.pause) } else { Before::NoPause }
    }

    /// How many pollers the queue has work for.
    pub(crate) fn wanted(&self) -> usize {
        self.state().wanted
    }

    /// How many pollers are to be started.
    pub(crate) fn missing(&self) -> usize {
        let state = self.state();
        state.wanted.saturating_sub(state.running)
    }

    /// The same, for the one who starts them.
    pub(crate) fn start(&self) -> usize {
        let mut state = self.state();
        let missing = state.wanted.saturating_sub(state.running);
        state.running += missing;
        missing
    }

    /// Whether a poller that may leave does so now.
    pub(crate) fn leave(&self) -> bool {
        let mut state = self.state();
        let leaves = state.running > state.wanted;
        state.running -= usize::from(leaves);
        leaves
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn more(&mut self, most: usize) {
        self.wanted = (self.wanted + 1).min(most).max(self.wanted);
    }

    fn fewer(&mut self) {
        self.wanted = (self.wanted - 1).max(1);
    }

    fn learn(&mut self, before: Before, answer: Answer) {
        // It forgets slowly, since a queue may become slower.
        let forgotten = self.fastest.saturating_add(self.fastest / 16);
        self.fastest = forgotten.min(answer.took);
        match before {
            Before::Nothing => {}
            Before::NoPause => self.without_pause.add(answer.messages),
            Before::Pause(_) => self.with_pause.add(answer.messages),
        }
    }

    /// True as long as one of the two was not tried.
    fn is_worth_pausing(&self) -> bool {
        match (self.with_pause.0, self.without_pause.0) {
            (Some(with), Some(without)) => with >= WORTH * without,
            _ => true,
        }
    }

    /// Whether more messages are there than one poller receives, although an answer without a pause was short: it did not
    /// wait for them, and such answers have several.
    fn is_deep(&self, took: Duration) -> bool {
        self.without_pause.0.is_some_and(|messages| messages >= SEVERAL)
            && took < WAITED
            && took <= self.fastest.saturating_mul(2).saturating_add(Duration::from_millis(1))
    }
}

impl Average {
    fn add(&mut self, messages: usize) {
        #[allow(clippy::cast_precision_loss, reason = "at most ten")]
        let messages = messages as f32;
        let average = self.0.unwrap_or(messages);
        self.0 = Some(average + (messages - average) / 4.0);
    }
}

#[cfg(test)]
mod tests;
