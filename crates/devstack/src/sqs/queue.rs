//! One queue as a state machine: synchronous, with the time passed in.
//!
//! No call visits more messages than it moves. Visible messages wait in a line
//! ([`Line`]); those in flight and delayed ones wait in `timers`, ordered by the time they become
//! visible. A message that is deleted while it waits in a line is skipped when its turn comes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;

use super::attributes::QueueAttributes;
use super::error::{Error, ErrorCode, Result};
use super::fifo::Deduplication;
use super::limits;
use super::line::Line;
use super::message::{Content, Delivered, Message, Receipt, State};
use super::time::Timestamp;

/// Sequence numbers of FIFO queues have twenty digits; they grow within the queue.
const FIRST_SEQUENCE_NUMBER: u128 = 18_849_000_000_000_000_000;

/// The messages that a receive removed from the line.
#[derive(Debug, Default)]
pub(crate) struct Received {
    pub(crate) delivered: Vec<Delivered>,
    /// To be moved to the dead-letter queue.
    pub(crate) received_too_often: Vec<Message>,
}

/// Numbers of messages by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
    pub(crate) delayed: usize,
}

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) attributes: QueueAttributes,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
    pub(crate) purged_at: Option<Timestamp>,
    pub(crate) deduplication: Deduplication,
    /// Wakes long polls when something may have become receivable.
    pub(crate) arrivals: Arc<Notify>,
    /// Distinguishes the receipts of this queue from those of others, also of a deleted one with the same name.
    key: u64,
    messages: HashMap<u64, Message>,
    line: Line,
    timers: BTreeSet<(Timestamp, u64)>,
    /// Ids in the order of arrival, for the retention period; deleted ones are dropped lazily.
    ages: VecDeque<u64>,
    next_id: u64,
    in_flight: usize,
    delayed: usize,
}

impl Queue {
    pub(crate) fn new(key: u64, attributes: QueueAttributes, now: Timestamp) -> Self {
        Self {
            line: Line::new(attributes.fifo),
            attributes,
            tags: BTreeMap::new(),
            created_at: now,
            modified_at: now,
            purged_at: None,
            deduplication: Deduplication::default(),
            arrivals: Arc::default(),
            key,
            messages: HashMap::new(),
            timers: BTreeSet::new(),
            ages: VecDeque::new(),
            next_id: 0,
            in_flight: 0,
            delayed: 0,
        }
    }

    /// Stores a new message, hidden for `delay` seconds; returns the sequence number of a FIFO queue.
    pub(crate) fn send(&mut self, now: Timestamp, content: Content, delay: u32) -> Option<u128> {
        let mut message = Message::new(Arc::new(content), now);
        if delay > 0 {
            message.state = State::Delayed(now.plus_secs(delay));
        }
        self.accept(message)
    }

    /// Stores a message as it is, e.g. one moved from another queue.
    pub(crate) fn accept(&mut self, mut message: Message) -> Option<u128> {
        let id = self.next_id;
        self.next_id += 1;
        message.sequence_number = self.attributes.fifo.then(|| FIRST_SEQUENCE_NUMBER + u128::from(id) * 256);
        let sequence_number = message.sequence_number;
        if let State::Delayed(due) = message.state {
            self.schedule(due, id);
            self.delayed += 1;
        }
        self.line.arrive(&message, id);
        self.messages.insert(id, message);
        self.remember_age(id);
        self.arrivals.notify_one();
        sequence_number
    }

    /// Receives up to `limit` messages and hides them for `visibility` seconds. A message that was received
    /// `max_receives` times before goes to the dead-letter queue.
    pub(crate) fn receive(
        &mut self,
        now: Timestamp,
        limit: usize,
        visibility: u32,
        max_receives: Option<u32>,
    ) -> Received {
        self.advance(now);
        let mut received = Received::default();
        while received.delivered.len() < limit {
            let ids = self.line.take(limit - received.delivered.len(), &self.messages);
            if ids.is_empty() {
                break;
            }
            for id in ids {
                let message = self.messages.get_mut(&id).expect("the line returns messages of this queue");
                if max_receives.is_some_and(|max| message.receive_count >= max) {
                    received.received_too_often.extend(self.take_out_of_line(id));
                } else {
                    received.delivered.push(self.deliver(now, id, visibility));
                }
            }
        }
        if received.delivered.len() == limit && self.counts().visible > 0 {
            // There may be more than this call asked for: wake the next long poll.
            self.arrivals.notify_one();
        }
        received
    }

    fn deliver(&mut self, now: Timestamp, id: u64, visibility: u32) -> Delivered {
        let message = self.messages.get_mut(&id).expect("the line returns messages of this queue");
        let until = now.plus_secs(visibility);
        message.state = State::InFlight(until);
        message.receive_count += 1;
        let first_received_at = *message.first_received_at.get_or_insert(now);
        let delivered = Delivered {
            content: Arc::clone(&message.content),
            receipt: Receipt { queue: self.key, message: id, receive: message.receive_count },
            sent_at: message.sent_at,
            first_received_at,
            receive_count: message.receive_count,
            sequence_number: message.sequence_number,
            dead_letter_source: message.dead_letter_source.clone(),
        };
        self.in_flight += 1;
        self.schedule(until, id);
        delivered
    }

    /// Long polls sleep until the first timer; when that changes they have to check the queue again.
    fn schedule(&mut self, due: Timestamp, id: u64) {
        self.timers.insert((due, id));
        if self.next_due() == Some(due) {
            self.arrivals.notify_waiters();
        }
    }

    /// Removes a message that the line has just returned.
    fn take_out_of_line(&mut self, id: u64) -> Option<Message> {
        let message = self.messages.remove(&id)?;
        self.line.leave_flight(&message);
        Some(message)
    }

