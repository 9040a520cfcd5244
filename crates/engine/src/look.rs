//! Looks whether the database answers while nobody writes, and while those who write get no connection.

use std::sync::Arc;
use std::time::Duration;

use crate::fault::Fault;
use crate::figures::Service;
use crate::sink::Sink;
use crate::store::Store;

/// Time between two looks. The sink asks the server only after a silence.
const EVERY: Duration = Duration::from_millis(500);

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
        let was_closed = self.gate.set_unreachable(false);
        let health = self.figures.health();
        let may_end = health.is_away(Service::Database) && !self.gate.is_refusing();
        let was_away = may_end && health.recovered(Service::Database).is_some();
        if was_closed || was_away {
            tracing::info!(pipeline = &*self.pipeline, "the database answers again");
        }
    }

    fn note_look(&self, answer: &Result<bool, Fault>) {
        let (health, pipeline) = (self.figures.health(), &*self.pipeline);
        match answer {
            Err(fault) if health.looked_in_vain(Service::Database, fault) => {
                tracing::warn!(pipeline, %fault, "the database does not answer; looking again");
            }
            Ok(true) if health.looked(Service::Database).is_some() => {
                tracing::info!(pipeline, "the database answers again");
            }
            _ => {}
        }
    }
}
