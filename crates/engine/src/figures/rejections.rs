//! The kinds of rejections that a run has met.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use pipeline::message::Rejection;

use crate::dlq::Kind;

/// Kinds that are kept apart. A document whose property names are made up could yield any number of them.
const MOST_KINDS: usize = 500;

/// Rejections by kind.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    kinds: Mutex<HashMap<Kind, Counted>>,
}

#[derive(Debug)]
struct Counted {
    count: u64,
    first: SystemTime,
    last: SystemTime,
    message_id: String,
    reason: String,
}

/// What was rejected for one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectionReading {
    /// The cause.
    pub kind: Kind,
    /// Rejected messages.
    pub count: u64,
    /// When the first was dead-lettered.
    pub first: SystemTime,
    /// When the last was dead-lettered.
    pub last: SystemTime,
    /// SQS `MessageId` of the last.
    pub message_id: String,
    /// Its reason.
    pub reason: String,
}

impl Rejections {
    /// Counts a rejection. True for the first of its kind.
    pub(super) fn add(&self, rejection: &Rejection, message_id: &str) -> bool {
        let now = SystemTime::now();
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kind = Kind::of_rejection(rejection);
        if kinds.len() >= MOST_KINDS && !kinds.contains_key(&kind) {
            kind.place = None;
        }
        let is_first = !kinds.contains_key(&kind);
        let counted = kinds.entry(kind).or_insert_with(|| Counted::new(now));
        counted.count += 1;
        counted.last = now;
        message_id.clone_into(&mut counted.message_id);
        rejection.message.clone_into(&mut counted.reason);
        is_first
    }

    /// All kinds, the most frequent first.
    pub(super) fn read(&self) -> Vec<RejectionReading> {
        let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let mut readings = Vec::with_capacity(kinds.len());
        for (kind, counted) in &*kinds {
            readings.push(RejectionReading {
                kind: kind.clone(),
                count: counted.count,
                first: counted.first,
                last: counted.last,
                message_id: counted.message_id.clone(),
                reason: counted.reason.clone(),
            });
        }
        readings.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.kind.cmp(&other.kind)));
        readings
    }
}

impl Counted {
    fn new(now: SystemTime) -> Self {
        Self { count: 0, first: now, last: now, message_id: String::new(), reason: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use pipeline::message::Code;

    use super::*;

    fn at(path: &str) -> Rejection {
        Rejection { instance_path: Some(path.to_owned()), ..Rejection::new(Code::Schema, format!("{path} is wrong")) }
    }

    #[test]
    fn each_kind_is_counted_with_its_last_message() {
        let rejections = Rejections::default();
        assert!(rejections.add(&at("/b"), "m-1"));
        assert!(rejections.add(&at("/items/0"), "m-2"));
        assert!(!rejections.add(&at("/items/7"), "m-3"));
        let [items, b] = &rejections.read()[..] else { panic!("two kinds") };
        assert_eq!((items.count, items.message_id.as_str(), items.reason.as_str()), (2, "m-3", "/items/7 is wrong"));
        assert_eq!((b.count, b.kind.place.as_deref()), (1, Some("/b")));
    }

    #[test]
    fn names_that_are_made_up_do_not_add_kinds_without_end() {
        let rejections = Rejections::default();
        for name in 0..10_000 {
            rejections.add(&at(&format!("/x{name}")), "m");
        }
        let kinds = rejections.read();
        assert!(kinds.len() <= MOST_KINDS + 1, "{}", kinds.len());
        assert_eq!(kinds.iter().map(|kind| kind.count).sum::<u64>(), 10_000);
    }
}
