//! Renders templates from a seedable source of random values, a counter and a clock.

use std::fmt;
use std::sync::{Arc, Mutex};

use handlebars::Handlebars;
use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::helpers;
use super::json_text::escape_json;
use super::state::{Shared, State, lock};

/// Renders templates. Two generators with one seed draw the same values, on every platform and with every later version.
pub struct Generator {
    registry: Handlebars<'static>,
    state: Shared,
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
