//! The tree of a YAML document as a serde deserializer that finds every error, not only the first.
//!
//! serde stops at an error. So the value an error belongs to is reported, left out, and the document read again: the
//! next error shows. What is missing only because it was left out is not reported a second time.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::value::UsizeDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Expected, IntoDeserializer, Unexpected, Visitor};

use super::interpolate::{Environment, interpolate};
use super::spanned::{SETTING, SPANNED};
use super::yaml::{Kind, Node};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText, closest};

/// Errors reported for one file; more would help nobody.
const MAX_PROBLEMS: usize = 100;

/// Reads a value of type `T`; `None` when the root itself can't be read.
pub(crate) fn read<T: DeserializeOwned>(
    root: &Node,
    source: &Arc<SourceText>,
    env: &Environment,
) -> (Option<T>, Vec<Diagnostic>) {
    let context = Context { source, env, problems: RefCell::default(), left_out: RefCell::default() };
    let mut value = None;
    while value.is_none() && context.problems.borrow().len() < MAX_PROBLEMS {
        match T::deserialize(Reader::new(root, &context)) {
            Ok(read) => value = Some(read),
            Err(error) => {
                if !context.report(error, root) {
                    break;
                }
            }
        }
    }
    (value, context.problems.into_inner())
}

struct Context<'a> {
    source: &'a Arc<SourceText>,
    env: &'a Environment,
    problems: RefCell<Vec<Diagnostic>>,
    /// Nodes that were reported and are skipped from now on.
    left_out: RefCell<HashSet<*const Node>>,
}

impl Context<'_> {
    /// Reports an error and leaves its value out; false when nothing would be left to read.
    fn report(&self, error: ReadError, root: &Node) -> bool {
        let at = error.at.unwrap_or(At::new(root, None));
        if !error.follows {
            let place = Place::new(self.source, at.range);
            let mut diagnostic = Diagnostic::new(error.code, error.message, place);
            diagnostic.help = error.help;
            self.problems.borrow_mut().push(diagnostic);
        }
        self.left_out.borrow_mut().insert(at.node) && !std::ptr::eq(at.node, root)
    }

    fn is_left_out(&self, node: &Node) -> bool {
        self.left_out.borrow().contains(&std::ptr::from_ref(node))
    }
}

/// An error and the value it belongs to.
#[derive(Debug)]
struct ReadError {
    code: Code,
    message: String,
    help: Vec<String>,
    at: Option<At>,
    missing: Option<&'static str>,
    /// It only follows from a value that was left out.
    follows: bool,
}

/// The value, and the range to show: a value of several lines is shown by its key.
#[derive(Debug)]
struct At {
    node: *const Node,
    range: std::ops::Range<usize>,
}

impl At {
    fn new(node: &Node, key: Option<&Node>) -> Self {
        let shown = match (&node.kind, key) {
            (Kind::Scalar { text, .. }, Some(key)) if text.is_empty() => key,
            (Kind::Scalar { .. }, _) | (_, None) => node,
            (_, Some(key)) => key,
        };
        Self { node, range: shown.range.clone() }
    }
}

