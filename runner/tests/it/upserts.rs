//! Rows that meet another of their key: what is stored, and what is counted.

use serde_json::{Value, json};

use crate::tables::Tables;

async fn tables(settings: &str) -> Tables {
    let text = format!(
        "tables:\n  t:\n    primary_key: [k]\n{settings}    columns:\n      k: numeric\n      v: integer\n      n: text\n"
    );
    Tables::new(&text).await
}

fn body(k: &str, v: i32, n: &str) -> String {
    format!(r#"{{"k":{k},"v":{v},"n":"{n}"}}"#)
}

/// Writes batches one after another; gives what each counted.
async fn write(tables: &Tables, batches: &[&[(&str, i32, &str)]]) -> Vec<(u64, u64)> {
    let mut counted = Vec::new();
    for batch in batches {
        let bodies: Vec<_> = batch.iter().map(|(k, v, n)| body(k, *v, n)).collect();
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        let written = tables.store(&bodies).await.expect("the batch is written");
        let (rows, duplicates) = (written.rows(), written.duplicates());
        counted.push((rows, duplicates));
    }
    counted
}

async fn stored(tables: &Tables) -> Vec<Value> {
    let rows = tables.stack.rows("SELECT k, v, n FROM t ORDER BY k").await;
    rows.iter().map(|row| json!([row["k"], row["v"], row["n"]])).collect()
}

/// The batches of every test: keys repeat inside a batch and over batches, `1` also as `1.0`.
const BATCHES: [&[(&str, i32, &str)]; 3] = [
    &[("1", 5, "a"), ("2", 1, "b"), ("1.0", 9, "c"), ("1", 7, "d")],
    &[("1", 8, "e"), ("2", 1, "f"), ("3", 0, "g")],
    &[("1", 10, "h"), ("1", 10, "i"), ("2", 0, "j"), ("2", 2, "k")],
];

#[tokio::test]
async fn ignore_keeps_the_first_of_each_key() {
    let tables = tables("").await;
    assert_eq!(write(&tables, &BATCHES).await, [(4, 2), (3, 2), (4, 4)]);
    assert_eq!(stored(&tables).await, [json!([1, 5, "a"]), json!([2, 1, "b"]), json!([3, 0, "g"])]);
}

#[tokio::test]
async fn update_keeps_the_last_received() {
    let tables = tables("    on_conflict: update\n").await;
    assert_eq!(write(&tables, &BATCHES).await, [(4, 2), (3, 0), (4, 2)]);
    assert_eq!(stored(&tables).await, [json!([1, 10, "i"]), json!([2, 2, "k"]), json!([3, 0, "g"])]);
}

#[tokio::test]
async fn a_version_keeps_the_newest_whatever_the_order() {
    let tables = tables("    on_conflict: update\n    version: v\n").await;
    // First 9 of key 1; then 8 and 1 again are no newer; then the later of two tens, and 2 but not 0.
    assert_eq!(write(&tables, &BATCHES).await, [(4, 2), (3, 2), (4, 2)]);
    // The key itself is never overwritten: it stays as its first row spelt it.
    assert_eq!(stored(&tables).await, [json!([1.0, 10, "i"]), json!([2, 2, "k"]), json!([3, 0, "g"])]);
    // All of it once more, backwards, as a redelivery may come: nothing changes.
    let again: Vec<&[_]> = BATCHES.iter().rev().copied().collect();
    assert_eq!(write(&tables, &again).await, [(4, 4), (3, 3), (4, 4)]);
    assert_eq!(stored(&tables).await, [json!([1.0, 10, "i"]), json!([2, 2, "k"]), json!([3, 0, "g"])]);
}

#[tokio::test]
async fn error_blames_the_row() {
    let tables = tables("    on_conflict: error\n").await;
    assert_eq!(write(&tables, &[&[("1", 1, "a"), ("2", 1, "b")]]).await, [(2, 0)]);
    for bodies in [&[body("1", 2, "x")][..], &[body("7", 1, "y"), body("7.0", 1, "z")]] {
        let bodies: Vec<_> = bodies.iter().map(String::as_str).collect();
        let fault = tables.store(&bodies).await.expect_err("the key is there");
        assert_eq!(fault.code.as_deref(), Some("23505"));
    }
    assert_eq!(tables.stack.count("t").await, 2);
}

/// Writers of several processes: the server decides about the row as it is when its lock is free.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_leave_the_newest() {
    let tables = tables("    on_conflict: update\n    version: v\n").await;
    let bodies: Vec<_> = (0..200).map(|at| body(&(at % 5).to_string(), (at * 37) % 200, &at.to_string())).collect();
    let writes = bodies.chunks(10).map(|chunk| {
        let chunk: Vec<_> = chunk.iter().map(String::as_str).collect();
        let tables = &tables;
        async move { tables.store(&chunk).await.expect("written") }
    });
    let written = futures_util::future::join_all(writes).await;
    assert_eq!(written.iter().map(engine::sink::Written::rows).sum::<u64>(), 200);
    // Of each key the greatest of its forty versions.
    let greatest: Vec<i32> =
        (0..5).map(|key| (0..200).filter(|at| at % 5 == key).map(|at| (at * 37) % 200).max().unwrap()).collect();
    let versions: Vec<_> = stored(&tables).await.iter().map(|row| row[1].clone()).collect();
    assert_eq!(versions, greatest);
}

