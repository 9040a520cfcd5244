//! The SQS actions that commands need, queue by queue.

use std::collections::{BTreeMap, BTreeSet};

use super::Command;
use pipeline::{Pipeline, QueueRef};

/// The actions on one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueActions {
    /// The ARN of the queue, with `*` for what its name does not show.
    pub(crate) arn: String,
    /// Without one of these a command fails.
    pub(crate) required: BTreeSet<&'static str>,
    /// Without one of these there is a warning, and a default is assumed.
    pub(crate) recommended: BTreeSet<&'static str>,
}

/// Which of the two queues of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Source,
    DeadLetters,
}

impl Which {
    fn of(self, pipeline: &Pipeline) -> &QueueRef {
        match self {
            Self::Source => &pipeline.source().queue,
            Self::DeadLetters => &pipeline.source().dlq,
        }
    }
}

/// The calls of each command beside those that find a queue. IAM has no actions for batches: `sqs:SendMessage` allows
/// `SendMessageBatch`, and so on (Amazon SQS, "API permissions: actions and resource reference").
const fn calls(command: Command) -> &'static [(Which, &'static str)] {
    match command {
        Command::Run => &[
            (Which::Source, "sqs:ReceiveMessage"),
            (Which::Source, "sqs:DeleteMessage"),
            (Which::Source, "sqs:ChangeMessageVisibility"),
            (Which::DeadLetters, "sqs:SendMessage"),
        ],
        Command::Produce => &[(Which::Source, "sqs:SendMessage")],
        Command::Dlq => &[
            (Which::DeadLetters, "sqs:ReceiveMessage"),
            (Which::DeadLetters, "sqs:DeleteMessage"),
            (Which::DeadLetters, "sqs:ChangeMessageVisibility"),
            (Which::Source, "sqs:SendMessage"),
        ],
        Command::ValidateConfig | Command::Migrate => &[],
    }
}

/// The queues that a command looks up.
const fn looked_up(command: Command) -> &'static [Which] {
    match command {
        Command::Run | Command::Dlq | Command::ValidateConfig => &[Which::Source, Which::DeadLetters],
        Command::Produce => &[Which::Source],
        Command::Migrate => &[],
    }
}

/// The actions of all commands for all pipelines, by queue.
pub(super) fn merged(commands: &[Command], pipelines: &[&Pipeline]) -> Vec<QueueActions> {
    let mut queues: BTreeMap<String, QueueActions> = BTreeMap::new();
    for (command, pipeline) in commands.iter().flat_map(|command| pipelines.iter().map(move |one| (*command, one))) {
        for (which, action) in calls(command) {
            of_queue(&mut queues, which.of(pipeline)).required.insert(action);
        }
        for which in looked_up(command) {
            add_look_up(&mut queues, which.of(pipeline));
        }
    }
    let mut merged: Vec<QueueActions> = queues.into_values().collect();
    for queue in &mut merged {
        queue.recommended.retain(|action| !queue.required.contains(action));
    }
    merged
}

/// A URL needs no look-up, and the URL of a queue that is named by its ARN can be made. A name alone has no account.
fn add_look_up(queues: &mut BTreeMap<String, QueueActions>, queue: &QueueRef) {
    const URL: &str = "sqs:GetQueueUrl";
    let actions = of_queue(queues, queue);
    match queue {
        QueueRef::Name(_) => _ = actions.required.insert(URL),
        QueueRef::Arn { .. } => _ = actions.recommended.insert(URL),
        QueueRef::Url(_) => {}
    }
    actions.recommended.insert("sqs:GetQueueAttributes");
}

fn of_queue<'a>(queues: &'a mut BTreeMap<String, QueueActions>, queue: &QueueRef) -> &'a mut QueueActions {
    let arn = arn(queue);
    let new = QueueActions { arn: arn.clone(), required: BTreeSet::new(), recommended: BTreeSet::new() };
    queues.entry(arn).or_insert(new)
}

fn arn(queue: &QueueRef) -> String {
    let (region, account) = (queue.region().unwrap_or("*"), queue.account().unwrap_or("*"));
    format!("arn:{}:sqs:{region}:{account}:{}", partition(region), queue.name())
}

/// The partition that a region is in (AWS General Reference, "Amazon Resource Names").
fn partition(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 5] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_shows_what_the_name_of_the_queue_shows() {
        for (queue, expected) in [
            ("orders", "arn:aws:sqs:*:*:orders"),
            ("arn:aws:sqs:eu-west-1:123456789012:orders.fifo", "arn:aws:sqs:eu-west-1:123456789012:orders.fifo"),
            (
                "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders",
                "arn:aws-cn:sqs:cn-north-1:123456789012:orders",
            ),
            ("http://localhost:4566/000000000000/orders", "arn:aws:sqs:*:000000000000:orders"),
        ] {
            assert_eq!(arn(&queue.parse().unwrap()), expected);
        }
    }
}
