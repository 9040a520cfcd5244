//! What a storm is run with: environment variables, else the small version for `cargo test`.

use std::str::FromStr;
use std::time::Duration;

/// The size and the seed of a storm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Different events; some are sent twice.
    pub(crate) messages: u32,
    /// Determines the events, their order and every fault, though not when the processes notice them.
    pub(crate) seed: u64,
    /// Messages a second; `None` is as fast as the backlog allows.
    pub(crate) rate: Option<f64>,
    /// A soak: constant load, and a first replica that is never restarted but sampled.
    pub(crate) soak: bool,
}

/// Long enough for a few faults of each kind, short enough for every run of the tests.
const SMALL: u32 = 3000;
const SMALL_RATE: f64 = 300.0;
const SOAK_RATE: f64 = 500.0;

impl Options {
    /// Reads `STORM_MESSAGES`, `STORM_SEED`, `STORM_RATE`, and `STORM_SECONDS` for a soak.
    pub(crate) fn from_environment() -> Self {
        let seed = variable("STORM_SEED").unwrap_or(42);
        let rate = variable("STORM_RATE");
        if let Some(seconds) = variable::<u64>("STORM_SECONDS") {
            let rate = rate.unwrap_or(SOAK_RATE);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive number of messages")]
            let messages = (rate * Duration::from_secs(seconds).as_secs_f64()) as u32;
            return Self { messages, seed, rate: Some(rate), soak: true };
        }
        match variable("STORM_MESSAGES") {
            Some(messages) => Self { messages, seed, rate, soak: false },
            None => Self { messages: SMALL, seed, rate: Some(rate.unwrap_or(SMALL_RATE)), soak: false },
        }
    }
}

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is `{text}`, which is not a valid number")))
}
