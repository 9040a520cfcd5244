//! What a reader hands out piece by piece: the parts of a placed value, items, entries.

use serde::de::value::UsizeDeserializer;
use serde::de::{self, DeserializeSeed};

use super::Reader;
use super::error::{At, ReadError};
use crate::config::yaml::Node;

/// Start, end and value for `Spanned` and `Setting`.
pub(super) struct Parts<'a> {
    next: usize,
    reader: Reader<'a>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        Self { next: 0, reader }
    }
}

impl<'a> de::SeqAccess<'a> for Parts<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let range = &self.reader.node.range;
        self.next += 1;
        match self.next {
            1 => seed.deserialize(UsizeDeserializer::new(range.start)).map(Some),
            2 => seed.deserialize(UsizeDeserializer::new(range.end)).map(Some),
            3 => seed.deserialize(self.reader).map(Some),
            _ => Ok(None),
        }
    }
}

/// The items of a list, but for those left out.
pub(super) struct Items<'a> {
    rest: std::slice::Iter<'a, Node>,
    reader: Reader<'a>,
}

impl<'a> Items<'a> {
    pub(super) fn new(items: &'a [Node], reader: Reader<'a>) -> Self {
        Self { rest: items.iter(), reader }
    }
}

impl<'a> de::SeqAccess<'a> for Items<'a> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let context = self.reader.context;
        match self.rest.find(|node| !context.is_left_out(node)) {
            Some(node) => seed.deserialize(Reader { node, key: None, ..self.reader }).map(Some),
            None => Ok(None),
        }
    }
}

/// The entries of a mapping, but for those left out.
pub(super) struct Entries<'a> {
    rest: std::slice::Iter<'a, (Node, Node)>,
    value: Option<(&'a Node, &'a Node)>,
    reader: Reader<'a>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(entries: &'a [(Node, Node)], reader: Reader<'a>) -> Self {
        Self { rest: entries.iter(), value: None, reader }
    }
}

impl<'a> de::MapAccess<'a> for Entries<'a> {
    type Error = ReadError;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, ReadError> {
        let context = self.reader.context;
        let Some((key, value)) = self.rest.find(|(_, value)| !context.is_left_out(value)) else {
            return Ok(None);
        };
        self.value = Some((key, value));
        let reader = Reader { node: key, key: None, setting: false, context };
        match seed.deserialize(reader) {
            Ok(key) => Ok(Some(key)),
            // The diagnostic points at the key, but its value is what is left out.
            Err(error) => Err(ReadError { at: Some(At { node: value, range: key.range.clone() }), ..error }),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, ReadError> {
        let (key, node) = self.value.take().expect("serde asks for a key before its value");
        seed.deserialize(Reader { node, key: Some(key), ..self.reader })
    }
}
