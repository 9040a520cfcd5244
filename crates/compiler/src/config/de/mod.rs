//! The tree of a YAML document as a serde deserializer that finds every error, not only the first.
//!
//! serde stops at an error. So the value an error belongs to is reported, left out, and the document read again: the
//! next error shows. What is missing only because it was left out is not reported a second time.

mod access;
mod error;

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use serde::de::{self, DeserializeOwned, IntoDeserializer, Unexpected, Visitor};

use super::interpolate::{Environment, interpolate};
use super::json::{self, JSON};
use super::spanned::{SETTING, SPANNED};
use super::yaml::{Kind, Node};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};
use access::{Entries, Items, Parts};
use error::{At, ReadError, meant};

/// Errors reported for one file; more would not help.
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
            Kind::Sequence(items) => visitor.visit_seq(Items::new(items, *self)),
            Kind::Mapping(entries) => visitor.visit_map(Entries::new(entries, *self)),
            Kind::Scalar { .. } => Err(ReadError::new(Code::WrongKind, "a scalar")),
        }
    }

    /// The value as a JSON text. The diagnostic points at the part that JSON does not have, but the whole value is left out.
    fn json<V: Visitor<'a>>(&self, visitor: V) -> Result<V::Value, ReadError> {
        let value = json::value(self.node).map_err(|problem| {
            let message = format!("`{}` is a number in YAML, but not in JSON", problem.text);
            let mut error = ReadError::new(Code::BadValue, message);
            error.help = vec!["write the number as JSON does, or put it into quotes to make it a text".to_owned()];
            error.at = Some(At { node: self.node, range: problem.range });
            error
        })?;
        self.place(visitor.visit_string(value.to_string()))
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

    /// Rejects a list, which serde would accept for a struct.
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
            JSON => return self.json(visitor),
            _ => return self.deserialize_any(visitor),
        }
        self.place(visitor.visit_seq(Parts::new(self)))
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