impl ReadError {
    fn new(code: Code, message: impl Into<String>) -> Self {
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
        let expected = plain_words(&expected);
        Self::new(Code::WrongKind, format!("expected {expected}, found {found}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut error = Self::new(Code::UnknownKey, format!("unknown key `{field}`"));
        error.help = vec![meant(field, expected)];
        error
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let list: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
        let mut error = Self::new(Code::BadValue, format!("`{variant}` is none of {}", list.join(", ")));
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
fn meant(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

/// What serde calls the kinds of values, in a pipeline author's words.
fn plain_words(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number",
        "a string" => "a text",
        "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        other => other,
    }
}

/// One node, being read.
#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
    key: Option<&'a Node>,
    context: &'a Context<'a>,
    /// `${VAR}` is replaced.
    setting: bool,
}

impl<'a> Reader<'a> {
    fn new(node: &'a Node, context: &'a Context<'a>) -> Self {
        Self { node, key: None, context, setting: false }
    }

    /// Ties an error to this value, unless it is tied to one inside already.
    fn place<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        result.map_err(|mut error| {
            if error.at.is_none() {
                error.at = Some(At::new(self.node, self.key));
                error.follows = error.missing.is_some_and(|name| self.lost(name));
            }
            error
        })
    }

    /// Whether the value of this key was left out.
    fn lost(&self, name: &str) -> bool {
        let Kind::Mapping(entries) = &self.node.kind else {
            return false;
        };
        let mut named = entries.iter().filter(|(key, _)| key.text() == Some(name));
        named.any(|(_, value)| self.context.is_left_out(value))
    }

    /// The scalar's text, interpolated when this is a setting, and whether it may be more than a text.
    fn scalar(&self) -> Result<Option<(String, bool)>, ReadError> {
        let Kind::Scalar { text, plain } = &self.node.kind else {
            return Ok(None);
        };
        if !self.setting || !text.contains("${") {
            return Ok(Some((text.clone(), *plain)));
        }
        let replaced = interpolate(text, self.context.env);
        let replaced = replaced.map_err(|error| {
            let mut read = ReadError::new(Code::Interpolation, error.to_string());
            if let super::InterpolationError::Unset(name) = error {
                read.help = vec![format!("set it, or give a default: `${{{name}:-...}}`")];
            }
            read
        })?;
        Ok(Some((replaced, true)))
    }

    fn visit<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, ReadError> {
        if let Some((text, plain)) = self.scalar()? {
            return resolve(&text, plain, visitor);
        }
        match &self.node.kind {
            Kind::Sequence(items) => visitor.visit_seq(Items { items: items.iter(), reader: *self }),
            Kind::Mapping(entries) => {
                visitor.visit_map(Entries { entries: entries.iter(), value: None, reader: *self })
            }
            Kind::Scalar { .. } => Err(ReadError::new(Code::WrongKind, "a scalar")),
        }
    }

    fn is_null(&self) -> Result<bool, ReadError> {
        Ok(self.scalar()?.is_some_and(|(text, plain)| plain && is_null(&text)))
    }

    /// Reports and leaves out the keys a struct does not have.
    fn drop_unknown(&self, fields: &'static [&'static str]) {
        let Kind::Mapping(entries) = &self.node.kind else {
            return;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            if fields.contains(&name) || !self.context.left_out.borrow_mut().insert(value) {
                continue;
            }
            let mut problems = self.context.problems.borrow_mut();
            if problems.len() < MAX_PROBLEMS {
                problems.push(self.unknown_key(name, key, fields));
            }
        }
    }

    fn unknown_key(&self, name: &str, key: &Node, fields: &'static [&'static str]) -> Diagnostic {
        let place = Place::new(self.context.source, key.range.clone());
        let problem = Diagnostic::new(Code::UnknownKey, format!("unknown key `{name}`"), place);
        problem.help(meant(name, fields))
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A scalar's type by the core schema of YAML 1.2.
fn resolve<'a, V: Visitor<'a>>(text: &str, plain: bool, visitor: V) -> Result<V::Value, ReadError> {
    if !plain {
        return visitor.visit_str(text);
    }
    match text {
        _ if is_null(text) => visitor.visit_unit(),
        "true" | "True" | "TRUE" => visitor.visit_bool(true),
        "false" | "False" | "FALSE" => visitor.visit_bool(false),
        _ => match (text.parse::<u64>(), text.parse::<i64>()) {
            (Ok(number), _) => visitor.visit_u64(number),
            (_, Ok(number)) => visitor.visit_i64(number),
            _ => visitor.visit_str(text),
        },
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.place(self.visit(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if self.place(self.is_null())? {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    /// Any scalar but null is a text where a text is wanted: a queue may be called `12345`.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.place(self.scalar())? {
            Some((text, plain)) if !(plain && is_null(&text)) => self.place(visitor.visit_str(&text)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.drop_unknown(fields);
        self.deserialize_map(visitor)
    }

    /// A list is no struct, though serde would take one.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if let Kind::Sequence(_) = &self.node.kind {
            let error = de::Error::invalid_type(Unexpected::Seq, &"a mapping");
            return self.place(Err(error));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match name {
            SETTING => self.setting = true,
            SPANNED => self.setting = false,
            _ => return self.deserialize_any(visitor),
        }
        self.place(visitor.visit_seq(Parts { next: 0, reader: self }))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.place(self.scalar())? {
            Some((text, _)) => self.place(visitor.visit_enum(text.into_deserializer())),
            None => self.place(Err(ReadError::new(Code::WrongKind, "expected one word"))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct
        newtype_struct seq tuple ignored_any
    }
}

/// Start, end and value for `Spanned` and `Setting`.
struct Parts<'a> {
    next: usize,
    reader: Reader<'a>,
}

impl<'a> de::SeqAccess<'a> for Parts<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let range = &self.reader.node.range;
        self.next += 1;
        let number = |at: usize| -> UsizeDeserializer<ReadError> { at.into_deserializer() };
        match self.next {
            1 => seed.deserialize(number(range.start)).map(Some),
            2 => seed.deserialize(number(range.end)).map(Some),
            3 => seed.deserialize(self.reader).map(Some),
            _ => Ok(None),
        }
    }
}

struct Items<'a> {
    items: std::slice::Iter<'a, Node>,
    reader: Reader<'a>,
}

impl<'a> de::SeqAccess<'a> for Items<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let context = self.reader.context;
        match self.items.find(|node| !context.is_left_out(node)) {
            Some(node) => seed.deserialize(Reader { node, key: None, ..self.reader }).map(Some),
            None => Ok(None),
        }
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<(&'a Node, &'a Node)>,
    reader: Reader<'a>,
}

impl<'a> de::MapAccess<'a> for Entries<'a> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let context = self.reader.context;
        let Some((key, value)) = self.entries.find(|(_, value)| !context.is_left_out(value)) else {
            return Ok(None);
        };
        self.value = Some((key, value));
        let reader = Reader { node: key, key: None, setting: false, context };
        // An unknown key is shown, but its value is what is left out.
        let at = || At { node: value, range: key.range.clone() };
        seed.deserialize(reader).map(Some).map_err(|error| ReadError { at: Some(at()), ..error })
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, node) = self.value.take().expect("serde asks for a key before its value");
        seed.deserialize(Reader { node, key: Some(key), ..self.reader })
    }
}