    /// Removes up to `limit` visible messages and returns them.
    pub(crate) fn take_visible(&mut self, now: Timestamp, limit: usize) -> Vec<Message> {
        self.advance(now);
        let ids = self.line.take(limit, &self.messages);
        ids.into_iter().filter_map(|id| self.take_out_of_line(id)).collect()
    }

    /// Deletes the message of a receipt. Where the message is gone, or was received again since, nothing is deleted
    /// and the call succeeds, as at AWS; a FIFO queue refuses a receipt after its visibility timeout.
    pub(crate) fn delete(&mut self, now: Timestamp, handle: &str) -> Result<()> {
        self.advance(now);
        let receipt = self.receipt(handle)?;
        let Some(message) = self.messages.get(&receipt.message) else {
            return Ok(());
        };
        let held = message.receive_count == receipt.receive;
        if self.attributes.fifo && !(held && matches!(message.state, State::InFlight(_))) {
            let reason = "The receipt handle has expired.";
            return Err(Error::invalid("ReceiptHandle", handle, reason));
        }
        if held {
            self.remove(receipt.message);
        }
        Ok(())
    }

    /// Hides a message in flight for `visibility` seconds from now; zero makes it visible.
    pub(crate) fn change_visibility(&mut self, now: Timestamp, handle: &str, visibility: u32) -> Result<()> {
        self.advance(now);
        let receipt = self.receipt(handle)?;
        let held = self.messages.get(&receipt.message).filter(|message| message.receive_count == receipt.receive);
        let Some(message) = held else {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            return Err(Error::invalid("ReceiptHandle", handle, reason));
        };
        let State::InFlight(due) = message.state else {
            return Err(Error::new(ErrorCode::MessageNotInflight, "The message is not in flight."));
        };
        let until = now.plus_secs(visibility);
        let first = message.first_received_at.unwrap_or(now);
        if until.since(first).as_secs() > u64::from(limits::VISIBILITY_SECS) {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
            return Err(Error::invalid("VisibilityTimeout", visibility, reason));
        }
        self.reschedule(receipt.message, due, until);
        self.advance(now);
        Ok(())
    }

    /// Makes everything in flight visible, as if each visibility timeout ended now.
    pub(crate) fn end_visibility_timeouts(&mut self, now: Timestamp) {
        self.advance(now);
        for (due, id) in self.timers.clone() {
            if self.messages.get(&id).is_some_and(|message| matches!(message.state, State::InFlight(_))) {
                self.reschedule(id, due, now);
            }
        }
        self.advance(now);
    }

    fn reschedule(&mut self, id: u64, due: Timestamp, until: Timestamp) {
        self.timers.remove(&(due, id));
        self.schedule(until, id);
        if let Some(message) = self.messages.get_mut(&id) {
            message.state = State::InFlight(until);
        }
    }

    fn receipt(&self, handle: &str) -> Result<Receipt> {
        let receipt = Receipt::decode(handle)?;
        if receipt.queue == self.key {
            return Ok(receipt);
        }
        let message = format!("The input receipt handle \"{handle}\" is not of this queue.");
        Err(Error::new(ErrorCode::ReceiptHandleIsInvalid, message))
    }

    /// Deletes every message.
    pub(crate) fn purge(&mut self) {
        self.messages.clear();
        self.timers.clear();
        self.ages.clear();
        self.line = Line::new(self.attributes.fifo);
        self.in_flight = 0;
        self.delayed = 0;
    }

    /// Brings the queue to `now`: messages that are due become visible, those that are too old are removed.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        while let Some(&(due, id)) = self.timers.first()
            && due <= now
        {
            self.timers.remove(&(due, id));
            self.show(id);
        }
        while let Some(&id) = self.ages.front() {
            match self.messages.get(&id) {
                Some(message) if message.sent_at.plus_secs(self.attributes.retention) > now => {
                    break;
                }
                Some(_) => self.remove(id),
                None => {}
            }
            self.ages.pop_front();
        }
    }

    fn show(&mut self, id: u64) {
        let message = self.messages.get_mut(&id).expect("a timer belongs to a message");
        match std::mem::replace(&mut message.state, State::Visible) {
            State::Delayed(_) => {
                self.delayed -= 1;
                self.line.delay_over(message, id);
            }
            State::InFlight(_) => {
                self.in_flight -= 1;
                self.line.put_back(message, id);
            }
            State::Visible => {}
        }
        self.arrivals.notify_one();
    }

    fn remove(&mut self, id: u64) {
        let Some(message) = self.messages.remove(&id) else {
            return;
        };
        match message.state {
            State::Visible => self.line.remove_waiting(&message, id),
            State::Delayed(due) => {
                self.timers.remove(&(due, id));
                self.delayed -= 1;
                self.line.remove_waiting(&message, id);
            }
            State::InFlight(due) => {
                self.timers.remove(&(due, id));
                self.in_flight -= 1;
                self.line.leave_flight(&message);
                if self.attributes.fifo {
                    self.arrivals.notify_one();
                }
            }
        }
    }

    /// Removes the ids of deleted messages once they are the majority, so the cost per message is constant.
    fn remember_age(&mut self, id: u64) {
        self.ages.push_back(id);
        if self.ages.len() > 2 * self.messages.len() + 1024 {
            self.ages.retain(|id| self.messages.contains_key(id));
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            visible: self.messages.len() - self.in_flight - self.delayed,
            in_flight: self.in_flight,
            delayed: self.delayed,
        }
    }

    pub(crate) fn is_full_in_flight(&self) -> bool {
        self.in_flight >= limits::IN_FLIGHT
    }

    /// When the next hidden message becomes visible.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.timers.first().map(|&(due, _)| due)
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
