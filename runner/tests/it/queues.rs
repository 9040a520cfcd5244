//! Where queues are and what they allow: the host of a URL, missing permissions, and what the queue itself adds to a
//! message.

use aws_sdk_sqs::types::{
    MessageSystemAttributeName as System, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use devstack::sqs::{ErrorCode, Fault, Operation, Sqs, SqsOptions};
use serde_json::json;

use crate::refusals::{ONE_TABLE, PIPELINE, event, ready, run, with_tables};
use crate::stack::{Stack, attribute, shown};

/// The pipeline file once more, with its queues named in another way.
fn name_queues(stack: &Stack, queue: &str, dlq: &str) {
    let source = format!("source:\n  queue: {queue}\n  dlq: {dlq}\n");
    stack.write(PIPELINE, &format!("{source}schema: ../schemas/e.schema.json\ntables:\n{ONE_TABLE}"));
}

/// Runs until the queue is empty; the log.
fn log_of_run(stack: &Stack, change: impl FnOnce(&mut std::process::Command)) -> String {
    let mut command = stack.runner(&["run", PIPELINE, "--until-empty", "--start-timeout", "0s"]);
    change(&mut command);
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn private_sqs(tables: &str) -> (Sqs, Stack) {
    let sqs = Sqs::start(SqsOptions::default()).expect("the SQS endpoint starts");
    let stack = with_tables(Stack::on(sqs.endpoint()).await, tables, &[]).await;
    (sqs, stack)
}

#[tokio::test]
async fn calls_go_to_the_host_in_the_url_of_each_queue() {
    let (_here, stack) = private_sqs(ONE_TABLE).await;
    let (_there, mut other) = private_sqs(ONE_TABLE).await;
    other.dlq.clone_from(&stack.dlq);
    other.create_queues(&[]).await;
    let (queue, dlq) = (stack.url(&stack.queue).await, other.url(&other.dlq).await);
    let not_json = "x".to_owned();
    for (name, expected) in [(dlq.as_str(), &other), (stack.dlq.as_str(), &stack)] {
        name_queues(&stack, &queue, name);
        stack.send(&stack.queue, &[event(1, 1), not_json.clone()]).await;
        log_of_run(&stack, |command| {
            command.env_remove("SQS_ENDPOINT");
        });
        assert_eq!((stack.count("e").await, expected.drain(&stack.dlq).await.len()), (1, 1), "{name}");
    }
    // An endpoint that is set wins: a name inside a container network is of no use outside.
    name_queues(&stack, &format!("http://queues.invalid/000000000000/{}", stack.queue), &stack.dlq);
    stack.send(&stack.queue, &[event(2, 1)]).await;
    log_of_run(&stack, |_| ());
    assert_eq!(stack.count("e").await, 2);
}

#[tokio::test]
async fn the_host_and_the_region_of_a_url_are_in_the_error() {
    let stack = ready(ONE_TABLE).await;
    let host = "http://vpce-0a1b.sqs.eu-west-1.vpce.amazonaws.com:9";
    name_queues(&stack, &format!("{host}/123456789012/q"), "q-dlq");
    let mut command = stack.runner(&["run", PIPELINE, "--start-timeout", "0s"]);
    let output = command.env_remove("SQS_ENDPOINT").output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains(&format!("endpoint {host}")), "{}", shown(&output));
}

/// What is assumed instead is enough to work, and named once for each queue.
#[tokio::test]
async fn a_missing_permission_to_read_a_queue_ends_nothing() {
    let (sqs, stack) = private_sqs(ONE_TABLE).await;
    let (queue, dlq) = (stack.queue.clone(), stack.dlq.clone());
    let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
    let attributes = || Fault::error(ErrorCode::AccessDenied).on(Operation::GetQueueAttributes);
    let url = || Fault::error(ErrorCode::AccessDenied).on(Operation::GetQueueUrl);
    for (number, faults, names, warnings) in [
        (1, vec![attributes().on_queue(&dlq)], (queue.clone(), dlq.clone()), [1, 0]),
        (2, vec![attributes()], (queue.clone(), dlq.clone()), [2, 0]),
        (3, vec![attributes(), url()], (arn(&queue), arn(&dlq)), [2, 2]),
    ] {
        name_queues(&stack, &names.0, &names.1);
        stack.send(&queue, &[event(number, 1), "x".to_owned()]).await;
        for fault in faults {
            sqs.faults().inject(fault);
        }
        let log = log_of_run(&stack, |_| ());
        sqs.faults().clear();
        let of = |call: &str| log.matches(&format!("{call} is not allowed")).count();
        assert_eq!([of("sqs:GetQueueAttributes"), of("sqs:GetQueueUrl")], warnings, "{log}");
        assert_eq!(stack.count("e").await, i64::from(number));
        assert_eq!(stack.drain(&dlq).await.len(), 1);
    }
}

#[tokio::test]
async fn a_name_alone_needs_the_account_where_its_url_may_not_be_asked_for() {
    let (sqs, stack) = private_sqs(ONE_TABLE).await;
    stack.send(&stack.queue, &[event(1, 1)]).await;
    sqs.faults().inject(Fault::error(ErrorCode::AccessDenied).on(Operation::GetQueueUrl));
    let output = stack.ends_with(1, &["run", PIPELINE, "--until-empty", "--start-timeout", "0s"]);
    assert!(shown(&output).contains("by its URL or ARN"), "{}", shown(&output));
    log_of_run(&stack, |command| {
        command.env("AWS_ACCOUNT_ID", "000000000000");
    });
    assert_eq!(stack.count("e").await, 1);
}

/// Of a standard queue, whose messages may have groups too.
#[tokio::test]
async fn group_and_trace_of_a_message_are_values_and_stay_with_its_dead_letter() {
    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let columns = "{id: bigint, g: text null = $sqs.group_id, t: text null = $sqs.trace_header}";
    let (_sqs, stack) = private_sqs(&format!("  e: {{primary_key: [id], columns: {columns}}}\n")).await;
    let url = stack.url(&stack.queue).await;
    for body in [r#"{"id": 1}"#, r#"{"id": "no number"}"#] {
        let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(TRACE);
        let request = stack.client.send_message().queue_url(&url).message_body(body).message_group_id("tenant-7");
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        request.message_system_attributes(name, trace.build().expect("complete")).send().await.expect("it is sent");
    }
    stack.send(&stack.queue, &[r#"{"id": 2}"#.to_owned()]).await;
    run(&stack).await;
    let stored = [json!({"id": 1, "g": "tenant-7", "t": TRACE}), json!({"id": 2, "g": null, "t": null})];
    assert_eq!(stack.rows("SELECT * FROM e ORDER BY id").await, stored);
    let request = stack.client.receive_message().queue_url(stack.url(&stack.dlq).await);
    let answer = request.message_system_attribute_names(System::All).send().await.expect("it answers");
    let letters = answer.messages.expect("a dead letter");
    let attributes = letters[0].attributes().expect("attributes of the system");
    assert_eq!(attributes[&System::MessageGroupId], "tenant-7");
    assert_eq!(attributes[&System::AwsTraceHeader], TRACE);
}

#[tokio::test]
async fn a_pointer_of_an_extended_client_has_its_own_code() {
    let stack = ready(ONE_TABLE).await;
    let pointer = r#"{"s3BucketName": "big-events", "s3Key": "0b1c"}"#;
    for class in ["software.amazon.payloadoffloading.PayloadS3Pointer", "com.amazon.sqs.javamessaging.MessageS3Pointer"]
    {
        stack.send(&stack.queue, &[format!(r#"["{class}", {pointer}]"#)]).await;
    }
    let size = ("SQSLargePayloadSize".to_owned(), "300000".to_owned());
    stack.send_one(pointer, std::iter::once((&size.0, &size.1))).await;
    run(&stack).await;
    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), 3);
    for letter in &letters {
        assert_eq!(attribute(letter, "runner.code"), "s3_pointer");
        let reason = attribute(letter, "runner.reason");
        assert!(reason.contains("big-events") && reason.contains("0b1c"), "{reason}");
    }
}
