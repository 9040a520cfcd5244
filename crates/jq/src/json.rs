//! Converts JSON to values and back.

use std::io::{self, Write};
use std::rc::Rc;

use jaq_json::Num;
use serde::{Serialize, Serializer};
use serde_json::{Number, Value};

use super::budget::{self, Held, Limit};
use super::text::Text;
use super::value::{Arr, Obj, Val};
use crate::tree::Tree;

/// Memory of a value of a parsed document, in an array or a field.
const VALUE: usize = size_of::<Value>();
/// Memory of a name of a parsed document beside its bytes.
const NAME: usize = 48;
/// Memory of an object of a parsed document for every [`NODE_FIELDS`] fields begun: its fields come in blocks.
const NODE: usize = NODE_FIELDS * (VALUE + size_of::<String>()) + 32;
const NODE_FIELDS: usize = 11;

impl Val {
    /// Counts one walk over the whole value.
    fn walk(&self) {
        budget::read(64 + self.part().written);
    }

    /// The JSON text, as `tojson` and `tostring` give it.
    pub(crate) fn to_json(&self) -> String {
        self.walk();
        let mut counted = Counted { text: Vec::new(), held: Held::new(0) };
        serde_json::to_writer(&mut counted, self).expect("writing to a Vec can't fail");
        String::from_utf8(counted.text).expect("JSON is UTF-8")
    }

    /// Its recursion is bounded by the value's depth, its time by the value's size.
    pub(crate) fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(boolean) => Self::Bool(*boolean),
            Value::Number(number) => Self::number(number.as_str()),
            Value::String(text) => Self::str(text),
            Value::Array(items) => items.iter().map(Self::from_value).collect(),
            Value::Object(fields) => {
                budget::steps(1 + fields.len() / 2);
                Self::obj(fields.iter().map(|(name, value)| (Rc::new(name.clone().into()), Self::from_value(value))))
            }
        }
    }

    /// The result, which outlives the evaluation. What was shared is written out, so it may take much more memory.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(boolean) => Value::Bool(*boolean),
            Self::Num(number) => {
                budget::bytes(NAME);
                Value::Number(to_number(number))
            }
            Self::Str(text) => Value::String(copied(text)),
            Self::Arr(arr) => {
                budget::bytes(VALUE * arr.items().len());
                arr.items().iter().map(Self::to_value).collect()
            }
            Self::Obj(obj) => {
                budget::bytes(NODE * obj.fields().len().div_ceil(NODE_FIELDS));
                obj.fields().iter().map(|(name, value)| (copied(name), value.to_value())).collect()
            }
        }
    }
}

fn copied(text: &str) -> String {
    budget::bytes(NAME + text.len());
    text.to_owned()
}

fn to_number(number: &Num) -> Number {
    let converted = match number {
        Num::Int(integer) => Some(Number::from(*integer)),
        Num::Float(float) => Number::from_f64(*float),
        Num::BigInt(_) | Num::Dec(_) => number.to_string().parse().ok(),
    };
    converted.unwrap_or_else(|| budget::stop(Limit::NotJson))
}

impl Serialize for Val {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(boolean) => serializer.serialize_bool(*boolean),
            Self::Num(number) => to_number(number).serialize(serializer),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Arr(arr) => serializer.collect_seq(arr.items()),
            Self::Obj(obj) => serializer.collect_map(obj.fields().iter().map(|(name, value)| (&***name, value))),
        }
    }
}

/// A text that is paid for while it grows.
struct Counted {
    text: Vec<u8>,
    held: Held,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.grow(bytes.len());
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `fromjson` parses straight to values, so that a document is counted while it is read.
impl Tree for Val {
    type Array = Arr;
    type Object = Obj;

    fn scalar(value: Value) -> Self {
        match value {
            Value::String(text) => Self::from(text),
            other => Self::from_value(&other),
        }
    }

    fn push(array: &mut Arr, item: Self) {
        array.push(item);
    }

    fn insert(object: &mut Obj, name: String, value: Self) -> Result<(), String> {
        budget::steps(1);
        let name = Rc::new(Text::from(name));
        if object.insert(Rc::clone(&name), value) { Ok(()) } else { Err(name.to_string()) }
    }

    fn array(array: Arr) -> Self {
        Self::Arr(Rc::new(array))
    }

    fn object(object: Obj) -> Self {
        Self::Obj(Rc::new(object))
    }
}
