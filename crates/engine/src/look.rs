//! Looks whether the database answers while nobody writes, and while those who write get no connection.

use std::sync::Arc;
use std::time::Duration;

use crate::fault::Fault;
use crate::figures::Service;
use crate::sink::Sink;
use crate::store::Store;

/// Time between two looks. The sink asks the server only after a silence.
const EVERY: Duration = Duration::from_millis(250);

impl<K: Sink> Store<K> {
    /// Looks until draining begins: what is left then is work.
    pub(crate) async fn look(self: Arc<Self>) {
        let mut answered = true;
        while self.stop.unless_draining(tokio::time::sleep(EVERY)).await.is_some() {
            let is_away = self.figures.health().is_away(Service::Database);
            let Some(answer) = self.stop.unless_draining(self.sink.look(is_away)).await else { return };
            match &answer {
                Ok(true) if !answered => {
                    answered = true;
                    // Whoever waits for the next attempt need not wait any longer.
                    self.answers_again.notify_waiters();
                }
                Ok(_) => {}
                Err(_) => answered = false,
            }
            self.note_look(&answer);
        }
    }

    /// Notes that the database answers. While it refuses whatever is written, that ends no outage.
    pub(crate) fn recovered(&self) {
        self.gate.set_unreachable(false);
        if !self.gate.is_refusing() {
            self.figures.health().recovered(Service::Database);
        }
    }

    fn note_look(&self, answer: &Result<bool, Fault>) {
        let health = self.figures.health();
        match answer {
            Err(fault) => {
                health.looked_in_vain(Service::Database, fault);
            }
            Ok(true) => {
                health.looked(Service::Database);
            }
            Ok(false) => {}
        }
    }
}
