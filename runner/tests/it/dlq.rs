//! `runner dlq` list, show and purge: letters are grouped by kind, and left as they were.

use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName as Name};
use serde_json::{Value, json};

use crate::dlq_letters::{TABLE, dlq, dlq_json, parts, rejected, with_letters};
use crate::refusals::{PIPELINE, event, ready, run, with_tables};
use crate::stack::{Stack, shown};

/// Sends a letter that nobody has looked at yet, with these attributes of type String.
async fn send_letter(stack: &Stack, body: &str, attributes: &[(&str, &str)]) -> String {
    let mut request = stack.client.send_message().queue_url(stack.url(&stack.dlq).await).message_body(body);
    for (name, text) in attributes {
        let value = MessageAttributeValue::builder().data_type("String").string_value(*text).build();
        request = request.message_attributes(*name, value.expect("complete"));
    }
    request.send().await.expect("the letter is sent").message_id.expect("it has an id")
}

#[tokio::test]
async fn list_groups_letters_by_kind_and_gives_them_back() {
    let stack = with_letters(60).await;
    let listing = dlq_json(&stack, 0, &["list", PIPELINE]);
    assert_eq!((&listing["about"], &listing["seen"]), (&json!(60), &json!(60)));
    let expected = json!([
        [10, "cast", "e.s", null, null],
        [10, "constraint", null, null, "23514"],
        [10, "not_json", null, null, null],
        [10, "schema", "/items/*/n", "type", null],
        [10, "schema", "/k", "type", null],
        [10, "schema", null, "required", null],
    ]);
    assert_eq!(json!(parts(&listing["kinds"])), expected, "{listing:#}");
    let kind = &listing["kinds"][0];
    assert!(kind["sample"]["id"].is_string() && kind["sample"]["message"].is_string(), "{kind}");
    assert!(kind["first"].as_str() <= kind["last"].as_str() && kind["first"].is_string(), "{kind}");

    let human = dlq(&stack, &["list", PIPELINE]);
    let (text, notes) = (String::from_utf8_lossy(&human.stdout), String::from_utf8_lossy(&human.stderr));
    assert!(text.contains("seen 60 of about 60") && text.contains("schema  /items/*/n  type"), "{text}");
    assert!(notes.contains("counts as received") && !notes.contains("redrive policy"), "{notes}");

    let some =
        dlq_json(&stack, 0, &["list", PIPELINE, "--where", ".code == \"schema\" and (.body.k | type) == \"string\""]);
    assert_eq!(json!(parts(&some["kinds"])), json!([[10, "schema", "/k", "type", null]]));
    assert_eq!((&some["seen"], &some["selected"]), (&json!(60), &json!(10)));
    let few = dlq_json(&stack, 0, &["list", PIPELINE, "--max", "7"]);
    assert_eq!(few["selected"], json!(7), "{few}");
    // All of them are there at once, whole.
    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), 60);
    assert!(
        letters.iter().all(|letter| letter.message_attributes().is_some_and(|all| all.contains_key("runner.reason")))
    );
}

#[tokio::test]
async fn an_expression_is_checked_before_anything_is_received() {
    let stack = ready(TABLE).await;
    send_letter(&stack, "{\"a\": 1}", &[]).await;
    send_letter(&stack, "text", &[]).await;
    for (expression, place) in [(".code == foo", "column 10"), (".code ==", "column"), ("$sqs.x", "column 1")] {
        let output = dlq(&stack, &["list", PIPELINE, "--where", expression]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(place) && text.contains('^'), "{text}");
    }
    let listing = dlq_json(&stack, 0, &["list", PIPELINE, "--where", ".body.a == 1"]);
    assert_eq!((&listing["selected"], &listing["where_failed"]), (&json!(1), &json!(1)), "{listing}");
    let request = stack.client.receive_message().queue_url(stack.url(&stack.dlq).await).max_number_of_messages(10);
    let request = request.message_system_attribute_names("ApproximateReceiveCount".into());
    for message in request.send().await.expect("it answers").messages.expect("both letters") {
        let count = &message.attributes.expect("attributes")[&"ApproximateReceiveCount".into()];
        assert_eq!(count, "2", "one look, and this one");
    }
}

