//! The connections of a replica to PostgreSQL.

use std::time::Duration;

use super::Weather;
use crate::random::Random;

const NAMES: [&str; 5] =
    ["cut connections", "stalled connections", "half-open connections", "refused connections", "slow connections"];

impl Weather {
    pub(super) async fn break_network(&self, replica: usize, mut random: Random) {
        let proxy = &self.stage.proxies[replica];
        while self.pause(&mut random, 1500..6000).await {
            let name = random.choose(&NAMES);
            match name {
                "cut connections" => proxy.cut_connections(),
                "stalled connections" => proxy.stall(),
                "half-open connections" => proxy.half_open(),
                "refused connections" => {
                    proxy.refuse_connections();
                    proxy.cut_connections();
                }
                _ => proxy.delay(Duration::from_millis(20)),
            }
            self.note(name).await;
            // Longer than `write_timeout` as well.
            tokio::time::sleep(random.milliseconds(100..3000)).await;
            proxy.forward();
        }
    }
}
