//! The sorts of values at a place, each with the keywords that its schema gives it.

use std::collections::HashSet;

use serde_json::Value;

use super::alternatives::Shape;
use super::conjunction::Conjunction;
use super::json_types::{Type, type_of};
use super::pattern::matches;
use super::types::{may_be_value, types, values};

/// One sort of value at a place.
#[derive(Debug, Clone, Copy)]
pub struct Possible<'s> {
    /// Its type.
    pub ty: Type,
    /// What its schema shows besides its type.
    pub known: Known<'s>,
}

/// What is known of it besides its type.
#[derive(Debug, Clone, Copy)]
pub enum Known<'s> {
    /// It is this very value.
    Value(&'s Value),
    /// It keeps to these keywords.
    Open(Keywords<'s>),
}

/// The keywords that bear on a column's type. Bounds are inclusive; of fractions, or so close that it makes no difference.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keywords<'s> {
    /// `format`.
    pub format: Option<&'s str>,
    /// `pattern`.
    pub pattern: Option<&'s str>,
    /// `minLength`.
    pub min_length: Option<u64>,
    /// `contentEncoding`.
    pub encoding: Option<&'s str>,
    /// `minimum`, or what `exclusiveMinimum` comes to.
    pub minimum: Option<f64>,
    /// `maximum`, or what `exclusiveMaximum` comes to.
    pub maximum: Option<f64>,
    /// `multipleOf`.
    pub multiple_of: Option<&'s Value>,
}

impl<'s> Keywords<'s> {
    /// Whether a string has at least one character.
    pub fn is_filled(&self) -> bool {
        self.min_length > Some(0) || self.pattern.is_some_and(|pattern| !matches(pattern, ""))
    }

    fn of(conjunction: &Conjunction<'s>, ty: Type) -> Self {
        match ty {
            Type::String => Self {
                format: text(conjunction, "format"),
                pattern: text(conjunction, "pattern"),
                min_length: conjunction.keyword("minLength").filter_map(Value::as_u64).max(),
                encoding: text(conjunction, "contentEncoding"),
                ..Self::default()
            },
            Type::Integer | Type::Number => Self {
                format: text(conjunction, "format"),
                minimum: bounds(conjunction, ["minimum", "exclusiveMinimum"], -1.0, ty)
                    .reduce(f64::min)
                    .map(|bound| -bound),
                maximum: bounds(conjunction, ["maximum", "exclusiveMaximum"], 1.0, ty).reduce(f64::min),
                multiple_of: conjunction.keyword("multipleOf").next(),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

fn text<'s>(conjunction: &Conjunction<'s>, keyword: &str) -> Option<&'s str> {
    conjunction.keyword(keyword).find_map(Value::as_str)
}

/// Upper bounds, or with `sign` -1 lower ones turned around. Before an exclusive bound lies the next whole number; in
/// draft 4, `exclusiveMaximum: true` is about `maximum`.
fn bounds<'c>(
    conjunction: &'c Conjunction<'_>,
    [inclusive, exclusive]: [&'static str; 2],
    sign: f64,
    ty: Type,
) -> impl Iterator<Item = f64> + 'c {
    conjunction.schemas.iter().flat_map(move |schema| {
        let included = schema.value.get(inclusive).and_then(Value::as_f64).map(|bound| bound * sign);
        let excluded = schema.value.get(exclusive).and_then(Value::as_f64).map(|bound| bound * sign);
        let strict = schema.value.get(exclusive) == Some(&Value::Bool(true));
        let first = included.map(|bound| if strict { below(bound, ty) } else { bound });
        first.into_iter().chain(excluded.map(|bound| below(bound, ty)))
    })
}

/// The largest value below an exclusive bound, as far as there is one.
fn below(bound: f64, ty: Type) -> f64 {
    if ty == Type::Integer { bound.ceil() - 1.0 } else { bound }
}

impl<'s> Shape<'s> {
    /// Every value that `const` or `enum` lists, and every type where neither does. Null is left out.
    pub fn possible(&self) -> Vec<Possible<'s>> {
        let mut found = self.with_null();
        found.retain(|possible| possible.ty != Type::Null);
        found
    }

    /// The values, each once, when there are only so many; null is one of them.
    pub fn finite(&self) -> Option<Vec<Value>> {
        let lists = self.alternatives.iter().map(finite).collect::<Option<Vec<_>>>()?;
        let mut seen = HashSet::new();
        Some(lists.into_iter().flatten().filter(|value| seen.insert(value.clone())).collect())
    }

    /// Whether this value may be one of them, as far as types and constants show.
    pub fn may_be_value(&self, value: &Value) -> bool {
        self.alternatives.iter().any(|conjunction| may_be_value(conjunction, value))
    }

    fn with_null(&self) -> Vec<Possible<'s>> {
        let mut found: Vec<Possible<'s>> = self.alternatives.iter().flat_map(possible).collect();
        for possible in found.iter_mut().filter(|possible| possible.ty == Type::String && !self.asserts_formats()) {
            if let Known::Open(keywords) = &mut possible.known {
                keywords.format = None;
            }
        }
        found
    }
}

fn possible<'s>(conjunction: &Conjunction<'s>) -> Vec<Possible<'s>> {
    let types = types(conjunction);
    let mut found = Vec::new();
    match values(conjunction) {
        None => {
            for ty in types {
                found.push(Possible { ty, known: Known::Open(Keywords::of(conjunction, ty)) });
            }
        }
        Some(values) => {
            for value in values.into_iter().filter(|value| types.contains(&type_of(value))) {
                found.push(Possible { ty: type_of(value), known: Known::Value(value) });
            }
        }
    }
    found
}

fn finite(conjunction: &Conjunction<'_>) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for possible in possible(conjunction) {
        match (possible.known, possible.ty) {
            (Known::Value(value), _) => values.push(value.clone()),
            (Known::Open(_), Type::Null) => values.push(Value::Null),
            (Known::Open(_), Type::Boolean) => values.extend([Value::Bool(true), Value::Bool(false)]),
            (Known::Open(_), _) => return None,
        }
    }
    values.retain(|value| may_be_value(conjunction, value));
    Some(values)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constants_are_finite_and_lists_that_all_hold_are_cut() {
        let schema = json!({"allOf": [{"enum": ["a", "b", null]}, {"enum": ["b", "c", null]}]});
        assert_eq!(Shape::of_value(&schema).finite(), Some(vec![json!("b"), json!(null)]));
        assert_eq!(Shape::of_value(&json!({"type": "null"})).finite(), Some(vec![json!(null)]));
        assert_eq!(Shape::of_value(&json!({"type": "string"})).finite(), None);
        assert_eq!(Shape::of_value(&json!(false)).finite(), Some(vec![]));
        assert_eq!(
            Shape::of_value(&json!({"type": "boolean", "not": {"const": true}})).finite(),
            Some(vec![json!(false)])
        );
    }

    #[test]
    fn keywords_belong_to_their_type() {
        let schema = json!({"type": ["string", "integer"], "pattern": "^a", "minimum": 1, "exclusiveMaximum": 9});
        let possible = Shape::of_value(&schema).possible();
        let keywords = |ty| match possible.iter().find(|one| one.ty == ty).unwrap().known {
            Known::Open(words) => (words.pattern, words.minimum, words.maximum),
            Known::Value(_) => panic!("no constant"),
        };
        assert_eq!(keywords(Type::String), (Some("^a"), None, None));
        assert_eq!(keywords(Type::Integer), (None, Some(1.0), Some(8.0)));
    }
}