/// ANSI, bidirectional and control characters in each place that is shown.
#[tokio::test]
async fn hostile_texts_are_escaped_and_json_is_exact() {
    let stack = ready(TABLE).await;
    let hostile = "\u{9b}31m\u{202e}<script>\u{2066}\u{7f}\u{feff}";
    let reason = json!({"message": format!("\u{1b}[2J{hostile}"), "instance_path": format!("/{hostile}")}).to_string();
    let body = format!("{{\"b\": \"{hostile}\", \"a\": [1.50, 2]}}");
    let id =
        send_letter(&stack, &body, &[("runner.code", hostile), ("runner.reason", &reason), ("own", hostile)]).await;
    let big = "x".repeat(200_000);
    send_letter(&stack, &format!("{hostile}{big}"), &[("runner.code", hostile), ("runner.reason", hostile)]).await;
    for args in [&["list", PIPELINE][..], &["show", PIPELINE, &id], &["redrive", PIPELINE, "--dry-run"]] {
        for format in ["human", "json"] {
            let output = dlq(&stack, &[args, &["--format", format]].concat());
            let text = [output.stdout.as_slice(), &output.stderr].concat();
            let text = String::from_utf8(text).expect("UTF-8");
            let shows_texts = args[0] == "redrive" || text.contains("<script>");
            assert!(output.status.success() && shows_texts && text.len() < 100_000, "{text}");
            let unsafe_character = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{feff}".contains(c);
            assert_eq!(text.find(unsafe_character), None, "{args:?} {format}\n{text:?}");
        }
    }
    let letter = dlq_json(&stack, 0, &["show", PIPELINE, &id]);
    assert_eq!((&letter["body"], &letter["attributes"]["own"]), (&json!(body), &json!(hostile)));
    assert_eq!(letter["reason"]["message"], json!(format!("\u{1b}[2J{hostile}")));
    let human = String::from_utf8(dlq(&stack, &["show", PIPELINE, &id]).stdout).expect("UTF-8");
    assert!(human.contains("\n  \"b\": \"") && human.contains("\n    1.50,\n"), "{human}");
}