#[tokio::test]
async fn every_type_with_an_order_is_a_version() {
    for (ty, older, newer) in [
        ("timestamptz", "\"2024-01-01T00:00:00.000001Z\"", "\"2024-01-01T01:00:00.000002+01:00\""),
        ("bigint", "9", "10"),
        ("numeric", "9.99", "10"),
        ("text", "\"01a\"", "\"01b\""),
        ("uuid", "\"01900000-0000-7000-8000-000000000000\"", "\"01900000-0000-7000-8000-000000000001\""),
        ("date", "\"2024-01-09\"", "\"2024-01-10\""),
        ("double precision", "-1e300", "1e-300"),
        ("integer[]", "[1,2]", "[1,10]"),
    ] {
        let tables = Tables::new(&format!(
            "tables:\n  T x:\n    primary_key: [\"the \\\"key\\\"\"]\n    on_conflict: update\n    version: Ver\n    \
             columns:\n      \"the \\\"key\\\"\": integer = .k\n      Ver: {ty} = .v\n      n: text\n"
        ))
        .await;
        let one = |v: &str, n: &str| format!(r#"{{"k":1,"v":{v},"n":"{n}"}}"#);
        let (first, late, next) = (one(newer, "new"), one(older, "old"), one(newer, "again"));
        let both = tables.store(&[&first, &late]).await.expect(ty);
        assert_eq!((both.rows(), both.duplicates()), (2, 1), "{ty}");
        assert_eq!(counts(&tables, &late).await, (1, 1), "{ty}");
        assert_eq!(counts(&tables, &next).await, (1, 1), "{ty}");
        assert_eq!(tables.stack.rows("SELECT n FROM \"T x\"").await, [json!({"n": "new"})], "{ty}");
    }
}

/// Rows and duplicates of a write of one body.
async fn counts(tables: &Tables, body: &str) -> (u64, u64) {
    let written = tables.store(&[body]).await.expect(body);
    (written.rows(), written.duplicates())
}

/// Two replicas get the same messages, each in an order of its own. Whatever a key already there means, neither waits for
/// a key of the other that waits for one of its own.
#[tokio::test]
async fn replicas_with_the_same_messages_do_not_deadlock() {
    for setting in ["", "    on_conflict: update\n"] {
        let tables = tables(setting).await;
        for round in 0..5 {
            let keys = round * 2000..round * 2000 + 2000;
            let bodies: Vec<String> = keys.map(|key| body(&key.to_string(), key, "same")).collect();
            let forwards: Vec<&str> = bodies.iter().map(String::as_str).collect();
            let backwards: Vec<&str> = forwards.iter().rev().copied().collect();
            let (first, second) = tokio::join!(tables.store(&forwards), tables.store(&backwards));
            first.expect("no deadlock");
            second.expect("no deadlock");
        }
        assert_eq!(tables.stack.count("t").await, 10_000, "{setting}");
    }
}
