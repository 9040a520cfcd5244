//! The order in which a queue delivers its messages.

use std::collections::{HashMap, VecDeque};

use super::fifo::Groups;
use super::message::{Message, State};

/// The messages that wait: a standard queue delivers them about as they came, a FIFO queue by group.
#[derive(Debug)]
pub(crate) enum Line {
    Standard(VecDeque<u64>),
    Fifo(Groups),
}

impl Line {
    pub(crate) fn new(fifo: bool) -> Self {
        if fifo { Self::Fifo(Groups::default()) } else { Self::Standard(VecDeque::new()) }
    }

    pub(crate) fn arrive(&mut self, message: &Message, id: u64) {
        match (self, message.group()) {
            (Self::Standard(ids), _) if message.state == State::Visible => ids.push_back(id),
            (Self::Fifo(groups), Some(group)) => groups.push(group, id),
            _ => {}
        }
    }

    /// Removes the ids of up to `limit` visible messages from the line; the caller moves the messages on.
    pub(crate) fn take(&mut self, limit: usize, messages: &HashMap<u64, Message>) -> Vec<u64> {
        match self {
            Self::Fifo(groups) => groups.take(limit, |id| is_visible(messages, id)),
            Self::Standard(ids) => {
                let mut taken = Vec::new();
                while taken.len() < limit
                    && let Some(id) = ids.pop_front()
                {
                    // Messages deleted while they waited are skipped here.
                    if is_visible(messages, id) {
                        taken.push(id);
                    }
                }
                taken
            }
        }
    }

    pub(crate) fn delay_over(&mut self, message: &Message, id: u64) {
        match (self, message.group()) {
            (Self::Standard(ids), _) => ids.push_back(id),
            (Self::Fifo(groups), Some(group)) => groups.wake(group),
            (Self::Fifo(_), None) => {}
        }
    }

    /// A message came back from flight.
    pub(crate) fn put_back(&mut self, message: &Message, id: u64) {
        match (self, message.group()) {
            (Self::Standard(ids), _) => ids.push_back(id),
            (Self::Fifo(groups), Some(group)) => groups.put_back(group, id),
            (Self::Fifo(_), None) => {}
        }
    }

    /// A message in flight, or just removed from the line, is no longer in the queue.
    pub(crate) fn leave_flight(&mut self, message: &Message) {
        if let (Self::Fifo(groups), Some(group)) = (self, message.group()) {
            groups.leave_flight(group);
        }
    }

    /// A visible or delayed message is no longer in the queue.
    pub(crate) fn remove_waiting(&mut self, message: &Message, id: u64) {
        if let (Self::Fifo(groups), Some(group)) = (self, message.group()) {
            groups.remove_waiting(group, id);
        }
    }
}

fn is_visible(messages: &HashMap<u64, Message>, id: u64) -> bool {
    messages.get(&id).is_some_and(|message| message.state == State::Visible)
}
