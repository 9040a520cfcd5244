//! A schema for each value of the discriminator.

use std::collections::HashMap;

use serde_json::Value;

use crate::validate::Validator;

/// Validators by the values that choose them, as `mapping` and the schemas write them.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    written: HashMap<String, Validator>,
    /// By those that are numbers: `1`, `1.0` and `1e0` are one value.
    numbers: HashMap<String, Validator>,
}

impl Kinds {
    /// The validator for a value.
    pub fn get(&self, value: &Value) -> Option<&Validator> {
        match value {
            Value::String(text) => self.written.get(text),
            Value::Bool(boolean) => self.written.get(if *boolean { "true" } else { "false" }),
            Value::Number(number) => self.numbers.get(&canonical(&number.to_string())?),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl FromIterator<(String, Validator)> for Kinds {
    fn from_iter<I: IntoIterator<Item = (String, Validator)>>(named: I) -> Self {
        let mut kinds = Self::default();
        for (value, validator) in named {
            if let Some(number) = canonical(&value) {
                kinds.numbers.entry(number).or_insert_with(|| validator.clone());
            }
            kinds.written.insert(value, validator);
        }
        kinds
    }
}

/// Whether the kind of this name is the one for a value.
pub fn chooses(value: &Value, name: &str) -> bool {
    match value {
        Value::String(text) => text == name,
        Value::Bool(boolean) => name == if *boolean { "true" } else { "false" },
        Value::Number(number) => canonical(&number.to_string()).is_some_and(|one| canonical(name) == Some(one)),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// One text for all spellings of a JSON number.
fn canonical(text: &str) -> Option<String> {
    text.parse::<serde_json::Number>().ok()?;
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let digits = format!("{whole}{fraction}");
    let (digits, exponent) = (digits.trim_start_matches('0'), exponent.parse::<i64>().ok()?);
    let short = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - short.len()).ok()?;
    let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
    Some(if short.is_empty() { "0".to_owned() } else { format!("{sign}{short}e{exponent}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_many_spellings() {
        let all = |texts: &[&str]| texts.iter().map(|text| canonical(text).unwrap()).collect::<Vec<_>>();
        assert_eq!(all(&["1", "1.0", "10e-1", "0.1E+1", "1.000"]), ["1e0"; 5]);
        assert_eq!(all(&["-120", "-1.2e2"]), ["-12e1"; 2]);
        assert_eq!(all(&["0", "-0", "0.00", "0e9"]), ["0"; 4]);
        for text in ["", "x", "01", "1.", "true", "+1", " 1"] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }
}
