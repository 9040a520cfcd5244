//! Gives messages back to the queue that can't be settled now.

use std::sync::Arc;
use std::time::Duration;

use crate::fault::Class;
use crate::figures::Figures;
use crate::lease::{Idle, InFlight};
use crate::source::Source;
use crate::stop::Stop;

/// The longest visibility timeout of a give-back. With `hold` it stays far below the 12 hours that SQS allows in all.
const LONGEST_DELAY: Duration = Duration::from_hours(1);

/// The queue, as far as messages are given back to it.
pub(crate) struct GiveBack<S> {
    pub(crate) source: Arc<S>,
    pub(crate) idle: Arc<Idle>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) stop: Stop,
}

impl<S: Source> GiveBack<S> {
    /// Makes a message visible after `delay`; what is before it in its group keeps it `away` for longer. Where the queue
    /// can't be reached, its visibility timeout ends by itself.
    pub(crate) async fn give_back(&self, in_flight: InFlight, delay: Duration, away: Duration) {
        let receipt = [in_flight.receipt()];
        // From here on nothing renews its visibility timeout.
        drop(in_flight);
        let answer = self.stop.unless_expired(self.source.change_visibility(&receipt, delay)).await;
        match answer.and_then(|mut results| results.pop()) {
            Some(Ok(())) => {
                self.idle.gave_back(away);
                self.figures.counters.released.add(1);
            }
            Some(Err(fault)) if fault.class == Class::Outage => {
                tracing::warn!(%fault, "can't give a message back; it comes back when its visibility timeout ends");
            }
            _ => {}
        }
    }
}

/// The visibility timeout of a give-back: `first`, doubled with each delivery after the first.
pub(crate) fn delay(first: Duration, in_flight: &InFlight) -> Duration {
    let doublings = in_flight.delivery.metadata.receive_count.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(LONGEST_DELAY)
}
