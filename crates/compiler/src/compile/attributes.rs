//! `attributes:` of a template: what SQS accepts as message attributes (Amazon SQS, "Message attributes").

use std::ops::Range;

use super::report::Report;
use crate::config::{Keyed, Spanned};
use crate::diagnostic::Code;
use pipeline::producer::Attributes;

/// Attributes of one message.
const MOST: usize = 10;
/// Characters of a name.
const LONGEST_NAME: usize = 256;

/// Compiles a template's attributes; what SQS would reject is reported and left out.
pub(super) fn compile(written: Option<&Keyed<Spanned<String>>>, report: &mut Report<'_>) -> Attributes {
    let entries = written.map(|keyed| keyed.0.as_slice()).unwrap_or_default();
    if let Some((name, _)) = entries.get(MOST) {
        let message = format!("{} attributes; a message has at most {MOST}", entries.len());
        report.push(report.at(Code::BadValue, &name.range, message));
    }
    let mut attributes = Attributes::new();
    for (name, value) in entries {
        if check(problem_of_name(name), &name.range, report) && check(problem_of_value(value), &value.range, report) {
            attributes.insert(name.value.clone(), value.value.clone());
        }
    }
    attributes
}

fn check(problem: Option<&'static str>, range: &Range<usize>, report: &mut Report<'_>) -> bool {
    if let Some(problem) = problem {
        report.push(report.at(Code::BadValue, range, problem));
    }
    problem.is_none()
}

fn problem_of_name(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > LONGEST_NAME {
        Some("the name of an attribute has 1 to 256 characters")
    } else if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        Some("the name of an attribute is made of letters, digits, `_`, `-` and `.`")
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        Some("the name of an attribute has dots only between other characters")
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        Some("names of attributes that begin with `AWS.` or `Amazon.` are reserved")
    } else {
        None
    }
}

/// Whether a character is outside XML 1.0, the only characters that SQS accepts, in attributes and in bodies.
fn is_outside_xml(c: char) -> bool {
    (c < ' ' && !"\t\n\r".contains(c)) || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn problem_of_value(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("an attribute is empty: SQS accepts only attributes with a value")
    } else if value.contains(is_outside_xml) {
        Some("an attribute has a control character, which SQS does not accept")
    } else {
        None
    }
}
