//! How many messages a delete has.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::Settler;
use crate::figures::Figures;
use crate::lease::{InFlight, Leases};
use crate::memory::Memory;
use crate::scripted_queue::{ScriptedQueue, delivery, ends, pipeline, settle_down};
use crate::stop::{Stopper, stop_pair};

/// A settler, and what it works with.
struct Stage {
    queue: Arc<ScriptedQueue>,
    leases: Arc<Leases>,
    memory: Memory,
    stopper: Stopper,
    settled: UnboundedSender<InFlight>,
    running: JoinHandle<()>,
}

impl Stage {
    /// A delete waits for an hour.
    fn new(in_flight: usize, change: impl FnOnce(&mut Settler<ScriptedQueue>)) -> Self {
        let figures = Arc::new(Figures::new(&pipeline(in_flight)));
        let leases = Leases::new(Duration::from_hours(1), Arc::clone(&figures));
        let (queue, memory) = (ScriptedQueue::new([]), Memory::new(in_flight, 1 << 20));
        let (stopper, stop) = stop_pair();
        let mut settler = Settler {
            source: Arc::clone(&queue),
            pipeline: "test".into(),
            figures,
            stop,
            leases: Arc::clone(&leases),
            memory: memory.clone(),
            until_empty: false,
            gathering: Duration::from_hours(1),
            ordered: false,
        };
        change(&mut settler);
        let (settled, settlements) = unbounded_channel();
        let running = tokio::spawn(Arc::new(settler).run(settlements));
        Self { queue, leases, memory, stopper, settled, running }
    }

    async fn receive(&self, messages: usize) -> Vec<InFlight> {
        let mut received = Vec::new();
        while received.len() < messages {
            let mut reserved = self.memory.reserve().await;
            for _ in 0..(messages - received.len()).min(10) {
                let permit = reserved.permits.split(1).expect("ten are reserved");
                let body = self.memory.charge_body(2);
                received.push(self.leases.take(delivery(), std::time::Instant::now(), permit, body));
            }
        }
        received
    }

    /// Settles them one by one.
    async fn settle(&self, messages: Vec<InFlight>) {
        for message in messages {
            self.settled.send(message).expect("the settler runs");
            settle_down().await;
        }
    }

    async fn end(self) -> Vec<usize> {
        drop(self.settled);
        ends(self.running).await.expect("no panic");
        self.queue.deletes()
    }
}

#[tokio::test]
async fn a_delete_waits_for_ten_messages_until_draining_begins() {
    let stage = Stage::new(100, |_| {});
    stage.settle(stage.receive(25).await).await;
    assert_eq!(stage.queue.deletes(), [10, 10]);
    stage.stopper.drain();
    settle_down().await;
    assert_eq!(stage.queue.deletes(), [10, 10, 5]);
    assert_eq!(stage.end().await, [10, 10, 5]);
}

#[tokio::test]
async fn a_delete_waits_no_longer_than_a_moment() {
    let stage = Stage::new(100, |settler| settler.gathering = Duration::from_millis(1));
    stage.settle(stage.receive(3).await).await;
    let all = async {
        while stage.leases.len() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    ends(all).await;
    stage.end().await;
}

#[tokio::test]
async fn a_delete_does_not_wait_while_a_poller_waits_for_room() {
    let stage = Stage::new(10, |_| {});
    stage.settle(stage.receive(3).await).await;
    assert!(stage.queue.deletes().is_empty());
    // It needs ten places; seven are free.
    ends(stage.memory.reserve()).await;
    assert_eq!(stage.end().await, [3]);
}

#[tokio::test]
async fn the_last_messages_of_a_run_until_empty_are_deleted_at_once() {
    let stage = Stage::new(100, |settler| settler.until_empty = true);
    let mut messages = stage.receive(3).await;
    let last = messages.split_off(2);
    stage.settle(messages).await;
    assert!(stage.queue.deletes().is_empty(), "one is not settled yet");
    stage.settle(last).await;
    assert_eq!(stage.queue.deletes(), [3]);
    stage.end().await;
}

#[tokio::test]
async fn where_order_counts_no_delete_waits() {
    let stage = Stage::new(100, |settler| settler.ordered = true);
    stage.settle(stage.receive(3).await).await;
    assert_eq!(stage.end().await, [1, 1, 1]);
}
