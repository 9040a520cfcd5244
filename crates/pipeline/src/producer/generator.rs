//! What templates draw from: a seedable source of random values, a counter and a clock.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handlebars::Handlebars;
use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::helpers;

/// Renders templates. Two generators with one seed draw the same values, on every platform and with every later version.
pub struct Generator {
    registry: Handlebars<'static>,
    state: Shared,
}

/// The helpers are closures inside Handlebars' registry, so they share the state with the generator that owns them.
pub(super) type Shared = Arc<Mutex<State>>;

/// What the helpers draw from.
pub(super) struct State {
    pub(super) rng: Xoshiro256PlusPlus,
    /// What `seq` gave last.
    pub(super) sequence: u64,
    fixed: Option<Timestamp>,
}

impl State {
    /// The time `now` and `unix` tell.
    pub(super) fn now(&self) -> Timestamp {
        self.fixed.unwrap_or_else(Timestamp::now)
    }
}

/// Panics don't leave the state half-written: a draw is one assignment.
pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Generator {
    /// The same values for the same seed. The clock runs on, unless [`Generator::at`] stops it.
    pub fn seeded(seed: u64) -> Self {
        let state =
            Arc::new(Mutex::new(State { rng: Xoshiro256PlusPlus::seed_from_u64(seed), sequence: 0, fixed: None }));
        Self { registry: registry(&state), state }
    }

    /// Different values at every start.
    pub fn from_entropy() -> Self {
        Self::seeded(rand::random())
    }

    /// Stops the clock: every event then carries this time.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        lock(&self.state).fixed = Some(time);
        self
    }

    pub(super) fn registry(&self) -> &Handlebars<'static> {
        &self.registry
    }

    /// A value from 0 to `end - 1`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        lock(&self.state).rng.random_range(0..end)
    }
}

impl fmt::Debug for Generator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").finish_non_exhaustive()
    }
}

fn registry(state: &Shared) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(escape_json);
    helpers::register(&mut registry, state);
    registry
}

/// `{{...}}` inside a JSON string must stay inside it; `{{{...}}}` writes the text as it is.
pub(super) fn escape_json(text: &str) -> String {
    if !text.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
