//! Simple paths: the part of jq that is a direct look-up.

use std::fmt;
use std::ops::Range;

use serde_json::Value;

/// A path such as `.items[0].id`, from a root down to one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The steps from there.
    pub segments: Vec<Segment>,
    /// Its bytes inside the expression's text.
    pub span: Range<usize>,
}

/// What a path starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// `.`: the document, or an element of it inside `for_each`.
    Input,
    /// `$doc`, the whole document.
    Doc,
    /// `$body`, the parsed body, before `unwrap`.
    Body,
    /// `$raw`, the body's text; for `unwrap` alone.
    Raw,
    /// `$sqs`, what the queue reports about the message.
    Sqs,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The field or index.
    pub key: Key,
    /// The bytes of the name or index inside the expression's text, without dot, quotes and brackets.
    pub span: Range<usize>,
}

/// What a step looks up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A field of an object.
    Field(String),
    /// An element of an array, from the end when negative.
    Index(i64),
}

/// A step met a value it can't go into.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("can't look up {key} in {found}")]
pub struct PathError {
    /// The step that failed.
    pub key: Key,
    /// The kind of value it met.
    pub found: &'static str,
}

static NULL: Value = Value::Null;

impl Root {
    /// Those that are variables.
    pub(crate) const VARIABLES: [Self; 4] = [Self::Doc, Self::Body, Self::Raw, Self::Sqs];

    /// The variable's name with its `$`; `None` for the input itself.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Self::Input => None,
            Self::Doc => Some("$doc"),
            Self::Body => Some("$body"),
            Self::Raw => Some("$raw"),
            Self::Sqs => Some("$sqs"),
        }
    }

    /// Whether it is a part of the message itself.
    pub(crate) fn is_document(self) -> bool {
        !matches!(self, Self::Raw | Self::Sqs)
    }

    /// The root of a variable, by its name with the `$`.
    pub(crate) fn from_variable(name: &str) -> Option<Self> {
        Self::VARIABLES.into_iter().find(|root| root.variable() == Some(name))
    }
}

impl Path {
    /// Reads a simple path; `None` when the text is something else.
    pub fn parse(text: &str) -> Option<Self> {
        let start = text.len() - text.trim_start().len();
        let mut reader = Reader { text: text.trim_end(), at: start };
        let root = reader.root()?;
        let mut segments = Vec::new();
        while !reader.rest().is_empty() {
            segments.push(reader.segment(root == Root::Input && segments.is_empty())?);
        }
        let span = start..reader.at;
        Some(Self { root, segments, span })
    }

    /// Looks the path up as jq does: a missing key, an index out of range and anything below null are null.
    pub fn get<'v>(&self, root: &'v Value) -> Result<&'v Value, PathError> {
        self.segments.iter().try_fold(root, |value, segment| segment.key.get(value))
    }

    /// The JSON Pointer (RFC 6901) of the value inside its root; an index from the end has none.
    pub fn pointer(&self) -> Option<String> {
        let mut pointer = String::new();
        for segment in &self.segments {
            pointer.push('/');
            match &segment.key {
                Key::Field(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Key::Index(index) if *index >= 0 => pointer.push_str(&index.to_string()),
                Key::Index(_) => return None,
            }
        }
        Some(pointer)
    }
}

impl Key {
    fn get<'v>(&self, value: &'v Value) -> Result<&'v Value, PathError> {
        match (self, value) {
            (_, Value::Null) => Ok(&NULL),
            (Self::Field(name), Value::Object(map)) => Ok(map.get(name).unwrap_or(&NULL)),
            (Self::Index(index), Value::Array(items)) => Ok(element(items, *index).unwrap_or(&NULL)),
            _ => Err(PathError { key: self.clone(), found: kind(value) }),
        }
    }
}

fn element(items: &[Value], index: i64) -> Option<&Value> {
    let at = usize::try_from(index.unsigned_abs()).ok()?;
    if index < 0 { items.get(items.len().checked_sub(at)?) } else { items.get(at) }
}

/// A value's JSON type with its article, for messages.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The step to a field, as jq writes it.
pub fn step(name: &str) -> String {
    if is_identifier(name) { format!(".{name}") } else { format!(".{}", Value::from(name)) }
}

