//! Errors of reading, each tied to the value it belongs to.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::config::yaml::{Kind, Node};
use crate::diagnostic::{Code, closest};

/// An error and the value it belongs to.
#[derive(Debug)]
pub(super) struct ReadError {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: Vec<String>,
    pub(super) at: Option<At>,
    pub(super) missing: Option<&'static str>,
    /// It is only the consequence of a value that was left out.
    pub(super) follows: bool,
}

/// The value, and the range to show: a value of several lines is shown by its key.
#[derive(Debug)]
pub(super) struct At {
    pub(super) node: *const Node,
    pub(super) range: std::ops::Range<usize>,
}

impl At {
    pub(super) fn new(node: &Node, key: Option<&Node>) -> Self {
        let shown = match (&node.kind, key) {
            (Kind::Scalar { text, .. }, Some(key)) if text.is_empty() => key,
            (Kind::Scalar { .. }, _) | (_, None) => node,
            (_, Some(key)) => key,
        };
        Self { node, range: shown.range.clone() }
    }
}

impl ReadError {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: Vec::new(), at: None, missing: None, follows: false }
    }
}

impl std::error::Error for ReadError {}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl de::Error for ReadError {
    /// The first line is the message, every further one a hint.
    fn custom<T: fmt::Display>(message: T) -> Self {
        let text = message.to_string();
        let mut lines = text.lines().map(str::to_owned);
        let mut error = Self::new(Code::BadValue, lines.next().unwrap_or_default());
        error.help = lines.collect();
        error
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Unit => "nothing".to_owned(),
            Unexpected::Map => "a mapping".to_owned(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Str(text) => format!("the text `{text}`"),
            other => other.to_string(),
        };
        let expected = expected.to_string();
        let mut error = Self::new(Code::WrongKind, format!("expected {}, found {found}", plain_words(&expected)));
        if let (Unexpected::Str(text), "a sequence") = (unexpected, expected.as_str()) {
            error.help = vec![format!("write `[{text}]`")];
        }
        error
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match unexpected {
            Unexpected::Signed(number) => number.to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            other => other.to_string(),
        };
        let expected = expected.to_string();
        Self::new(Code::BadValue, format!("{found} is out of range: {}", plain_words(&expected)))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut error = Self::new(Code::UnknownKey, format!("unknown key `{field}`"));
        error.help = vec![meant(field, expected)];
        error
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let list: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        let mut error = Self::new(Code::BadValue, format!("`{variant}` is not one of {}", list.join(", ")));
        let near = closest(variant, expected.iter().copied());
        error.help = near.map(|name| format!("did you mean `{name}`?")).into_iter().collect();
        error
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(Code::MissingKey, format!("`{field}` is missing"));
        error.missing = Some(field);
        error
    }
}

/// The key that was meant, or all there are.
pub(super) fn meant(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys allowed here are {}", known.join(", ")),
    }
}

/// The kinds of values that serde names, in the words of a pipeline's author.
fn plain_words(expected: &str) -> &str {
    match expected {
        "u32" | "i64" => "a whole number",
        "a string" => "a text",
        "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        other => other,
    }
}
