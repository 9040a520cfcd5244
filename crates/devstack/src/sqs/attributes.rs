//! The attributes of a queue that its owner sets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::error::{Error, ErrorCode, Result};
use super::limits;

/// Attributes as a request gives them.
pub(crate) type Settings = BTreeMap<String, String>;

/// Moves a message to the queue named by an ARN once it has been received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    pub(crate) target_arn: String,
    pub(crate) max_receives: u32,
}

/// Parsed attributes beside the text they were set with.
#[derive(Debug, Clone)]
pub(crate) struct QueueAttributes {
    text: Settings,
    pub(crate) fifo: bool,
    pub(crate) content_based_deduplication: bool,
    pub(crate) deduplicate_by_group: bool,
    /// Seconds.
    pub(crate) visibility_timeout: u32,
    /// Seconds.
    pub(crate) delay: u32,
    /// Seconds.
    pub(crate) retention: u32,
    /// Seconds.
    pub(crate) wait: u32,
    /// Bytes.
    pub(crate) maximum_message_size: usize,
    pub(crate) redrive: Option<Redrive>,
}

/// Every numeric attribute: name, smallest and greatest value, default. Seconds or bytes.
const NUMBERS: [(&str, u32, u32, u32); 5] = [
    ("DelaySeconds", 0, limits::DELAY_SECS, 0),
    ("MaximumMessageSize", 1024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, limits::WAIT_SECS, 0),
    ("VisibilityTimeout", 0, limits::VISIBILITY_SECS, 30),
];

/// Attributes of FIFO queues: name, default, allowed values.
const FIFO: [(&str, &str, [&str; 2]); 4] = [
    ("FifoQueue", "true", ["true", "true"]),
    ("ContentBasedDeduplication", "false", ["true", "false"]),
    ("DeduplicationScope", "queue", ["queue", "messageGroup"]),
    ("FifoThroughputLimit", "perQueue", ["perQueue", "perMessageGroupId"]),
];

/// Stored and returned, without effect here.
const INERT: [&str; 5] =
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "SqsManagedSseEnabled"];

/// Attributes that SQS computes.
pub(crate) const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

impl QueueAttributes {
    pub(crate) fn defaults(fifo: bool) -> Self {
        let numbers = NUMBERS.iter().map(|&(name, _, _, value)| (name, value.to_string()));
        let fixed = FIFO.iter().filter(|_| fifo).map(|&(name, value, _)| (name, value.to_owned()));
        let sse = [("SqsManagedSseEnabled", "true".to_owned())];
        let text = numbers.chain(fixed).chain(sse).map(|(name, value)| (name.to_owned(), value));
        Self::from_text(text.collect(), fifo)
    }

    /// These attributes with `settings` over them; an empty text removes an attribute that has no
    /// default.
    pub(crate) fn with(&self, settings: &Settings) -> Result<Self> {
        let mut text = self.text.clone();
        for (name, value) in settings {
            check(name, value, self.fifo)?;
            if value.is_empty() {
                text.remove(name);
            } else {
                text.insert(name.clone(), value.clone());
            }
        }
        Ok(Self::from_text(text, self.fifo))
    }

    /// Reads checked text.
    fn from_text(text: Settings, fifo: bool) -> Self {
        Self {
            fifo,
            content_based_deduplication: has_value(&text, "ContentBasedDeduplication", "true"),
            deduplicate_by_group: has_value(&text, "DeduplicationScope", "messageGroup"),
            visibility_timeout: number(&text, "VisibilityTimeout"),
            delay: number(&text, "DelaySeconds"),
            retention: number(&text, "MessageRetentionPeriod"),
            wait: number(&text, "ReceiveMessageWaitTimeSeconds"),
            maximum_message_size: number(&text, "MaximumMessageSize") as usize,
            redrive: text.get("RedrivePolicy").and_then(|policy| parse_redrive(policy).ok()),
            text,
        }
    }

    pub(crate) fn text(&self) -> &Settings {
        &self.text
    }
}

/// The value of a numeric attribute that passed the checks.
fn number(text: &Settings, name: &str) -> u32 {
    text.get(name).and_then(|value| value.parse().ok()).unwrap_or_default()
}

fn has_value(text: &Settings, name: &str, value: &str) -> bool {
    text.get(name).is_some_and(|found| found == value)
}

/// Whether a request may ask for the attribute `name`.
pub(crate) fn is_known(name: &str) -> bool {
    let set = NUMBERS.iter().map(|n| n.0).chain(FIFO.iter().map(|f| f.0)).chain(INERT);
    set.chain(COMPUTED).chain(["All", "RedrivePolicy"]).any(|known| known == name)
}

pub(crate) fn unknown(name: &str) -> Error {
    Error::new(ErrorCode::InvalidAttributeName, format!("Unknown Attribute {name}."))
}

