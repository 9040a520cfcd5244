//! Events that are not the body itself.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use pipeline::decide::Decider;
use pipeline::message::Code;
use pipeline::row::Cell;
use serde_json::{Value, json};

use crate::tables::{delivery, pipeline};

fn decider(unwrap: &str) -> Decider {
    let rest = format!(
        "unwrap: {unwrap}\ntables:\n  t:\n    columns:\n      id: numeric\n      doc: jsonb = $doc\n      body: jsonb = $body\n"
    );
    pipeline(&rest).decider().clone()
}

/// The one row's document and body.
fn opened(unwrap: &str, body: &str) -> (Value, Value) {
    let rows = decider(unwrap).decide(&delivery(body));
    let rows = rows.unwrap_or_else(|rejection| panic!("{unwrap}: {body}: {rejection:?}"));
    let value = |cell: &Cell| match cell {
        Cell::Literal(text) => serde_json::from_str(text).expect("JSON"),
        other => panic!("{other:?}"),
    };
    let row = &rows.tables[0][0];
    assert_eq!(row[0], Cell::Literal("1.10".to_owned()), "no digit is lost on the way");
    (value(&row[1]), value(&row[2]))
}

fn refused(unwrap: &str, body: &str) -> (Code, String, Option<String>) {
    let rejection = decider(unwrap).decide(&delivery(body)).expect_err(body);
    (rejection.code, rejection.message, rejection.instance_path)
}

const EVENT: &str = r#"{"id":1.10}"#;

fn event() -> Value {
    serde_json::from_str(EVENT).unwrap()
}

fn zipped(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

#[test]
fn sns_is_opened() {
    let body = json!({"Type": "Notification", "MessageId": "n", "Message": EVENT}).to_string();
    let (document, whole) = opened("sns", &body);
    assert_eq!((document, &whole["MessageId"]), (event(), &json!("n")));
}

#[test]
fn what_is_not_a_notification_of_json_is_rejected() {
    for body in ["{}", "[]", "7", r#"{"Message":{"id":1}}"#, EVENT] {
        let (code, message, _) = refused("sns", body);
        assert!(code == Code::Unwrap && message.contains("not an SNS notification"), "{body}: {message}");
    }
    for inner in ["plain text", "", r#"{"id":1,"id":2}"#, "{} {}"] {
        let (code, message, path) = refused("sns", &json!({"Message": inner}).to_string());
        assert!(code == Code::Unwrap && message.contains("is not JSON"), "{inner}: {message}");
        assert_eq!(path.as_deref(), Some("/Message"));
    }
    assert_eq!(refused("sns", "no JSON").0, Code::NotJson);
}

#[test]
fn an_expression_yields_the_event() {
    let within = |inner: &str| format!(r#"{{"source":"s","detail":{inner}}}"#);
    assert_eq!(opened(".detail", &within(EVENT)).0, event());
    assert_eq!(opened(".detail | fromjson", &within(&Value::from(EVENT).to_string())).0, event());
    let base64 = Value::from(STANDARD.encode(EVENT)).to_string();
    assert_eq!(opened(".detail | @base64d | fromjson", &within(&base64)).0, event());
    let gzip = Value::from(zipped(EVENT)).to_string();
    let (document, body) = opened(".detail | gunzip | fromjson", &within(&gzip));
    assert_eq!((document, &body["source"]), (event(), &json!("s")));
}

#[test]
fn a_body_that_is_no_json_is_opened_from_its_text() {
    let zip = zipped(EVENT);
    assert_eq!(opened("$raw | gunzip | fromjson", &zip), (event(), json!(zip)));
    assert_eq!(opened("$raw | fromjson", EVENT).0, event());
    let csv = "$raw | split(\",\") | {id: (.[1] | tonumber), name: .[0]}";
    assert_eq!(
        opened(&format!("'{csv}'"), "x,1.10").0,
        serde_json::from_str::<Value>(r#"{"id":1.10,"name":"x"}"#).unwrap()
    );
    for body in ["{}", "", "H4sI", &zip[..20]] {
        let (code, message, _) = refused("$raw | gunzip | fromjson", body);
        assert!(code == Code::Unwrap && message.contains("gunzip"), "{body}: {message}");
    }
}

#[test]
fn an_envelope_that_yields_nothing_is_rejected() {
    for (unwrap, body) in [(".detail", "{}"), (".detail", r#"{"detail":null}"#), (".a[]?", "{}")] {
        let (code, message, _) = refused(unwrap, body);
        assert!(code == Code::Unwrap && message.contains("yields nothing"), "{body}: {message}");
    }
    assert_eq!(refused(".a[]", r#"{"a":[1,2]}"#).0, Code::Unwrap);
    assert_eq!(refused(".a.b", r#"{"a":"text"}"#).0, Code::Unwrap);
    assert_eq!(refused(".detail", "no JSON").0, Code::NotJson);
    // An event may be any JSON value but null.
    assert_eq!(refused(".detail", r#"{"detail":false}"#).0, Code::Mapping);
}
