//! Message groups and deduplication of FIFO queues.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::time::Timestamp;

/// How long a deduplication id is remembered.
const WINDOW: Duration = Duration::from_mins(5);

/// The messages of a FIFO queue by group. Ids grow in the order of sending, so the smallest waiting
/// id of a group is its head. While any message of a group is in flight, no other one of it can be received.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: HashMap<Arc<str>, Group>,
    /// Groups that may have a receivable message, each once.
    ready: VecDeque<Arc<str>>,
}

#[derive(Debug, Default)]
struct Group {
    waiting: BTreeSet<u64>,
    in_flight: usize,
    listed: bool,
}

impl Groups {
    pub(crate) fn push(&mut self, group: &Arc<str>, id: u64) {
        self.groups.entry(Arc::clone(group)).or_default().waiting.insert(id);
        self.wake(group);
    }

    /// Lists the group if its head may be receivable.
    pub(crate) fn wake(&mut self, name: &Arc<str>) {
        let Some(group) = self.groups.get_mut(name) else {
            return;
        };
        if group.in_flight == 0 && !group.listed && !group.waiting.is_empty() {
            group.listed = true;
            self.ready.push_back(Arc::clone(name));
        }
    }

    /// Moves up to `limit` messages into flight: as many as possible of one group, then of the next.
    /// A head that is not visible holds its group back.
    pub(crate) fn take(&mut self, limit: usize, visible: impl Fn(u64) -> bool) -> Vec<u64> {
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(name) = self.ready.pop_front() else {
                break;
            };
            let Some(group) = self.groups.get_mut(&name) else {
                continue;
            };
            group.listed = false;
            if group.in_flight > 0 {
                continue;
            }
            while taken.len() < limit
                && let Some(&id) = group.waiting.first()
                && visible(id)
            {
                group.waiting.remove(&id);
                group.in_flight += 1;
                taken.push(id);
            }
        }
        taken
    }

    /// A message came back from flight, to its old place.
    pub(crate) fn put_back(&mut self, name: &Arc<str>, id: u64) {
        if let Some(group) = self.groups.get_mut(name) {
            group.waiting.insert(id);
        }
        self.leave_flight(name);
    }

    /// A message in flight was deleted or moved away.
    pub(crate) fn leave_flight(&mut self, name: &Arc<str>) {
        if let Some(group) = self.groups.get_mut(name) {
            group.in_flight = group.in_flight.saturating_sub(1);
        }
        self.wake(name);
        self.forget_if_empty(name);
    }

    /// A waiting message expired or was moved away.
    pub(crate) fn remove_waiting(&mut self, name: &Arc<str>, id: u64) {
        if let Some(group) = self.groups.get_mut(name) {
            group.waiting.remove(&id);
        }
        self.wake(name);
        self.forget_if_empty(name);
    }

    fn forget_if_empty(&mut self, name: &Arc<str>) {
        if self.groups.get(name).is_some_and(|g| g.in_flight == 0 && g.waiting.is_empty()) {
            self.groups.remove(name);
        }
    }
}

/// The answer to the first message of a deduplication id.
#[derive(Debug, Clone)]
pub(crate) struct Original {
    pub(crate) message_id: String,
    pub(crate) sequence_number: u128,
}

/// The deduplication ids of the last five minutes.
#[derive(Debug, Default)]
pub(crate) struct Deduplication {
    seen: HashMap<String, Original>,
    order: VecDeque<(Timestamp, String)>,
}

impl Deduplication {
    pub(crate) fn find(&mut self, now: Timestamp, key: &str) -> Option<Original> {
        while let Some((at, _)) = self.order.front()
            && at.plus(WINDOW) <= now
        {
            let (_, key) = self.order.pop_front().expect("the front is there");
            self.seen.remove(&key);
        }
        self.seen.get(key).cloned()
    }

    /// Remembers a key that [`find`](Self::find) did not return.
    pub(crate) fn remember(&mut self, now: Timestamp, key: String, original: Original) {
        self.order.push_back((now, key.clone()));
        self.seen.insert(key, original);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (Arc<str>, Arc<str>) {
        (Arc::from("a"), Arc::from("b"))
    }

    #[test]
    fn a_group_in_flight_blocks_only_itself() {
        let (a, b) = names();
        let mut groups = Groups::default();
        for (group, id) in [(&a, 1), (&a, 2), (&b, 3)] {
            groups.push(group, id);
        }
        assert_eq!(groups.take(1, |_| true), [1]);
        assert_eq!(groups.take(10, |_| true), [3]);
        assert!(groups.take(10, |_| true).is_empty());
        groups.leave_flight(&a);
        assert_eq!(groups.take(10, |_| true), [2]);
    }

    #[test]
    fn a_returned_message_goes_before_its_successors() {
        let (a, _) = names();
        let mut groups = Groups::default();
        (1..=3).for_each(|id| groups.push(&a, id));
        assert_eq!(groups.take(2, |_| true), [1, 2]);
        groups.put_back(&a, 2);
        assert!(groups.take(10, |_| true).is_empty(), "1 is still in flight");
        groups.put_back(&a, 1);
        assert_eq!(groups.take(10, |_| true), [1, 2, 3]);
    }

    #[test]
    fn a_delayed_head_holds_its_group_back_until_woken() {
        let (a, _) = names();
        let mut groups = Groups::default();
        (1..=2).for_each(|id| groups.push(&a, id));
        assert!(groups.take(10, |id| id == 2).is_empty());
        groups.wake(&a);
        assert_eq!(groups.take(10, |_| true), [1, 2]);
    }

    #[test]
    fn an_empty_group_leaves_nothing_behind() {
        let (a, _) = names();
        let mut groups = Groups::default();
        groups.push(&a, 1);
        groups.take(1, |_| true);
        groups.leave_flight(&a);
        assert!(groups.groups.is_empty());
    }

    #[test]
    fn deduplication_ends_after_five_minutes() {
        let start = Timestamp::from_millis(0);
        let mut deduplication = Deduplication::default();
        let original = Original { message_id: "m".to_owned(), sequence_number: 1 };
        deduplication.remember(start, "key".to_owned(), original);
        let almost = Timestamp::from_millis(299_999);
        assert!(deduplication.find(almost, "key").is_some());
        assert!(deduplication.find(start.plus(WINDOW), "key").is_none());
    }
}
