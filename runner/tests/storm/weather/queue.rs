//! Calls to SQS that fail, are late, or are answered wrongly.

use std::time::Duration;

use devstack::sqs::{ErrorCode, Fault, Operation, RandomFaults};

use super::Weather;
use crate::random::Random;
use crate::stage::{QUEUES, dlq};

/// The calls that only the replicas make. Sends to the source queues are the storm's own.
const CALLS: [Operation; 3] =
    [Operation::ReceiveMessage, Operation::DeleteMessageBatch, Operation::ChangeMessageVisibilityBatch];
const TRANSIENT: [ErrorCode; 4] = [
    ErrorCode::InternalFailure,
    ErrorCode::ServiceUnavailable,
    ErrorCode::RequestThrottled,
    ErrorCode::ThrottlingException,
];
const NAMES: [&str; 9] = [
    "a mix of all",
    "late calls",
    "errors before the effect",
    "errors after the effect",
    "lost answers",
    "throttling",
    "failed entries",
    "slow dead-letter queue",
    "dead-letter queue away",
];

impl Weather {
    pub(super) async fn fail_calls(&self, mut random: Random) {
        while self.pause(&mut random, 300..3000).await {
            let name = random.choose(&NAMES);
            let operation = random.choose(&CALLS);
            let dead_letters = dlq(random.choose(&QUEUES));
            let faults = self.stage.sqs.faults();
            let ids = if name == "a mix of all" {
                faults.inject_random(&RandomFaults { operations: CALLS.to_vec(), ..RandomFaults::transient(0.1) })
            } else {
                vec![faults.inject(fault(name, operation, &dead_letters))]
            };
            self.note(name).await;
            tokio::time::sleep(random.milliseconds(300..2500)).await;
            for id in ids {
                faults.remove(id);
            }
        }
    }
}

fn fault(name: &str, operation: Operation, dead_letters: &str) -> Fault {
    match name {
        "late calls" => of_replicas(Fault::latency_between(Duration::ZERO, Duration::from_millis(200))),
        "errors before the effect" => Fault::any_error(TRANSIENT).on(operation).probability(0.5),
        "errors after the effect" => Fault::any_error_after(TRANSIENT).on(operation).probability(0.3),
        "lost answers" => Fault::lost_answer().on(operation).probability(0.3),
        "throttling" => of_replicas(Fault::error(ErrorCode::RequestThrottled).probability(0.9)),
        "failed entries" => of_replicas(Fault::random_failed_entries(0.3, ErrorCode::InternalFailure)),
        "slow dead-letter queue" => Fault::slow_sends(dead_letters, Duration::from_millis(1500)),
        _ => Fault::any_error(TRANSIENT).on(Operation::SendMessageBatch).on_queue(dead_letters),
    }
}

fn of_replicas(mut fault: Fault) -> Fault {
    for operation in CALLS {
        fault = fault.on(operation);
    }
    fault
}
