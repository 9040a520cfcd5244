//! `runner dlq redrive`: decides first, sends what passes, loses nothing.

use std::collections::HashSet;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::QueueAttributeName as Name;
use serde_json::{Value, json};

use crate::dlq_letters::{TABLE, add_letters, dlq_json, fix_the_schema, parts, with_letters};
use crate::refusals::{PIPELINE, event, ready, run};
use crate::setups::until_at_least;
use crate::stack::{Stack, shown};

fn start(stack: &Stack, args: &[&str]) -> Child {
    let mut command = stack.runner(&["dlq", "redrive", PIPELINE, "--format", "json"]);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// How many messages a queue has, visible or not.
async fn messages(stack: &Stack, queue: &str) -> i64 {
    let names = vec![Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
    let request = stack.client.get_queue_attributes().queue_url(stack.url(queue).await);
    let answer = request.set_attribute_names(Some(names)).send().await.expect("it answers");
    answer.attributes.expect("attributes").values().map(|text| text.parse::<i64>().expect("a number")).sum()
}

async fn until_sent(stack: &Stack, least: i64) {
    until_at_least(least, "sent", async || messages(stack, &stack.queue).await).await;
}

/// How many letters the tests with many have: `LETTERS`, a multiple of 60, or as many as suit every run of the tests.
fn many(otherwise: u32) -> u32 {
    let Ok(text) = std::env::var("LETTERS") else { return otherwise };
    let number = text.parse().ok().filter(|number| number % 60 == 0 && *number > 0);
    number.unwrap_or_else(|| panic!("LETTERS is `{text}`, not a multiple of 60"))
}

/// Some thousand letters of six kinds; afterwards each one is a row or still a letter.
#[tokio::test]
async fn redrive_does_what_its_dry_run_counts() {
    let stack = with_letters(60).await;
    let total = many(2400);
    let (each, passing, failing) = (total / 6, total / 3, total / 3 * 2);
    add_letters(&stack, total).await;
    let began = Instant::now();
    let listing = dlq_json(&stack, 0, &["list", PIPELINE]);
    eprintln!("{total} letters listed in {:?}", began.elapsed());
    assert_eq!((&listing["seen"], parts(&listing["kinds"]).len()), (&json!(total), 6), "{listing:#}");
    fix_the_schema(&stack);
    stack.execute("ALTER TABLE e DROP CONSTRAINT e_k_check").await;
    let dry = dlq_json(&stack, 0, &["redrive", PIPELINE, "--dry-run"]);
    assert_eq!(
        (&dry["would_pass"], &dry["still_failing"], &dry["sent"]),
        (&json!(passing), &json!(failing), &json!(0))
    );
    let expected = json!([
        [each, "cast", "e.s", null, null],
        [each, "not_json", null, null, null],
        [each, "schema", "/k", "type", null],
        [each, "schema", null, "required", null],
    ]);
    assert_eq!(json!(parts(&dry["kinds"])), expected, "{dry:#}");

    let some = ["redrive", PIPELINE, "--where", ".code == \"constraint\"", "--max", "100"];
    assert_eq!(dlq_json(&stack, 0, &some)["sent"], json!(100));
    let real = dlq_json(&stack, 1, &["redrive", PIPELINE]);
    let rest = json!(passing - 100);
    assert_eq!((&real["would_pass"], &real["sent"], &real["still_failing"]), (&rest, &rest, &json!(failing)));
    assert_eq!(parts(&real["kinds"]), parts(&dry["kinds"]));
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(passing), &json!(0)), "{summary}");
    assert_eq!(stack.count("e").await, i64::from(passing) + 1);
    assert_eq!(stack.drain(&stack.dlq).await.len(), failing as usize, "what still fails is there at once");
}

#[tokio::test]
async fn killed_in_the_middle_no_letter_is_lost() {
    let stack = ready(TABLE).await;
    let total = many(1500);
    stack.send(&stack.dlq, &(0..total).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    for _ in 0..5 {
        let before = messages(&stack, &stack.queue).await;
        let mut redrive = start(&stack, &["--rate", "400/s"]);
        until_sent(&stack, before + i64::from(total) / 75).await;
        redrive.kill().expect("SIGKILL");
        redrive.wait().expect("it is gone");
    }
    assert!(messages(&stack, &stack.dlq).await > 0, "the last kill came before the end");
    run(&stack).await;
    let mut ids: HashSet<i64> = HashSet::new();
    for row in stack.rows("SELECT id FROM e").await {
        assert!(ids.insert(row["id"].as_i64().expect("a number")), "a row twice");
    }
    // What a killed process held comes back when its visibility ends.
    let mut letters: HashSet<i64> = HashSet::new();
    for _ in 0..120 {
        for letter in stack.drain(&stack.dlq).await {
            let body: Value = serde_json::from_str(letter.body().expect("a body")).expect("JSON");
            letters.insert(body["id"].as_i64().expect("a number"));
        }
        if messages(&stack, &stack.dlq).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    ids.extend(letters);
    assert_eq!(ids.len(), total as usize, "each is a row or a letter");
}

#[tokio::test]
async fn letters_that_arrive_meanwhile_are_not_part_of_it() {
    let stack = ready(TABLE).await;
    stack.send(&stack.dlq, &(0..30).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let redrive = start(&stack, &["--rate", "10/s"]);
    until_sent(&stack, 1).await;
    stack.send(&stack.dlq, &(100..105).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let output = redrive.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", shown(&output));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&result["sent"], &result["seen"]), (&json!(30), &json!(30)), "{result}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 5, "they are there at once");
}

#[tokio::test]
async fn a_signal_gives_the_rest_back_at_once() {
    let stack = ready(TABLE).await;
    stack.send(&stack.dlq, &(0..200).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let redrive = start(&stack, &["--rate", "20/s"]);
    until_sent(&stack, 1).await;
    crate::crash::terminate(&redrive);
    let output = redrive.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let sent = result["sent"].as_u64().and_then(|sent| usize::try_from(sent).ok()).expect("a number");
    assert!((1..200).contains(&sent), "{result}");
    assert_eq!(stack.drain(&stack.dlq).await.len(), 200 - sent);
    assert_eq!(stack.drain(&stack.queue).await.len(), sent);
}

/// Several pipelines may share a dead-letter queue.
#[tokio::test]
async fn letters_of_another_pipeline_are_left_alone_unless_selected() {
    let stack = ready(TABLE).await;
    let text = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the pipeline file");
    stack.write("pipelines/other.yaml", &text);
    stack.send(&stack.queue, &["broken".to_owned()]).await;
    run(&stack).await;
    let other = "pipelines/other.yaml";
    let result = dlq_json(&stack, 1, &["redrive", other]);
    assert_eq!((&result["of_other_pipelines"], &result["still_failing"]), (&json!(1), &json!(0)), "{result}");
    let result = dlq_json(&stack, 1, &["redrive", other, "--where", ".reason.pipeline == \"e\""]);
    assert_eq!((&result["of_other_pipelines"], &result["still_failing"]), (&json!(0), &json!(1)), "{result}");
}
