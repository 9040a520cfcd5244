//! The groups of a FIFO queue that wait: no message of a group is written before an earlier one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::in_flight::Storable;

/// SQS keeps a message invisible for 12 hours in all.
const LONGEST_INVISIBLE_MS: i64 = 12 * 3_600_000;

/// Message groups with messages in the waiting room, or given back to the queue from there. Always empty on a standard
/// queue.
#[derive(Debug)]
pub(crate) struct WaitingGroups {
    ordered: bool,
    groups: Mutex<HashMap<String, Group>>,
}

#[derive(Debug, Default)]
struct Group {
    /// Messages in the waiting room.
    waiting: usize,
    /// When the group was given back or left to the queue, in milliseconds since 1970: what was received before must go back, too.
    released_at: Option<i64>,
}

/// What the waiting room does with a message of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It may wait for its own turn.
    Wait,
    /// An earlier message of its group was given back to the queue: it has to follow.
    Follow,
}

impl WaitingGroups {
    pub(crate) fn new(ordered: bool) -> Self {
        Self { ordered, groups: Mutex::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.ordered || self.groups().is_empty()
    }

    /// The group that keeps its order; `None` on a standard queue.
    pub(crate) fn of<'m>(&self, message: &'m Storable) -> Option<&'m str> {
        message.group().filter(|_| self.ordered)
    }

    /// Whether a message has to go to the waiting room because of its group.
    pub(crate) fn waits(&self, message: &Storable) -> bool {
        let Some(name) = self.of(message) else { return false };
        let mut groups = self.groups();
        let Some(group) = groups.get_mut(name) else { return false };
        if group.released_at.is_some_and(|at| message.received_at() > at) {
            group.released_at = None;
        }
        if group.waiting == 0 && group.released_at.is_none() {
            groups.remove(name);
            return false;
        }
        true
    }

    /// Counts a message that enters the waiting room.
    pub(crate) fn entered(&self, message: &Storable) {
        if let Some(name) = self.of(message) {
            self.groups().entry(name.to_owned()).or_default().waiting += 1;
        }
    }

    /// Counts a message that leaves the waiting room, settled or given back.
    pub(crate) fn left(&self, group: Option<&str>) {
        let mut groups = self.groups();
        let Some(name) = group else { return };
        if let Some(group) = groups.get_mut(name) {
            group.waiting = group.waiting.saturating_sub(1);
            if group.waiting == 0 && group.released_at.is_none() {
                groups.remove(name);
            }
        }
    }

    /// Notes that the first message of a group is given back or left to the queue.
    pub(crate) fn released(&self, group: Option<&str>, now: i64) {
        let Some(name) = group else { return };
        let mut groups = self.groups();
        groups.entry(name.to_owned()).or_default().released_at = Some(now);
        // What was received before the longest visibility timeout is not in memory any more.
        let oldest = now - LONGEST_INVISIBLE_MS;
        groups.retain(|_, group| group.waiting > 0 || group.released_at.is_some_and(|at| at > oldest));
    }

    /// What a message in the waiting room has to do.
    pub(crate) fn turn(&self, message: &Storable) -> Turn {
        let groups = self.groups();
        let released_at = self.of(message).and_then(|name| groups.get(name)?.released_at);
        if released_at.is_some_and(|at| message.received_at() <= at) { Turn::Follow } else { Turn::Wait }
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<String, Group>> {
        // No code panics while it holds the lock.
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