/// Whether jq accepts the name after a dot without quotes.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at.min(self.text.len())..]
    }

    fn eat(&mut self, expected: char) -> Option<()> {
        self.rest().strip_prefix(expected)?;
        self.at += expected.len_utf8();
        Some(())
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// `.` is left for the first segment when one follows.
    fn root(&mut self) -> Option<Root> {
        if self.rest().starts_with('$') {
            return Root::from_variable(self.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '$'));
        }
        self.rest().starts_with('.').then_some(())?;
        if self.rest().len() == 1 {
            self.at += 1;
        }
        Some(Root::Input)
    }

    fn segment(&mut self, dot_required: bool) -> Option<Segment> {
        let dotted = self.eat('.').is_some();
        match self.rest().chars().next()? {
            '[' if dotted || !dot_required => self.bracket(),
            '"' if dotted => self.quoted(),
            _ if dotted => self.identifier(),
            _ => None,
        }
    }

    fn identifier(&mut self) -> Option<Segment> {
        let start = self.at;
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        is_identifier(name).then(|| Segment { key: Key::Field(name.to_owned()), span: start..self.at })
    }

    fn bracket(&mut self) -> Option<Segment> {
        self.eat('[')?;
        let segment = if self.rest().starts_with('"') {
            self.quoted()?
        } else {
            let start = self.at;
            let index = self.take_while(|c| c.is_ascii_digit() || c == '-');
            Segment { key: Key::Index(index.parse().ok()?), span: start..self.at }
        };
        self.eat(']')?;
        Some(segment)
    }

    /// Reads a JSON string. One with an interpolation `\(..)` is not a JSON string, and its path is not simple.
    fn quoted(&mut self) -> Option<Segment> {
        let start = self.at;
        self.eat('"')?;
        while self.take_while(|c| c != '"').ends_with('\\') {
            self.eat('"')?;
        }
        self.eat('"')?;
        let name = serde_json::from_str(&self.text[start..self.at]).ok()?;
        Some(Segment { key: Key::Field(name), span: start + 1..self.at - 1 })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, "`{name}`"),
            Self::Index(index) => write!(f, "index {index}"),
        }
    }
}

/// As jq writes it.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.root.variable() {
            Some(name) => f.write_str(name)?,
            None if matches!(self.segments.first(), Some(s) if !matches!(s.key, Key::Index(_))) => {}
            None => f.write_str(".")?,
        }
        for segment in &self.segments {
            match &segment.key {
                Key::Field(name) => f.write_str(&step(name))?,
                Key::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn get(path: &str, value: &Value) -> Value {
        Path::parse(path).unwrap().get(value).unwrap().clone()
    }

    #[test]
    fn every_form_of_a_simple_path_is_read_and_looked_up() {
        let doc = json!({"a": {"a-b": {"c": 1}, "b": [10, 20]}, "quo\"te": 3});
        assert_eq!(get(".", &doc), doc);
        assert_eq!(get(" .a.\"a-b\".c ", &doc), json!(1));
        assert_eq!(get(".[\"a\"][\"a-b\"].c", &doc), json!(1));
        assert_eq!(get(".a.b[0]", &doc), json!(10));
        assert_eq!(get(".a.b[-1]", &doc), json!(20));
        assert_eq!(get(".a.b.[1]", &doc), json!(20));
        assert_eq!(get(".\"quo\\\"te\"", &doc), json!(3));
        assert_eq!(Path::parse("$sqs.attributes[\"x\"]").unwrap().root, Root::Sqs);
        assert_eq!(Path::parse("$body").unwrap().root, Root::Body);
    }

    #[test]
    fn what_is_missing_is_null_and_what_has_no_fields_is_an_error() {
        let doc = json!({"s": "text", "n": null, "l": [1]});
        assert_eq!(get(".gone.deeper[3]", &doc), Value::Null);
        assert_eq!(get(".n.x", &doc), Value::Null);
        assert_eq!(get(".l[5]", &doc), Value::Null);
        assert_eq!(get(".l[-2]", &doc), Value::Null);
        for wrong in [".s.x", ".s[0]", ".l.x", ".[0]"] {
            assert!(Path::parse(wrong).unwrap().get(&doc).is_err(), "{wrong}");
        }
    }

    #[test]
    fn anything_else_is_left_to_jq() {
        for text in [
            "",
            "a",
            ".a b",
            ".a|b",
            "..",
            ".a[]",
            ".a?",
            ".a[1:2]",
            ".\"\\(.x)\"",
            ".detail-type",
            "$env.x",
            ".a.",
            "[0]",
            ".a[\"b\"",
            ".[--1]",
            ". .a",
            "\"a\"",
        ] {
            assert_eq!(Path::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spans_point_at_the_names() {
        let text = " .customer.\"e-mail\"[0]";
        let path = Path::parse(text).unwrap();
        let names: Vec<_> = path.segments.iter().map(|s| &text[s.span.clone()]).collect();
        assert_eq!(names, ["customer", "e-mail", "0"]);
        assert_eq!(&text[path.span.clone()], text.trim());
        assert_eq!(path.to_string(), ".customer.\"e-mail\"[0]");
        assert_eq!(path.pointer().as_deref(), Some("/customer/e-mail/0"));
    }
}
