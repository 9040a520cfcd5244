//! A schema whose events only a person can write, or none at all, is no reason to write nothing, nor what is wrong.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{read, runner, shown, succeeds};

/// A pipeline without a producer, for this reason; all that was written holds.
fn lacks_producer(option: &str, text: &str, why: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("s.json"), text).expect("written");
    let output = succeeds(folder.path(), &["new", "ev", option, "s.json", "--format", "json"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("warning: no sample event was found") && stderr.contains(why), "{text}: {stderr}");
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert!(!result["next"].to_string().contains("runner dev"), "{result}");
    succeeds(folder.path(), &["validate-config", "--deny-warnings", "pipelines/ev.yaml"]);
    let tested = succeeds(folder.path(), &["test", "pipelines/ev.yaml"]);
    assert!(String::from_utf8_lossy(&tested.stdout).contains("1 case: 1 ok"), "{}", shown(&tested));
    folder
}

fn of_property(schema: &Value) -> String {
    json!({"type": "object", "required": ["code"], "properties": {"code": schema}}).to_string()
}

#[test]
fn no_producer_is_written_for_events_that_would_be_rejected() {
    let endless = json!({"$ref": "#/$defs/n", "$defs":
        {"n": {"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#/$defs/n"}}}}});
    for (schema, why) in [
        (of_property(&json!({"type": "string", "pattern": "^([a-z])(?=x)y$"})), "`/code`"),
        (of_property(&json!({"allOf": [{"type": "string"}, {"type": "integer"}]})), "code"),
        (endless.to_string(), "/n` is null, not object"),
    ] {
        lacks_producer("--from-schema", &schema, why);
    }
}

#[test]
fn a_sample_no_column_takes_is_named() {
    let digits = format!("{{\"id\": 1, \"d\": 0.{}}}", "1".repeat(20_000));
    lacks_producer("--from-sample", r#"{"id": 1, "note": "a\u0000b"}"#, "column `ev.note`: text can't hold");
    lacks_producer("--from-sample", &digits, "column `ev.d`: numeric can't hold");
}

#[test]
fn the_remark_says_why_and_is_a_producer_once_the_template_is_mended() {
    let schema = of_property(&json!({"type": "string", "pattern": "^([a-z])(?=x)y$|^only a person$"}));
    let folder = lacks_producer("--from-schema", &schema, "`/code`");
    let path = Path::new("pipelines/ev.yaml");
    let text = read(folder.path(), "pipelines/ev.yaml");
    assert!(text.contains("# Sample events: ev.json.hbs is a start"), "{text}");
    assert!(text.contains("\n# `/code` is the string"), "{text}");
    let (head, remark) = text.split_once("\n#\n").expect("the remark ends with the lines");
    fs::write(folder.path().join(path), format!("{head}\n{}", remark.replace("# ", ""))).expect("written");
    let wrong = runner(folder.path(), &["validate-config", "pipelines/ev.yaml"]);
    assert_eq!(wrong.status.code(), Some(78), "{}", shown(&wrong));
    fs::write(folder.path().join("pipelines/ev.json.hbs"), r#"{"code": "only a person"}"#).expect("written");
    succeeds(folder.path(), &["validate-config", "--deny-warnings", "pipelines/ev.yaml"]);
}
