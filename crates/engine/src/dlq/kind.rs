//! Kinds of dead letters: what failed, where, and by which rule. Letters of one kind usually have one cause.

use std::collections::BTreeMap;
use std::fmt;

use super::dead_letter::DeadLetter;
use super::reason::{self, Details};
use pipeline::escape::escaped;
use pipeline::message::Rejection;

/// What a letter has in common with others that failed alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// `runner.code`, or [`REDRIVE_POLICY`](super::REDRIVE_POLICY).
    pub code: String,
    /// The column as `table.column`, or the JSON Pointer into the document, with `*` for each index of an array.
    pub place: Option<String>,
    /// The failing JSON Schema keyword.
    pub keyword: Option<String>,
    /// PostgreSQL's SQLSTATE.
    pub sqlstate: Option<String>,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.code))?;
        for part in [&self.place, &self.keyword, &self.sqlstate].into_iter().flatten() {
            write!(f, " {}", escaped(part))?;
        }
        Ok(())
    }
}

impl Kind {
    /// The kind of a letter.
    pub fn of(letter: &DeadLetter) -> Self {
        Self::new(letter.code(), letter.details().cloned().unwrap_or_default())
    }

    /// The kind that the letter of a rejection has.
    pub fn of_rejection(rejection: &Rejection) -> Self {
        Self::new(rejection.code.as_str(), reason::of_rejection(rejection))
    }

    fn new(code: &str, details: Details) -> Self {
        let path = details.instance_path.filter(|path| !path.is_empty());
        Self {
            code: code.to_owned(),
            place: details.column.or_else(|| path.map(|path| without_indices(&path))),
            keyword: details.keyword,
            sqlstate: details.sqlstate,
        }
    }
}

/// `/items/3/price` is `/items/*/price`: which element fails differs from event to event.
fn without_indices(pointer: &str) -> String {
    let steps = pointer.split('/').map(|step| {
        let is_index = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "*" } else { step }
    });
    steps.collect::<Vec<_>>().join("/")
}

/// Letters by their kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kinds(BTreeMap<Kind, Group>);

/// The letters of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: u64,
    /// When the first was sent to the dead-letter queue, in milliseconds since 1970 UTC.
    pub first: Option<i64>,
    /// When the last was.
    pub last: Option<i64>,
    /// The last of them.
    pub sample: Sample,
}

/// One letter out of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its id in the dead-letter queue.
    pub id: String,
    /// Why it was rejected.
    pub message: String,
}

impl Kinds {
    /// Adds a letter to its kind. `message` is the reason to show.
    pub fn add(&mut self, kind: Kind, letter: &DeadLetter, message: &str) {
        let sent = letter.delivery.metadata.sent_at;
        let sample = || Sample { id: letter.id().to_owned(), message: message.to_owned() };
        let group = self.0.entry(kind);
        let group = group.or_insert_with(|| Group { count: 0, first: sent, last: sent, sample: sample() });
        group.count += 1;
        group.first = group.first.min(sent);
        // Letters of one millisecond: the larger id, so that the same letters give the same sample.
        if (sent, letter.id()) > (group.last, group.sample.id.as_str()) {
            group.sample = sample();
        }
        group.last = group.last.max(sent);
    }

    /// The kinds, the most frequent first.
    pub fn by_count(&self) -> Vec<(&Kind, &Group)> {
        let mut kinds: Vec<_> = self.0.iter().collect();
        kinds.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
        kinds
    }

    /// Letters of all kinds.
    pub fn total(&self) -> u64 {
        self.0.values().map(|group| group.count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::message::{Code, Delivery, Metadata, Receipt};

    fn letter(id: &str, sent_at: i64) -> DeadLetter {
        let metadata = Metadata { message_id: id.to_owned(), sent_at: Some(sent_at), ..Metadata::default() };
        DeadLetter::from(Delivery { body: String::new(), metadata, receipt: Receipt(String::new()) })
    }

    #[test]
    fn elements_of_an_array_are_of_one_kind() {
        for (pointer, place) in [
            ("/items/0/price", Some("/items/*/price")),
            ("/0/1", Some("/*/*")),
            ("/a1/2b", Some("/a1/2b")),
            ("/", Some("/")),
            ("", None),
        ] {
            let rejection = Rejection { instance_path: Some(pointer.to_owned()), ..Rejection::new(Code::Schema, "x") };
            assert_eq!(Kind::of_rejection(&rejection).place.as_deref(), place, "{pointer}");
        }
    }

    #[test]
    fn a_column_is_a_closer_place_than_a_path() {
        let rejection = Rejection {
            instance_path: Some("/a".to_owned()),
            column: Some("t.a".to_owned()),
            ..Rejection::new(Code::Cast, "x")
        };
        let kind = Kind::of_rejection(&rejection);
        assert_eq!((kind.place.as_deref(), kind.to_string().as_str()), (Some("t.a"), "cast t.a"));
    }

    #[test]
    fn a_group_counts_and_keeps_the_last_as_its_sample() {
        let mut kinds = Kinds::default();
        for (id, sent_at) in [("b", 5), ("a", 9), ("c", 1), ("d", 9)] {
            let letter = letter(id, sent_at);
            kinds.add(Kind::of(&letter), &letter, id);
        }
        let [(kind, group)] = kinds.by_count()[..] else { panic!("one kind: {kinds:?}") };
        assert_eq!(kind.code, super::super::REDRIVE_POLICY);
        assert_eq!((group.count, group.first, group.last, group.sample.id.as_str()), (4, Some(1), Some(9), "d"));
        assert_eq!(kinds.total(), 4);
    }
}
