//! Kinds of letters, the most frequent first.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::output::escape;
use crate::output::excerpt::cut;
use engine::dlq::{Group, Kind, Kinds};

/// Kinds that are shown to a person, at most: names of fields that a sender chose make many.
const MOST_KINDS: usize = 50;
/// Characters of a place and of a reason.
const WIDTH: usize = 110;

pub(super) fn json(kinds: &Kinds) -> Value {
    let kinds = kinds.by_count().into_iter().map(|(kind, group)| {
        json!({
            "code": kind.code,
            "place": kind.place,
            "keyword": kind.keyword,
            "sqlstate": kind.sqlstate,
            "count": group.count,
            "first": time(group.first),
            "last": time(group.last),
            "sample": { "id": group.sample.id, "message": group.sample.message },
        })
    });
    kinds.collect()
}

/// Three lines for each kind.
pub(super) fn human(kinds: &Kinds) -> String {
    let kinds = kinds.by_count();
    let mut text = String::new();
    for (kind, group) in kinds.iter().take(MOST_KINDS) {
        text.push_str(&one(kind, group));
    }
    if kinds.len() > MOST_KINDS {
        let _ = writeln!(text, "and {} more kinds; --format json has all", kinds.len() - MOST_KINDS);
    }
    text
}

fn one(kind: &Kind, group: &Group) -> String {
    let optional = [&kind.place, &kind.keyword, &kind.sqlstate];
    let words = std::iter::once(&kind.code).chain(optional.into_iter().flatten());
    let words: Vec<String> = words.map(|word| shown(word)).collect();
    let mut text = format!("{:>7}  {}\n", group.count, words.join("  "));
    let _ = writeln!(text, "{:9}{}", "", times(group));
    let _ = writeln!(text, "{:9}{}  {}", "", shown(&group.sample.id), shown(&group.sample.message));
    text
}

fn shown(text: &str) -> String {
    cut(&escape::on_one_line(&cut(text, WIDTH)), WIDTH)
}

fn times(group: &Group) -> String {
    match (time(group.first), time(group.last)) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (first, _) => first.unwrap_or_default(),
    }
}

/// Milliseconds since 1970 as RFC 3339.
fn time(milliseconds: Option<i64>) -> Option<String> {
    let at = Timestamp::from_millisecond(milliseconds?).ok()?;
    Some(format!("{at:.3}"))
}
