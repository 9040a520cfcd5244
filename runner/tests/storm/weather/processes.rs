//! Replicas that are killed, or ended and started again.

use super::Weather;
use crate::random::Random;
use crate::stage::REPLICAS;

impl Weather {
    pub(super) async fn end_processes(&self, mut random: Random) {
        while self.pause(&mut random, 3000..9000).await {
            let replica = if self.soak { REPLICAS - 1 } else { random.choose(&[0, 1]) };
            let mut replica = self.replicas[replica].lock().await;
            if random.below(10) < 3 {
                // Up to longer than the visibility timeout, where there is time for it.
                replica.freeze().await;
                let longest = if self.short { 3000 } else { 25_000 };
                tokio::time::sleep(random.milliseconds(100..longest)).await;
                replica.thaw().await;
                self.note("frozen process").await;
                continue;
            }
            if random.below(10) < 7 {
                replica.kill().await;
                self.note("kill -9").await;
            } else {
                replica.terminate().await;
                self.note("SIGTERM").await;
            }
            tokio::time::sleep(random.milliseconds(0..1000)).await;
            replica.start().await;
        }
    }
}
