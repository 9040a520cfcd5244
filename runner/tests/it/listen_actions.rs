//! What the live page may do with dead letters, and who may ask for it.

use std::process::Command;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::{Value, json};

use crate::dlq_letters::{dlq_json, fix_the_schema, parts, with_letters};
use crate::listen::listening;
use crate::listen_client::{Answer, Listening, request};
use crate::refusals::{ONE_TABLE, PIPELINE, ready};
use crate::setups::until_at_least;
use crate::stack::Stack;

const TOKEN: &str = "a token of some length";

fn command(stack: &Stack) -> Command {
    let mut command = stack.runner(&["run", PIPELINE, "--listen", "0", "--format", "json", "--allow-actions"]);
    command.env("RUNNER_ACTIONS_TOKEN", TOKEN);
    command
}

/// Asks as the page does.
async fn act(runner: &Listening, action: &str, body: &Value) -> (u16, Value) {
    let origin = format!("http://{}", runner.address);
    let headers = [("x-runner-token", TOKEN), ("origin", origin.as_str())];
    let line = format!("POST /letters/e/{action}");
    let answer = request(&runner.address, &line, &headers, &body.to_string()).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}")))
}

#[tokio::test]
async fn the_page_lists_shows_and_redrives_as_the_command_does() {
    let stack = with_letters(24).await;
    fix_the_schema(&stack);
    let runner = Listening::start(command(&stack));
    runner.until(200, "running").await;
    assert_eq!(runner.json("/status").await.1["actions"], json!(true));
    let (status, listed) = act(&runner, "list", &json!({})).await;
    let by_command = dlq_json(&stack, 0, &["list", PIPELINE]);
    assert_eq!((status, parts(&listed["kinds"])), (200, parts(&by_command["kinds"])), "{listed:#}");

    let kinds = listed["kinds"].as_array().expect("a list");
    let corrected = kinds.iter().find(|kind| kind["place"] == json!("/items/*/n")).expect("this kind").clone();
    let (status, letter) = act(&runner, "show", &json!({ "id": corrected["sample"]["id"] })).await;
    assert_eq!((status, &letter["code"]), (200, &json!("schema")), "{letter:#}");
    assert!(letter["body"].as_str().is_some_and(|body| body.contains("items")), "{letter:#}");

    let names = ["code", "place", "keyword", "sqlstate"];
    let kind: serde_json::Map<_, _> =
        names.map(|name| (name.to_owned(), corrected[name].clone())).into_iter().collect();
    let kind = json!({ "kind": kind });
    let (_, dry) = act(&runner, "dry-run", &kind).await;
    assert_eq!((&dry["would_pass"], &dry["sent"], &dry["selected"]), (&json!(4), &json!(0), &json!(4)), "{dry:#}");
    let (_, real) = act(&runner, "redrive", &kind).await;
    assert_eq!((&real["sent"], &real["still_failing"]), (&json!(4), &json!(0)), "{real:#}");
    until_at_least(5, "rows", async || stack.count("e").await).await;
    let (_, listed) = act(&runner, "list", &json!({})).await;
    assert_eq!((&listed["seen"], parts(&listed["kinds"]).len()), (&json!(20), 5), "{listed:#}");
    runner.stop();
}

