//! The limits of SQS on messages and calls: characters, attribute names and types, sizes.
//!
//! Sources: the API reference of `SendMessage`, and "Amazon SQS message quotas" and "Message
//! metadata" in the developer guide.

use super::error::{Error, ErrorCode, Result};
use super::message_attribute::{Attribute, Attributes};

/// Bytes a message may have, and all messages of a batch together: 1 MiB, since August 2025.
pub(crate) const MAXIMUM_SIZE: usize = 1_048_576;
/// Entries of a batch call, and messages of one receive.
pub(crate) const BATCH_ENTRIES: usize = 10;
/// The longest visibility timeout in seconds, also summed over extensions: twelve hours.
pub(crate) const VISIBILITY_SECS: u32 = 43_200;
/// The longest delay in seconds: fifteen minutes.
pub(crate) const DELAY_SECS: u32 = 900;
/// The longest wait of a receive in seconds.
pub(crate) const WAIT_SECS: u32 = 20;
/// Messages of a queue that may be in flight at once.
pub(crate) const IN_FLIGHT: usize = 120_000;

const ATTRIBUTES: usize = 10;
const NAME_LENGTH: usize = 256;

/// SQS accepts the characters of XML 1.0.
pub(crate) fn check_characters(text: &str) -> Result<()> {
    match text.chars().find(|&character| !is_allowed(character)) {
        None => Ok(()),
        Some(character) => Err(Error::new(
            ErrorCode::InvalidMessageContents,
            format!(
                "Invalid binary character '#x{:X}' was found in the message body, the set of allowed \
                 characters is #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]",
                u32::from(character)
            ),
        )),
    }
}

const fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

pub(crate) fn check_message_size(size: usize, maximum: usize) -> Result<()> {
    if size <= maximum {
        return Ok(());
    }
    let message = format!("One or more parameters are invalid. Reason: Message must be shorter than {maximum} bytes.");
    Err(Error::new(ErrorCode::InvalidParameterValue, message))
}

pub(crate) fn attributes_size(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, value)| name.len() + attribute_size(value)).sum()
}

fn attribute_size(attribute: &Attribute) -> usize {
    let text = attribute.text.as_ref().map_or(0, String::len);
    let binary = attribute.binary_bytes().map_or(0, |bytes| bytes.len());
    attribute.data_type.len() + text + binary
}

pub(crate) fn check_attributes(attributes: &Attributes) -> Result<()> {
    if attributes.len() > ATTRIBUTES {
        let message =
            format!("Number of message attributes [{}] exceeds the allowed maximum [{ATTRIBUTES}].", attributes.len());
        return Err(Error::new(ErrorCode::InvalidParameterValue, message));
    }
    attributes.iter().try_for_each(|(name, attribute)| {
        check_name(name)?;
        check_value(name, attribute)
    })
}

/// `AWSTraceHeader` is the one system attribute a producer may set.
pub(crate) fn check_system_attributes(attributes: &Attributes) -> Result<()> {
    attributes.iter().try_for_each(|(name, attribute)| {
        if name != "AWSTraceHeader" {
            let message = format!(
                "Message system attribute name '{name}' is invalid. The message system attribute \
                 names can only be 'AWSTraceHeader'."
            );
            return Err(Error::new(ErrorCode::InvalidParameterValue, message));
        }
        check_value(name, attribute)
    })
}

fn check_name(name: &str) -> Result<()> {
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let characters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if name.is_empty() || name.len() > NAME_LENGTH || reserved || !characters || dots {
        let message = format!("Invalid attribute name '{name}'.");
        return Err(Error::new(ErrorCode::InvalidParameterValue, message));
    }
    Ok(())
}

fn check_value(name: &str, attribute: &Attribute) -> Result<()> {
    if attribute.data_type.is_empty() {
        return Err(invalid_attribute(name, "must contain a non-empty message attribute type"));
    }
    if attribute.data_type.len() > NAME_LENGTH {
        return Err(invalid_attribute(name, "has a type longer than 256 bytes"));
    }
    let kind = attribute.data_type.split('.').next().unwrap_or_default();
    let text = attribute.text.as_deref().unwrap_or_default();
    let empty = match kind {
        "String" | "Number" => text.is_empty(),
        "Binary" => attribute.binary_bytes().is_none_or(|bytes| bytes.is_empty()),
        _ => return Err(invalid_attribute(name, "has a type that is none of Binary, Number, and String")),
    };
    match kind {
        _ if empty => Err(invalid_attribute(name, "must contain a non-empty message attribute value")),
        "Number" if text.parse::<f64>().is_err() => {
            Err(invalid_attribute(name, "has a value that can not be cast to a number"))
        }
        _ => check_characters(text),
    }
}

fn invalid_attribute(name: &str, reason: &str) -> Error {
    Error::new(ErrorCode::InvalidParameterValue, format!("The message attribute '{name}' {reason}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(data_type: &str, text: &str) -> Attribute {
        Attribute { data_type: data_type.to_owned(), text: Some(text.to_owned()), binary: None }
    }

    #[test]
    fn characters_are_those_of_xml() {
        assert!(check_characters("tab\t line\n umlaut ü \u{1f600} \u{fffd}").is_ok());
        for text in ["\0", "a\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            let error = check_characters(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidMessageContents);
        }
    }

    #[test]
    fn names_follow_the_rules() {
        for name in ["a", "A.b-c_9", "awsome"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".a", "a.", "a..b", "AWS.x", "amazon.x", "a b", "ü", &"a".repeat(257)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn types_are_string_number_and_binary_with_a_label() {
        assert!(check_value("a", &attribute("String.json", "{}")).is_ok());
        assert!(check_value("a", &attribute("Number", "1.5e3")).is_ok());
        for (data_type, text) in [("Number", "one"), ("String", ""), ("Text", "a"), ("", "a")] {
            assert!(check_value("a", &attribute(data_type, text)).is_err(), "{data_type}");
        }
    }
}
