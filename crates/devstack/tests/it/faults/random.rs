//! Faults at random moments, determined by a seed.

use std::time::Duration;

use devstack::sqs::{ErrorCode, Fault, Operation, RandomFaults};

use super::Stack;

const CALLS: usize = 200;

/// How each of many sends ended: `None` for success.
async fn ends_of_sends(seed: u64) -> Vec<Option<String>> {
    let stack = Stack::start().await;
    stack.sqs.faults().seed(seed);
    let mix = RandomFaults { longest_latency: Duration::from_millis(1), ..RandomFaults::transient(0.1) };
    stack.sqs.faults().inject_random(&mix);
    let mut ends = Vec::new();
    for _ in 0..CALLS {
        let error = stack.send_call("a").send().await.err();
        ends.push(error.map(|error| match error.raw_response() {
            Some(response) => response.headers().get("x-amzn-query-error").unwrap().to_owned(),
            None => "no answer".to_owned(),
        }));
    }
    ends
}

#[tokio::test]
async fn a_seed_determines_how_each_call_ends() {
    let ends = ends_of_sends(1).await;
    assert_eq!(ends, ends_of_sends(1).await);
    assert_ne!(ends, ends_of_sends(2).await);
    let failed = ends.iter().flatten().count();
    assert!((CALLS / 5..CALLS / 2).contains(&failed), "{failed}");
    for end in ["no answer", "InternalFailure;Receiver", "RequestThrottled;Sender", "ThrottlingException;Sender"] {
        assert!(ends.iter().flatten().any(|found| found == end), "{end} is not among {ends:?}");
    }
}

#[tokio::test]
async fn answers_lost_at_random_leave_every_message_stored() {
    let stack = Stack::start().await;
    stack.sqs.faults().seed(3);
    stack.sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessage).probability(0.3));
    let mut lost = 0;
    for _ in 0..CALLS {
        lost += usize::from(stack.send_call("a").send().await.is_err());
    }
    assert!((CALLS / 5..CALLS / 2).contains(&lost), "{lost}");
    assert_eq!(stack.counts().await, (CALLS, 0));
}

#[tokio::test]
async fn requests_lost_and_errors_at_random_leave_their_messages_unstored() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::lost_request().on(Operation::SendMessage).probability(0.2));
    stack.sqs.faults().inject(Fault::error(ErrorCode::InternalFailure).on(Operation::SendMessage).probability(0.2));
    let mut stored = 0;
    for _ in 0..CALLS {
        stored += usize::from(stack.send_call("a").send().await.is_ok());
    }
    assert!((CALLS / 2..CALLS).contains(&stored), "{stored}");
    assert_eq!(stack.counts().await, (stored, 0));
}

#[tokio::test]
async fn a_mix_is_narrowed_to_its_queue_and_can_be_ended() {
    let stack = Stack::start().await;
    let other = stack.create_queue("other").await;
    let mix = RandomFaults { queue: Some(other.clone()), error_before: 1.0, ..RandomFaults::transient(0.0) };
    let faults = stack.sqs.faults().inject_random(&mix);
    let send = stack.client.send_message().queue_url(&other).message_body("a");
    assert!(send.clone().send().await.is_err());
    stack.send_call("a").send().await.unwrap();
    for fault in faults {
        stack.sqs.faults().remove(fault);
    }
    send.send().await.unwrap();
}