#[tokio::test]
async fn actions_need_the_token_and_the_own_origin() {
    let stack = ready(ONE_TABLE).await;
    let runner = Listening::start(command(&stack));
    runner.until(200, "running").await;
    let own = format!("http://{}", runner.address);
    let token = ("x-runner-token", TOKEN);
    let large = "x".repeat(100_000);
    for (line, headers, body, status) in [
        ("POST /letters/e/list", vec![token, ("origin", own.as_str())], "", 200),
        ("POST /letters/e/list", vec![("origin", own.as_str())], "", 401),
        ("POST /letters/e/list", vec![("x-runner-token", "another of some length"), ("origin", own.as_str())], "", 401),
        ("POST /letters/e/list", vec![token], "", 403),
        ("POST /letters/e/list", vec![token, ("origin", "http://evil.example")], "", 403),
        ("POST /letters/e/list", vec![token, ("origin", "null")], "", 403),
        ("GET /letters/e/list", vec![token, ("origin", own.as_str())], "", 405),
        ("POST /letters/other/list", vec![token, ("origin", own.as_str())], "", 404),
        ("POST /letters/e/purge", vec![token, ("origin", own.as_str())], "", 400),
        ("POST /letters/e/redrive", vec![token, ("origin", own.as_str())], "", 400),
        ("POST /letters/e/list", vec![token, ("origin", own.as_str())], "not JSON", 400),
        ("POST /letters/e/list", vec![token, ("origin", own.as_str())], large.as_str(), 413),
        ("POST /letters/e/list", vec![("origin", own.as_str())], large.as_str(), 401),
    ] {
        let answer: Answer = request(&runner.address, line, &headers, body).await;
        assert_eq!(answer.status, status, "{line} {headers:?}: {answer:?}");
    }
    let unknown = act(&runner, "show", &json!({ "id": "nobody" })).await;
    assert_eq!(unknown.0, 404);
    assert!(
        unknown.1["error"].as_str().is_some_and(|error| error.contains("no letter has the id nobody")),
        "{unknown:?}"
    );
    runner.terminate();
    let (_, _, log) = runner.wait();
    assert_eq!(log.matches("an action on the page was refused").count(), 6, "{log}");
}

#[tokio::test]
async fn one_action_runs_at_a_time() {
    let stack = with_letters(24).await;
    let runner = Listening::start(command(&stack));
    runner.until(200, "running").await;
    let (no_body, other) = (json!({}), json!({}));
    let (one, two) = tokio::join!(act(&runner, "list", &no_body), act(&runner, "list", &other));
    let mut statuses = [one.0, two.0];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{one:?} {two:?}");
    assert_eq!(act(&runner, "list", &json!({})).await.0, 200, "the first has ended");
    runner.stop();
}

/// Otherwise they would be invisible until their visibility timeout ends.
#[tokio::test]
async fn at_the_end_of_the_process_an_action_gives_its_letters_back() {
    let stack = with_letters(24).await;
    let runner = Listening::start(command(&stack));
    runner.until(200, "running").await;
    let (address, origin) = (runner.address.clone(), format!("http://{}", runner.address));
    let asking = tokio::spawn(async move {
        let headers = [("x-runner-token", TOKEN), ("origin", origin.as_str())];
        request(&address, "POST /letters/e/list", &headers, "").await
    });
    // Letters are held from now on.
    until_at_least(1, "held letters", async || {
        let name = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
        let asked = stack.client.get_queue_attributes().queue_url(stack.url(&stack.dlq).await);
        let answer = asked.attribute_names(name.clone()).send().await.expect("it answers");
        answer.attributes.expect("attributes")[&name].parse().expect("a number")
    })
    .await;
    runner.stop();
    drop(asking.await);
    assert_eq!(stack.drain(&stack.dlq).await.len(), 24);
}

#[tokio::test]
async fn without_the_flag_the_page_only_shows() {
    let stack = ready(ONE_TABLE).await;
    let runner = listening(&stack, &[]);
    runner.until(200, "running").await;
    assert_eq!(runner.json("/status").await.1["actions"], json!(false));
    assert_eq!(request(&runner.address, "POST /letters/e/list", &[], "").await.status, 404);
    runner.stop();
}

#[tokio::test]
async fn the_flag_needs_a_token_and_a_page() {
    let stack = Stack::new().await;
    let page = ["run", "pipelines/transactions.yaml", "--allow-actions", "--listen", "0"];
    for (args, token, words) in [
        (&page[..], None, "RUNNER_ACTIONS_TOKEN is not set"),
        (&page[..], Some("verysecret"), "RUNNER_ACTIONS_TOKEN: a token has at least 16 characters"),
        (&page[..3], Some(TOKEN), "nothing listens"),
    ] {
        let mut command = stack.runner(args);
        if let Some(token) = token {
            command.env("RUNNER_ACTIONS_TOKEN", token);
        }
        let output = command.output().expect("the binary starts");
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(78), "{report}");
        assert!(report.contains(words) && !report.contains("verysecret"), "{report}");
    }
}
