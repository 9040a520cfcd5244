//! YAML in flow style, made of words that the compiler knows.

use proptest::prelude::*;
use proptest::sample::select;

/// A tree in flow style whose keys and values are words the compiler knows.
pub(super) fn tree() -> impl Strategy<Value = String> {
    const WORDS: [&str; 40] = [
        "source",
        "queue",
        "dlq",
        "schema",
        "tables",
        "columns",
        "primary_key",
        "indexes",
        "producer",
        "templates",
        "every",
        "rate",
        "file",
        "inline",
        "weight",
        "using",
        "where",
        "unique",
        "pollers",
        "wait",
        "batch",
        "in_flight",
        "on_conflict",
        "id",
        "text",
        "uuid null",
        "jsonb = .",
        "numeric(1,2) = .a | unix",
        "timestamptz",
        "x.json",
        "x.hbs",
        "15s",
        "0",
        "7",
        "~",
        "true",
        "gin",
        "update",
        "${A:-b}",
        "orders",
    ];
    let leaf = select(&WORDS[..]).prop_map(|word| format!("'{word}'"));
    leaf.prop_recursive(6, 60, 6, |inner| {
        let pair = (select(&WORDS[..]), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
        prop_oneof![
            proptest::collection::vec(pair, 0..6).prop_map(|pairs| format!("{{{}}}", pairs.join(", "))),
            proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}
