//! What the helpers of a template draw from, shared with the generator that owns them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;

/// The helpers are closures inside Handlebars' registry, so they share the state with the generator that owns them.
pub(super) type Shared = Arc<Mutex<State>>;

/// What the helpers draw from.
pub(super) struct State {
    pub(super) rng: Xoshiro256PlusPlus,
    /// What `seq` gave last.
    pub(super) sequence: u64,
    /// The time at which the clock stands still.
    pub(super) fixed: Option<Timestamp>,
}

impl State {
    /// The time that `now` and `unix` give.
    pub(super) fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }
}

/// Panics don't leave the state half-written: a draw is one assignment.
pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
