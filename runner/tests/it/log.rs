//! What a run writes to its log: figures, the first rejection of each kind, outages; and nothing that a terminal obeys.

use std::io::Read;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use crate::connections::proxy;
use crate::crash::terminate;
use crate::refusals::{ONE_TABLE, PIPELINE, event, letters, ready, until_stored};
use crate::stack::{Stack, attribute};

const SCHEMA: &str = r#"{
    "required": ["id", "k"],
    "properties": {"id": {"type": "integer"}, "k": {"type": "integer"}, "items": {"items": {"type": "integer"}}},
    "additionalProperties": {"type": "integer"}
}"#;

/// A run with a line of figures each second, whose log is read while it runs.
struct Logged {
    runner: Child,
    text: Arc<Mutex<String>>,
}

impl Logged {
    fn start(stack: &Stack, settings: &[(&str, &str)]) -> Self {
        let mut command = stack.runner(&["run", PIPELINE, "--report-every", "1s"]);
        command.envs(settings.iter().copied()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut runner = command.spawn().expect("the binary starts");
        let (text, mut log) = (Arc::new(Mutex::new(String::new())), runner.stderr.take().expect("a pipe"));
        let copy = Arc::clone(&text);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = log.read(&mut bytes) {
                copy.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Self { runner, text }
    }

    fn text(&self) -> String {
        self.text.lock().expect("no panic").clone()
    }

    /// Waits for a text as often in the log.
    async fn until(&self, wanted: &str, times: usize) {
        let reached = async {
            while self.text().matches(wanted).count() < times {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_mins(1), reached).await;
        reached.unwrap_or_else(|_| panic!("{wanted:?} is not {times} times in\n{}", self.text()));
    }

    /// The fields of the complete lines with this message, each with its level.
    fn with_message(&self, message: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for line in self.text().split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let mut json: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"));
            let mut fields = json["fields"].take();
            fields["level"] = json["level"].take();
            if fields["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                found.push(fields);
            }
        }
        found
    }

    fn sum(&self, message: &str, field: &str) -> u64 {
        self.with_message(message).iter().filter_map(|line| line[field].as_u64()).sum()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        terminate(&self.runner);
        let _ = self.runner.wait();
    }
}

const JSON: &[(&str, &str)] = &[("LOG_FORMAT", "json")];
const FIGURES: &str = "figures since the last such line";

#[tokio::test]
async fn the_first_rejection_of_each_kind_is_reported_and_the_others_are_counted() {
    let stack = ready(ONE_TABLE).await;
    stack.write("schemas/e.schema.json", SCHEMA);
    let log = Logged::start(&stack, JSON);
    let mut bodies = vec![event(1, 1), r#"{"id": "one", "k": 1}"#.to_owned()];
    for index in 0..5 {
        bodies.push(format!(r#"{{"id": 1, "k": 1, "items": [{}"x"]}}"#, "1, ".repeat(index)));
    }
    stack.send(&stack.queue, &bodies).await;
    assert_eq!(letters(&stack, 6).await.len(), 6);
    log.until("dead-lettered since the last such line: schema /id type", 1).await;
    log.until(FIGURES, 3).await;

    let first = log.with_message("dead-lettered the first message of this kind");
    let mut places: Vec<&str> = first.iter().filter_map(|line| line["place"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/id", "/items/*"]);
    for line in &first {
        assert_eq!(
            (&line["code"], &line["keyword"], &line["level"]),
            (&"schema".into(), &"type".into(), &"WARN".into())
        );
        assert!(line["message_id"].as_str().is_some_and(|id| id.len() > 10), "{line}");
        assert!(line["reason"].as_str().is_some_and(|reason| reason.contains("integer")), "{line}");
    }
    assert_eq!(log.sum("dead-lettered since the last such line: schema /items/* type", "messages"), 5);
}

#[tokio::test]
async fn figures_are_logged_again_and_again_and_duplicates_are_not_new_rows() {
    let stack = ready(ONE_TABLE).await;
    let log = Logged::start(&stack, JSON);
    stack.send(&stack.queue, &[event(1, 1), event(1, 1), event(2, 1), "not JSON".to_owned()]).await;
    assert_eq!(letters(&stack, 1).await.len(), 1);
    until_stored(&stack, 2).await;
    let seen = log.text().matches(FIGURES).count();
    log.until(FIGURES, seen + 2).await;
    let sums = ["stored", "new_rows", "duplicate_rows", "dead_lettered"].map(|field| log.sum(FIGURES, field));
    assert_eq!(sums, [3, 2, 1, 1], "{}", log.text());
    let lines = log.with_message(FIGURES);
    assert!(lines.iter().all(|line| line["backlog"].is_u64()), "{lines:?}");
}

#[tokio::test]
async fn an_outage_is_reported_at_its_start_and_at_its_end_with_its_length() {
    let stack = ready(ONE_TABLE).await;
    let (proxy, url) = proxy(&stack);
    let log = Logged::start(&stack, &[("LOG_FORMAT", "json"), ("DATABASE_URL", &url)]);
    stack.send(&stack.queue, &[event(1, 1)]).await;
    until_stored(&stack, 1).await;
    proxy.refuse_connections();
    proxy.cut_connections();
    stack.send(&stack.queue, &[event(2, 1)]).await;
    log.until("outage of the database", 1).await;
    proxy.forward();
    until_stored(&stack, 2).await;
    log.until("the database works again", 1).await;
    let begins = log.with_message("outage of the database");
    assert_eq!(begins.len(), 1, "{}", log.text());
    assert!(begins[0]["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{begins:?}");
    let ends = log.with_message("the database works again");
    assert!(ends[0]["seconds"].as_f64().is_some_and(|seconds| seconds >= 1.0), "{ends:?}");
}

/// Escapes of a terminal, a change of direction, and lines that look like others.
#[tokio::test]
async fn a_hostile_event_gives_no_commands_to_a_terminal() {
    let stack = ready(ONE_TABLE).await;
    stack.write("schemas/e.schema.json", SCHEMA);
    let hostile = "\u{7f}\u{9b}2J\u{202e}gnirts\u{1b}]0;title\u{7}\n2026-01-01 ERROR forged";
    let body = serde_json::json!({"id": 1, "k": 1, hostile: hostile}).to_string();
    let log = Logged::start(&stack, &[]);
    stack.send(&stack.queue, &[body]).await;
    let letters = letters(&stack, 1).await;
    log.until("dead-lettered the first message of this kind", 1).await;
    log.until("dead-lettered since the last such line", 1).await;
    let reason: Value = serde_json::from_str(attribute(&letters[0], "runner.reason")).expect("JSON");
    let (log, reason) = (log.text(), reason["message"].as_str().expect("a sentence"));
    for text in [&*log, reason] {
        let commands: Vec<char> = text.chars().filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}').collect();
        assert!(commands.is_empty(), "{commands:?} in {text:?}");
    }
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01")), "{log}");
}