fn check(name: &str, value: &str, fifo: bool) -> Result<()> {
    if let Some(&(_, low, high, _)) = NUMBERS.iter().find(|number| number.0 == name) {
        return ensure(name, value.parse().is_ok_and(|v: u32| (low..=high).contains(&v)));
    }
    if let Some(&(_, _, allowed)) = FIFO.iter().find(|attribute| attribute.0 == name) {
        return if fifo { ensure(name, allowed.contains(&value)) } else { Err(unknown(name)) };
    }
    match name {
        "RedrivePolicy" if value.is_empty() => Ok(()),
        "RedrivePolicy" => parse_redrive(value).map(|_| ()),
        "Policy" | "RedriveAllowPolicy" => {
            let object = serde_json::from_str(value).is_ok_and(|v: Value| v.is_object());
            ensure(name, value.is_empty() || object)
        }
        _ if INERT.contains(&name) => Ok(()),
        _ => Err(unknown(name)),
    }
}

fn ensure(name: &str, valid: bool) -> Result<()> {
    if valid {
        return Ok(());
    }
    let message = format!("Invalid value for the parameter {name}.");
    Err(Error::new(ErrorCode::InvalidAttributeValue, message))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: Option<String>,
    max_receive_count: Option<Value>,
}

fn parse_redrive(policy: &str) -> Result<Redrive> {
    read_redrive(policy).map_err(|reason| Error::invalid("RedrivePolicy", policy, reason))
}

/// The policy, or why it is not valid.
fn read_redrive(policy: &str) -> std::result::Result<Redrive, &'static str> {
    let Ok(parsed) = serde_json::from_str::<RedrivePolicy>(policy) else {
        return Err("Redrive policy is not a valid JSON map.");
    };
    let target_arn = parsed
        .dead_letter_target_arn
        .ok_or("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")?;
    let count =
        parsed.max_receive_count.ok_or("Redrive policy does not contain mandatory attribute: maxReceiveCount.")?;
    // AWS accepts a number and a number in quotes.
    let text = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
    let max_receives = text.parse().ok().filter(|count| (1..=1000).contains(count));
    let max_receives = max_receives.ok_or("Invalid value for maxReceiveCount. Must be an integer from 1 to 1000.")?;
    Ok(Redrive { target_arn, max_receives })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(fifo: bool, name: &str, value: &str) -> Result<QueueAttributes> {
        let settings = Settings::from([(name.to_owned(), value.to_owned())]);
        QueueAttributes::defaults(fifo).with(&settings)
    }

    #[test]
    fn defaults_are_those_of_aws() {
        let defaults = QueueAttributes::defaults(false);
        assert_eq!(
            (defaults.visibility_timeout, defaults.delay, defaults.retention, defaults.wait),
            (30, 0, 345_600, 0)
        );
        assert_eq!(defaults.maximum_message_size, limits::MAXIMUM_SIZE);
    }

    #[test]
    fn numbers_are_checked_against_their_range() {
        for (name, low, high, _) in NUMBERS {
            assert!(set(false, name, &low.to_string()).is_ok());
            assert!(set(false, name, &high.to_string()).is_ok());
            for value in [format!("{}", i64::from(low) - 1), format!("{}", high + 1), "x".into()] {
                let error = set(false, name, &value).unwrap_err();
                assert_eq!(error.code, ErrorCode::InvalidAttributeValue, "{name}={value}");
            }
        }
    }

    #[test]
    fn fifo_attributes_belong_to_fifo_queues() {
        assert!(set(true, "ContentBasedDeduplication", "true").unwrap().content_based_deduplication);
        let error = set(false, "ContentBasedDeduplication", "true").unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidAttributeName);
    }

    #[test]
    fn redrive_policy_is_parsed_and_removed() {
        let policy = r#"{"deadLetterTargetArn":"arn:q","maxReceiveCount":"3"}"#;
        let attributes = set(false, "RedrivePolicy", policy).unwrap();
        let redrive = Redrive { target_arn: "arn:q".to_owned(), max_receives: 3 };
        assert_eq!(attributes.redrive, Some(redrive));
        let none = Settings::from([("RedrivePolicy".to_owned(), String::new())]);
        assert_eq!(attributes.with(&none).unwrap().redrive, None);
    }

    #[test]
    fn broken_redrive_policies_are_refused() {
        for policy in [
            "x",
            "[]",
            "{}",
            r#"{"maxReceiveCount":3}"#,
            r#"{"deadLetterTargetArn":"a"}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":0}"#,
            r#"{"deadLetterTargetArn":"a","maxReceiveCount":1001}"#,
        ] {
            let error = set(false, "RedrivePolicy", policy).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidParameterValue, "{policy}");
        }
    }
}
