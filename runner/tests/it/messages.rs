//! All rows of a message are committed together or not at all, whatever its neighbours are.

use serde_json::{Value, json};

use crate::stack::{Stack, attribute};

const PIPELINE: &str = "pipelines/sales.yaml";

/// Three tables: the sale, its items, and a mark that not every sale gets.
const FILE: &str = "
source: { queue: '${SQS_QUEUE_NAME}', dlq: '${SQS_DLQ_QUEUE_NAME}', batch: 50 }
schema: ../schemas/any.schema.json
tables:
  sales:
    primary_key: [id]
    columns:
      id: integer
  items:
    for_each: .items
    primary_key: [sale, sku]
    columns:
      sale: integer = $doc.id
      sku: text = .sku
      price: numeric = .price
    indexes: [{ columns: [price], unique: true }]
  marks:
    when: .marked
    columns:
      id: integer
      share: numeric
";

async fn sales() -> Stack {
    let stack = Stack::new().await;
    stack.write("schemas/any.schema.json", "true");
    stack.write(PIPELINE, FILE);
    stack.ends_with(0, &["migrate", PIPELINE]);
    stack
}

fn sale(id: u32, items: usize) -> String {
    let item = |at: usize| format!(r#"{{"sku":"s{at}","price":{id}.{at:04}}}"#);
    let items: Vec<_> = (0..items).map(item).collect();
    format!(r#"{{"id":{id},"items":[{}],"marked":{},"share":0.5}}"#, items.join(","), id % 2 == 0)
}

#[tokio::test]
async fn a_bad_row_of_one_table_leaves_nothing_of_its_message_and_all_of_the_others() {
    let stack = sales().await;
    stack.execute("ALTER TABLE marks ADD CHECK (100 / (id - 30) <> 0.1234)").await;
    stack.execute("INSERT INTO items VALUES (0, 'taken', 17.0002)").await;
    let mut bodies: Vec<_> = (1..=120).map(|id| sale(id, 5)).collect();
    // 17 meets the unique index in the second table, 30 a division by zero (22012) in the third; 44 has more items
    // than a batch has messages, the last of them of a price that is taken within the message itself.
    bodies[43] = sale(44, 400).replace("44.0399", "44.0000");
    bodies.push(sale(200, 2_000));
    stack.send(&stack.queue, &bodies).await;

    let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(118), &json!(3)), "{summary}");
    // 118 sales, 117 times 5 items and 2000, and a mark for every even one of them.
    assert_eq!((&summary["rows"], &summary["duplicates"]), (&json!(118 + 117 * 5 + 2000 + 59), &json!(0)), "{summary}");
    assert_eq!(stack.count("sales").await, 118);
    assert_eq!(stack.count("items").await, 1 + 117 * 5 + 2000);
    assert_eq!(stack.count("marks").await, 59);
    for table in ["sales WHERE id", "items WHERE sale", "marks WHERE id"] {
        assert_eq!(stack.count(&format!("{table} IN (17, 30, 44)")).await, 0, "{table}");
    }

    let mut letters: Vec<(i64, String, String)> = Vec::new();
    for letter in stack.drain(&stack.dlq).await {
        let body: Value = serde_json::from_str(letter.body().unwrap()).unwrap();
        let reason: Value = serde_json::from_str(attribute(&letter, "runner.reason")).unwrap();
        let code = attribute(&letter, "runner.code").to_owned();
        letters.push((body["id"].as_i64().unwrap(), code, reason["sqlstate"].as_str().unwrap().to_owned()));
    }
    letters.sort();
    let letter = |id, code: &str, state: &str| (id, code.to_owned(), state.to_owned());
    let expected =
        [letter(17, "constraint", "23505"), letter(30, "not_storable", "22012"), letter(44, "constraint", "23505")];
    assert_eq!(letters, expected);
    assert!(stack.drain(&stack.queue).await.is_empty(), "everything is settled");
}

#[tokio::test]
async fn a_redelivery_of_many_rows_is_counted_row_by_row() {
    let stack = sales().await;
    for duplicates in [0, 1 + 3] {
        // A sale without a key of its own in `marks` would be stored there twice: 1 is odd and gets none.
        stack.send(&stack.queue, &[sale(1, 3)]).await;
        let summary = stack.json(&["run", PIPELINE, "--until-empty", "--format", "json"]);
        assert_eq!((&summary["rows"], &summary["duplicates"]), (&json!(4), &json!(duplicates)), "{summary}");
    }
}
