//! Parses a message's body as a JSON document, strictly.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::de::StrRead;
use serde_json::{Number, Value};

use super::tree::Tree;

/// Why a text is not exactly one JSON document, with line and column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong.
    pub message: String,
}

/// Parses exactly one JSON document (RFC 8259). Refused, with line and column: an empty text, a byte
/// order mark, text after the document, more than 128 levels, lone surrogates, and a key written twice in one object,
/// which would lose a value in silence.
pub fn parse(text: &str) -> Result<Value, ParseError> {
    parse_into(text)
}

/// Parses one JSON document, as [`parse`] does, into values of another kind.
pub(crate) fn parse_into<T: Tree>(text: &str) -> Result<T, ParseError> {
    if text.trim_ascii().is_empty() {
        return Err(ParseError { message: "the text is empty".to_owned() });
    }
    if text.starts_with('\u{feff}') {
        return Err(ParseError { message: "the text starts with a byte order mark".to_owned() });
    }
    read(text, serde_json::Deserializer::from_str(text)).map_err(|error| ParseError { message: error.to_string() })
}

/// Parses one JSON document in which no key is written twice, and keeps the error as `serde_json` has it.
pub fn strict(text: &str) -> serde_json::Result<Value> {
    read(text, serde_json::Deserializer::from_str(text))
}

/// Parses the text that a value was written to, however deep it is: expressions make deeper values than bodies have.
pub fn reread(text: &str) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.disable_recursion_limit();
    read(text, reader)
}

fn read<T: Tree>(text: &str, mut reader: serde_json::Deserializer<StrRead<'_>>) -> serde_json::Result<T> {
    let start = text.as_ptr() as usize;
    let body = start..start + text.len();
    let value = Document { body: &body, tree: PhantomData }.deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

/// Reads what `serde_json` does, but refuses a key written twice.
struct Document<'b, T> {
    /// The addresses of the body's bytes. `serde_json` hands over a number that keeps its text as a map with one key of
    /// its own; a key of that name inside the body is distinguished by where its bytes are.
    body: &'b Range<usize>,
    tree: PhantomData<T>,
}

impl<T> Document<'_, T> {
    /// The same for a value inside this one.
    fn inner(&self) -> Self {
        Self { body: self.body, tree: PhantomData }
    }
}

/// The key under which `serde_json` hands over a number's text (its `arbitrary_precision` feature).
const NUMBER: &str = "$serde_json::private::Number";

enum Key {
    Number,
    Field(String),
}

impl<'de, T: Tree> DeserializeSeed<'de> for Document<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Tree> Visitor<'de> for Document<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::scalar(Value::Null))
    }

    fn visit_bool<E>(self, boolean: bool) -> Result<T, E> {
        Ok(T::scalar(Value::Bool(boolean)))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<T, E> {
        Ok(T::scalar(Value::from(integer)))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<T, E> {
        Ok(T::scalar(Value::from(integer)))
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::scalar(Value::String(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut array = T::Array::default();
        while let Some(item) = items.next_element_seed(self.inner())? {
            T::push(&mut array, item);
        }
        Ok(T::array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<T, A::Error> {
        let mut object = T::Object::default();
        while let Some(key) = fields.next_key_seed(KeySeed { body: self.body })? {
            match key {
                Key::Number => return fields.next_value::<String>().and_then(|text| number(&text)).map(T::scalar),
                Key::Field(name) => {
                    let value = fields.next_value_seed(self.inner())?;
                    T::insert(&mut object, name, value).map_err(|name| written_twice(&name))?;
                }
            }
        }
        Ok(T::object(object))
    }
}

fn written_twice<E: Error>(key: &str) -> E {
    let shown: String = key.chars().take(80).collect();
    E::custom(format_args!("the key {shown:?} is written twice"))
}

fn number<E: Error>(text: &str) -> Result<Value, E> {
    text.parse::<Number>().map(Value::Number).map_err(E::custom)
}

struct KeySeed<'b> {
    body: &'b Range<usize>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key, E> {
        let ours = self.body.contains(&(key.as_ptr() as usize));
        Ok(match key {
            NUMBER if !ours => Key::Number,
            key => Key::Field(key.to_owned()),
        })
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(Key::Field(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(body: &str) -> String {
        parse(body).unwrap_err().message
    }

    #[test]
    fn numbers_keep_their_text() {
        let text = r#"{"a":1.10,"b":[123456789012345678901234567890,-0,1E400]}"#;
        let value = parse(text).unwrap();
        assert_eq!(value.to_string(), text.replace("1E400", "1e+400"));
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        for text in ["null", " [] ", "true", "\"\\ud83d\\ude00\"", r#"{"a":{"b":[1,"x",null]},"":{}}"#, "-1.5e-7"] {
            assert_eq!(parse(text).unwrap(), serde_json::from_str::<Value>(text).unwrap());
        }
    }

    #[test]
    fn what_is_not_a_single_document_is_rejected_with_its_place() {
        assert_eq!(message(" \n"), "the text is empty");
        assert!(message("\u{feff}{}").contains("byte order mark"));
        assert!(message("{} {}").contains("line 1 column 4"));
        assert!(message("{\n\"a\": nope}").contains("line 2"));
        assert!(message("\"\\ud800\\u0041\"").contains("surrogate"));
        assert!(message(&"[".repeat(200)).contains("recursion limit"));
        for text in
            ["NaN", "Infinity", "'a'", "{a:1}", "[1,]", "\"\\ud800\"", "\"\\udc00\"", "01", "+1", "\"\t\"", "\u{b}1"]
        {
            message(text);
        }
    }

    #[test]
    fn a_value_is_read_again_however_deep_it_is() {
        let text = "[".repeat(256) + "1.10" + &"]".repeat(256);
        assert_eq!(reread(&text).unwrap().to_string(), text);
        message(&text);
    }

    #[test]
    fn a_key_written_twice_is_rejected() {
        assert!(message(r#"{"a":1,"b":{"c":1,"c":2}}"#).contains("\"c\" is written twice"));
        assert!(message(r#"{"a":1,"\u0061":2}"#).contains("written twice"));
    }

    #[test]
    fn the_readers_own_key_for_numbers_is_an_ordinary_key_in_a_body() {
        for key in [NUMBER.to_owned(), NUMBER.replace('$', "\\u0024")] {
            let text = format!(r#"{{"{key}":"12"}}"#);
            let value = parse(&text).unwrap();
            assert_eq!(value.get(NUMBER), Some(&json!("12")));
            assert_eq!(value.to_string(), format!(r#"{{"{NUMBER}":"12"}}"#));
        }
    }
}
