//! A part of a YAML file that stands for JSON: an event, an expected value. Every number keeps its digits.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
use serde_json::{Map, Number, Value};

use super::yaml::{Kind, Node};

/// Asks our deserializer for the JSON text of a value.
pub(crate) const JSON: &str = "$json";

/// A JSON value, written as YAML or as JSON, which is YAML too.
#[derive(Debug, Clone, PartialEq)]
pub struct Json(pub Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple_struct(JSON, 1, Text).map(Self)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        serde_json::from_str(text).map_err(E::custom)
    }
}

/// A scalar that YAML reads as a number and JSON does not.
#[derive(Debug)]
pub(crate) struct NotJson {
    pub(crate) text: String,
    pub(crate) range: Range<usize>,
}

/// The value by the core schema of YAML 1.2, as far as JSON has it. A date is a text.
pub(crate) fn value(node: &Node) -> Result<Value, NotJson> {
    match &node.kind {
        Kind::Sequence(items) => items.iter().map(value).collect(),
        Kind::Mapping(entries) => {
            let fields =
                entries.iter().map(|(key, field)| Ok((key.text().unwrap_or_default().to_owned(), value(field)?)));
            fields.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
        Kind::Scalar { text, plain: false } => Ok(Value::from(text.as_str())),
        Kind::Scalar { text, plain: true } => {
            plain(text).ok_or_else(|| NotJson { text: text.clone(), range: node.range.clone() })
        }
    }
}

fn plain(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match serde_json::from_str::<Number>(text) {
            Ok(number) => Value::Number(number),
            Err(_) if is_number_of_yaml(text) => return None,
            Err(_) => Value::from(text),
        },
    })
}

/// YAML 1.2, section 10.3.2: `+1`, `01`, `.5`, `1.`, `0x1F`, `0o17`, `.inf`, `.nan`.
fn is_number_of_yaml(text: &str) -> bool {
    if let Some(hex) = text.strip_prefix("0x") {
        return are_digits(hex, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return are_digits(octal, 8);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let named = [".inf", ".Inf", ".INF"].contains(&unsigned) || [".nan", ".NaN", ".NAN"].contains(&text);
    named || (unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && unsigned.parse::<f64>().is_ok())
}

fn are_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml;
    use crate::diagnostic::SourceText;

    fn read(text: &str) -> Result<String, String> {
        let root = yaml::parse(&SourceText::new("t.yaml", text), yaml::PIPELINE).0.unwrap();
        value(&root).map(|value| value.to_string()).map_err(|problem| problem.text)
    }

    #[test]
    fn numbers_keep_their_digits_and_quotes_make_texts() {
        let text = "{a: 1.10, b: 123456789012345678901234567890, c: \"1.10\", d: 1e3, e: -0}";
        assert_eq!(read(text).unwrap(), r#"{"a":1.10,"b":123456789012345678901234567890,"c":"1.10","d":1e+3,"e":-0}"#);
    }

    #[test]
    fn words_and_dates_are_what_yaml_1_2_says() {
        let text = "[null, ~, true, FALSE, yes, 2024-05-17, 2024-05-17T12:00:00Z, 12:30, 1.2.3, infinity, nan]";
        assert_eq!(
            read(text).unwrap(),
            r#"[null,null,true,false,"yes","2024-05-17","2024-05-17T12:00:00Z","12:30","1.2.3","infinity","nan"]"#
        );
    }

    #[test]
    fn numbers_json_does_not_have_are_neither_texts_nor_changed() {
        for text in ["+1", "01", ".5", "1.", "0x1F", "0o17", ".inf", "-.INF", ".nan"] {
            assert_eq!(read(text), Err(text.to_owned()));
        }
    }
}
