//! Receiving from a queue whose answers are known.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::{Receiver, Role};
use crate::figures::Figures;
use crate::fullness::{Before, Fullness};
use crate::gate::Gate;
use crate::in_flight::{Rejected, Storable};
use crate::last_faults::LastFaults;
use crate::lease::{Idle, Leases};
use crate::memory::Memory;
use crate::scripted_queue::{ScriptedQueue, ends, pipeline, settle_down};
use crate::stop::{Stop, stop_pair};

/// Where the messages of a receiver go.
struct Received {
    storable: mpsc::UnboundedReceiver<Storable>,
    _rejected: mpsc::UnboundedReceiver<Rejected>,
}

fn receiver(queue: &Arc<ScriptedQueue>, in_flight: usize, stop: Stop) -> (Arc<Receiver<ScriptedQueue>>, Received) {
    let pipeline = pipeline(in_flight);
    let figures = Arc::new(Figures::new(&pipeline));
    let (storable, storables) = mpsc::unbounded_channel();
    let (rejected, rejections) = mpsc::unbounded_channel();
    let receiver = Receiver {
        source: Arc::clone(queue),
        leases: Leases::new(Duration::from_hours(1), Arc::clone(&figures)),
        figures,
        idle: Arc::new(Idle::default()),
        wait: Duration::from_secs(20),
        max_receives: None,
        ordered: false,
        last_faults: Arc::new(LastFaults::default()),
        memory: Memory::new(in_flight, 1 << 20),
        failures: AtomicUsize::new(0),
        gate: Gate::new(),
        fullness: Fullness::new(pipeline.source().linger, pipeline.source().pollers),
        pipeline,
        more: Notify::new(),
        stop,
        fatal: mpsc::unbounded_channel().0,
        storable,
        rejected,
    };
    (Arc::new(receiver), Received { storable: storables, _rejected: rejections })
}

#[tokio::test]
async fn full_answers_add_pollers_as_long_as_memory_has_room() {
    // Five answers of ten are in memory; the others of `in_flight` may be on their way.
    for (in_flight, open) in [(1_000, 6), (80, 3), (50, 0)] {
        let queue = ScriptedQueue::new([10; 5]);
        let (stopper, stop) = stop_pair();
        let (receiver, messages) = receiver(&queue, in_flight, stop);
        let running = tokio::spawn(receiver.run());
        settle_down().await;
        assert_eq!((queue.answers_left(), messages.storable.len()), (0, 50), "{in_flight}");
        assert_eq!(queue.open.load(Ordering::Relaxed), open, "{in_flight}");
        stopper.drain();
        ends(running).await.expect("no panic");
    }
}

#[tokio::test]
async fn pollers_leave_after_answers_that_are_not_full() {
    // Six pollers, and then five short answers.
    let queue = ScriptedQueue::new([10, 10, 10, 10, 10, 1, 2, 3, 4, 5]);
    let (stopper, stop) = stop_pair();
    let (receiver, messages) = receiver(&queue, 1_000, stop);
    let running = tokio::spawn(Arc::clone(&receiver).run());
    settle_down().await;
    assert_eq!((queue.answers_left(), messages.storable.len()), (0, 65));
    assert_eq!(receiver.fullness.wanted(), 1);
    stopper.drain();
    ends(running).await.expect("no panic");
}

#[tokio::test]
async fn a_pause_follows_an_answer_that_is_not_full_and_ends_when_draining_begins() {
    // With a `linger` of an hour.
    let queue = ScriptedQueue::new([3, 7, 2]);
    let (stopper, stop) = stop_pair();
    let (receiver, _messages) = receiver(&queue, 1_000, stop);
    let running = tokio::spawn(receiver.run());
    settle_down().await;
    assert_eq!(queue.answers_left(), 2);
    stopper.drain();
    ends(running).await.expect("no panic");
}

#[tokio::test]
async fn pollers_that_may_not_receive_keep_no_room_from_the_one_that_may() {
    let (_stopper, stop) = stop_pair();
    let (receiver, _messages) = receiver(&ScriptedQueue::new([]), 30, stop);
    receiver.gate.set_refusing(true);
    // As many as memory has room for.
    for _ in 0..3 {
        let receiver = Arc::clone(&receiver);
        tokio::spawn(async move { drop(receiver.ready(Role::Other, Before::Nothing).await) });
    }
    settle_down().await;
    ends(receiver.ready(Role::First, Before::Nothing)).await;
}
