//! Pollers at a queue in a time of its own, step by step.

use std::time::Duration;

use super::{Answer, Before, Fullness};
use crate::source::MAX_BATCH;

const STEP: Duration = Duration::from_micros(500);
const LONG_POLL: Duration = Duration::from_secs(20);
const LINGER: Duration = Duration::from_millis(42);
const MOST: usize = 200;
const SECONDS: u64 = 8;

/// A queue, and what its answers are like.
#[derive(Clone, Copy)]
struct Queue {
    /// Messages that arrive in a second.
    rate: u32,
    waiting: u64,
    /// The fewest and the most messages in an answer, as long as so many wait.
    answers: (u64, u64),
    takes: Duration,
}

impl Queue {
    fn at_rate(rate: u32) -> Self {
        Self { rate, waiting: 0, answers: (10, 10), takes: Duration::from_millis(1) }
    }

    fn deep(answers: (u64, u64), takes_ms: u64) -> Self {
        Self { rate: 0, waiting: u64::MAX / 2, answers, takes: Duration::from_millis(takes_ms) }
    }
}

struct Poller {
    before: Before,
    /// When it calls, or called.
    called: Duration,
}

struct Simulation {
    fullness: Fullness,
    pollers: Vec<Poller>,
    now: Duration,
    calls: u32,
    messages: u64,
}

impl Simulation {
    fn new(linger: Duration) -> Self {
        let first = Poller { before: Before::Nothing, called: Duration::ZERO };
        let fullness = Fullness::new(linger, MOST);
        Self { fullness, pollers: vec![first], now: Duration::ZERO, calls: 0, messages: 0 }
    }

    /// Goes on for some time; the calls and the messages in it.
    fn run(&mut self, mut queue: Queue, time: Duration) -> (u32, u64) {
        let (calls, messages, end) = (self.calls, self.messages, self.now + time);
        let mut arrived = self.arrived(queue);
        while self.now < end {
            self.now += STEP;
            queue.waiting += self.arrived(queue) - arrived;
            arrived = self.arrived(queue);
            self.step(&mut queue);
        }
        (self.calls - calls, self.messages - messages)
    }

    fn arrived(&self, queue: Queue) -> u64 {
        u64::try_from(self.now.as_micros()).expect("a short time") * u64::from(queue.rate) / 1_000_000
    }

    fn step(&mut self, queue: &mut Queue) {
        // Who waits longest is answered first, behind the poller that stays.
        if queue.waiting > 0 {
            self.pollers[1..].sort_by_key(|poller| poller.called);
        }
        let mut index = 0;
        while index < self.pollers.len() {
            let called = self.pollers[index].called;
            let answers = called + queue.takes <= self.now && queue.waiting > 0 || called + LONG_POLL <= self.now;
            let leaves = answers && self.answer(index, queue);
            if leaves {
                self.pollers.remove(index);
            } else {
                index += 1;
            }
        }
        for _ in 0..self.fullness.start() {
            self.pollers.push(Poller { before: Before::Nothing, called: self.now });
        }
    }

    /// Answers a poller; whether it leaves.
    fn answer(&mut self, index: usize, queue: &mut Queue) -> bool {
        let (least, most) = queue.answers;
        // Answers differ, in an order that is always the same.
        let messages = queue.waiting.min(least + u64::from(self.calls) * 7 % (most - least + 1));
        queue.waiting -= messages;
        self.calls += 1;
        self.messages += messages;
        let poller = &mut self.pollers[index];
        let messages = usize::try_from(messages).expect("at most ten");
        let answer = Answer { messages, took: self.now.saturating_sub(poller.called), has_room: true };
        poller.before = self.fullness.answered(poller.before, answer);
        let pause = if let Before::Pause(pause) = poller.before { pause } else { Duration::ZERO };
        poller.called = self.now + pause;
        index > 0 && self.fullness.leave()
    }
}