#[tokio::test]
async fn a_letter_is_shown_by_its_id_or_by_that_of_its_message() {
    let stack = ready(TABLE).await;
    let source = stack.send_one("broken", std::iter::empty()).await;
    run(&stack).await;
    let by_message = dlq_json(&stack, 0, &["show", PIPELINE, &source]);
    let id = by_message["id"].as_str().expect("an id");
    assert_ne!(id, source);
    assert_eq!(dlq_json(&stack, 0, &["show", PIPELINE, id])["code"], json!("not_json"));
    let output = dlq(&stack, &["show", PIPELINE, "nothing"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no letter has the id nothing; 1 of about 1"));
}

#[tokio::test]
async fn purge_asks_writes_and_then_deletes_what_is_selected() {
    let stack = with_letters(36).await;
    let purge = ["purge", PIPELINE, "--where", ".code == \"schema\""];
    let output = dlq(&stack, &purge);
    assert_eq!(output.status.code(), Some(2), "nobody can be asked\n{}", shown(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--yes"));
    assert_eq!(dlq(&stack, &["purge", PIPELINE, "--yes"]).status.code(), Some(2), "--where is required");

    let file = stack.write("there.jsonl", "kept");
    let output = dlq(&stack, &[&purge[..], &["--yes", "--to", "there.jsonl"]].concat());
    assert_eq!(output.status.code(), Some(2), "a file is not overwritten\n{}", shown(&output));
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "kept");

    let purged = dlq_json(&stack, 0, &[&purge[..], &["--yes", "--to", "away.jsonl"]].concat());
    assert_eq!((&purged["deleted"], &purged["seen"]), (&json!(18), &json!(36)), "{purged}");
    let lines = std::fs::read_to_string(stack.home.path().join("away.jsonl")).expect("it is written");
    let mut bodies: Vec<String> = Vec::new();
    for line in lines.lines() {
        let letter: Value = serde_json::from_str(line).expect("a line is JSON");
        assert_eq!(letter["code"], json!("schema"), "{letter}");
        bodies.push(letter["body"].as_str().expect("a body").to_owned());
    }
    let mut expected: Vec<_> = (0..36).filter(|number| (1..=3).contains(&(number % 6))).map(rejected).collect();
    bodies.sort_unstable();
    expected.sort_unstable();
    assert_eq!(bodies, expected);
    assert_eq!(stack.drain(&stack.dlq).await.len(), 18, "the others are there at once");
}

/// A letter that SQS itself moved, and a dead-letter queue with a redrive policy of its own.
#[tokio::test]
async fn letters_of_the_queues_own_redrive_policy_are_a_kind() {
    let stack = with_tables(Stack::without_queues().await, TABLE, &[]).await;
    let (queue, dlq_url) = (stack.url(&stack.queue).await, stack.url(&stack.dlq).await);
    let last = format!("{}-last", stack.dlq);
    stack.client.create_queue().queue_name(&last).send().await.expect("it is created");
    for (url, target, receives) in [(&queue, &dlq_url, 1), (&dlq_url, &stack.url(&last).await, 50)] {
        let attributes = stack.client.get_queue_attributes().queue_url(target).attribute_names(Name::QueueArn);
        let answer = attributes.send().await.expect("it answers").attributes.expect("attributes");
        let policy = json!({"deadLetterTargetArn": answer[&Name::QueueArn], "maxReceiveCount": receives}).to_string();
        let set = stack.client.set_queue_attributes().queue_url(url).attributes(Name::RedrivePolicy, policy);
        set.send().await.expect("it is set");
    }
    stack.send(&stack.queue, &[event(1, 1), event(2, 2)]).await;
    for _ in 0..3 {
        let receive = stack.client.receive_message().queue_url(&queue).max_number_of_messages(10);
        receive.visibility_timeout(0).send().await.expect("it answers");
    }
    let listing = dlq_json(&stack, 0, &["list", PIPELINE]);
    assert_eq!(json!(parts(&listing["kinds"])), json!([[2, "redrive policy", null, null, null]]), "{listing}");
    let human = dlq(&stack, &["list", PIPELINE, "--where", ".code == \"redrive policy\" and .reason == null"]);
    let (text, notes) = (String::from_utf8_lossy(&human.stdout), String::from_utf8_lossy(&human.stderr));
    assert!(text.contains("2  redrive policy"), "{text}");
    assert!(notes.contains("received 50 times") && notes.contains(&last), "{notes}");
    assert_eq!(dlq_json(&stack, 0, &["redrive", PIPELINE])["sent"], json!(2));
    run(&stack).await;
    assert_eq!(stack.count("e").await, 2);
}

/// The commands of docs/dead-letters.md, run by a shell as they stand.
#[tokio::test]
async fn the_commands_of_the_page_run() {
    let stack = Stack::new().await;
    let transactions = "pipelines/transactions.yaml";
    stack.ends_with(0, &["migrate", transactions]);
    stack.send(&stack.queue, &["broken".to_owned(), "{}".to_owned()]).await;
    stack.ends_with(0, &["run", transactions, "--until-empty"]);
    let listing = dlq_json(&stack, 0, &["list", transactions]);
    let id = listing["kinds"][0]["sample"]["id"].as_str().expect("an id").to_owned();
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_runner")).parent().expect("a folder");
    let path = format!("{}:/usr/bin:/bin", binary.display());
    let mut commands = 0;
    for block in crate::documents::blocks_in("docs/dead-letters.md", "sh") {
        for command in block.text.lines() {
            let mut shell = std::process::Command::new("sh");
            let as_user = stack.runner(&[]);
            let settings = as_user.get_envs().filter_map(|(name, value)| Some((name, value?)));
            shell.args(["-c", command]).current_dir(stack.home.path()).env_clear().envs(settings);
            let output = shell.env("PATH", &path).env("ID", &id).output().expect("a shell");
            // Nothing was corrected, so that both letters still fail.
            let stays = command.contains("redrive") && !command.contains("--dry-run");
            assert_eq!(output.status.code(), Some(i32::from(stays)), "`{command}`\n{}", shown(&output));
            commands += 1;
        }
    }
    assert!(commands >= 6, "the blocks were found");
    assert_eq!(dlq_json(&stack, 0, &["list", transactions])["seen"], json!(1), "one was purged");
}