#[test]
fn a_steady_rate_costs_few_calls() {
    // Calls for a hundred messages, at most.
    for (rate, takes_ms, most) in [
        (1, 1, 100),
        (50, 1, 50),
        (50, 20, 40),
        (200, 1, 15),
        (200, 20, 15),
        (1_000, 1, 15),
        (5_000, 1, 15),
        (5_000, 5, 18),
        (5_000, 20, 20),
        (5_000, 50, 20),
        (20_000, 5, 15),
    ] {
        let queue = Queue { takes: Duration::from_millis(takes_ms), ..Queue::at_rate(rate) };
        let mut simulation = Simulation::new(LINGER);
        simulation.run(queue, Duration::from_secs(2));
        let (calls, messages) = simulation.run(queue, Duration::from_secs(SECONDS));
        let each = u64::from(calls) * 100 / messages;
        assert!(messages > u64::from(rate) * SECONDS * 95 / 100, "{rate}/s, {takes_ms} ms: {messages} messages");
        assert!(each <= most, "{rate}/s, {takes_ms} ms: {each} calls for a hundred messages");
    }
}

#[test]
fn a_deep_queue_gets_every_poller_however_full_its_answers_are() {
    for (answers, takes_ms) in [((10, 10), 5), ((7, 7), 5), ((5, 9), 5), ((4, 10), 20), ((7, 7), 50), ((2, 9), 5)] {
        let mut simulation = Simulation::new(LINGER);
        simulation.run(Queue::deep(answers, takes_ms), Duration::from_secs(3));
        assert!(simulation.pollers.len() > MOST * 9 / 10, "{answers:?}: {} pollers", simulation.pollers.len());
    }
}

#[test]
fn pollers_start_as_fast_as_full_answers_come() {
    let mut simulation = Simulation::new(LINGER);
    simulation.run(Queue::deep((10, 10), 50), Duration::from_millis(50 * 8 + 10));
    assert_eq!(simulation.pollers.len(), MOST);
}

#[test]
fn what_was_learned_is_forgotten_when_the_queue_changes() {
    let mut simulation = Simulation::new(LINGER);
    let slow = Duration::from_secs(8);
    for _ in 0..2 {
        simulation.run(Queue::at_rate(200), slow);
        let (calls, messages) = simulation.run(Queue::at_rate(200), slow);
        assert!(u64::from(calls) * 100 / messages <= 20, "{calls} calls for {messages} messages");
        simulation.run(Queue::deep((6, 8), 5), slow);
        assert!(simulation.pollers.len() > MOST * 9 / 10, "{} pollers", simulation.pollers.len());
    }
}

#[test]
fn an_idle_queue_costs_one_long_poll() {
    let mut simulation = Simulation::new(LINGER);
    simulation.run(Queue::deep((10, 10), 5), Duration::from_secs(1));
    simulation.run(Queue::at_rate(0), Duration::from_secs(45));
    assert_eq!((simulation.pollers.len(), simulation.fullness.wanted()), (1, 1));
    let (calls, _) = simulation.run(Queue::at_rate(0), Duration::from_mins(1));
    assert!(calls <= 3, "{calls} calls in a minute");
}

#[test]
fn without_room_no_poller_is_added_and_without_linger_none_pauses() {
    let fullness = Fullness::new(Duration::ZERO, MOST);
    let answer = Answer { messages: MAX_BATCH, took: Duration::from_millis(1), has_room: false };
    assert_eq!(fullness.answered(Before::Nothing, answer), Before::Nothing);
    assert_eq!(fullness.wanted(), 1);
    let mut before = Before::Nothing;
    for messages in [10, 3, 3, 0, 1, 9].into_iter().cycle().take(100) {
        before = fullness.answered(before, Answer { messages, took: Duration::from_millis(1), has_room: true });
        assert!(!matches!(before, Before::Pause(_)), "after {messages}");
    }
}
