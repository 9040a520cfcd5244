//! Conditions decided beforehand: run on the values a schema leaves, where these are few.

use jaq_core::load::lex::{Lexer, Tok, Token};
use jaq_core::load::span;
use serde_json::{Map, Value};

use super::cases::Known;
use crate::compile::infer::{self, Origin, Roots, Step};
use jq::{Context, Expr};
use pipeline::message::{Attribute, AttributeValue, Metadata};

/// Combinations of values that one condition is tried with, at most.
const MOST_TRIALS: usize = 256;

/// What a condition comes out as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Always,
    Never,
    Open,
}

/// A condition, split where parts of it can be decided alone.
#[derive(Debug)]
pub(super) enum Logic {
    And(Vec<Self>),
    Or(Vec<Self>),
    Part(Part),
    /// The whole, and its parts, which are looked at where the whole can't be decided.
    Whole(Box<[Self; 2]>),
    /// It can't be told what it looks at.
    Opaque,
}

/// An expression and the places it looks at.
#[derive(Debug)]
pub(super) struct Part {
    expr: Expr,
    reads: Vec<Origin>,
}

impl Logic {
    pub(super) fn of(text: &str, roots: &Roots<'_>) -> Self {
        let text = text.trim();
        let Ok(tokens) = Lexer::new(text).lex() else {
            return Self::Opaque;
        };
        if let [Token(_, Tok::Block(_))] = &tokens[..]
            && let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'))
        {
            return Self::of(inner, roots);
        }
        let parts = |parts: Vec<&str>| parts.into_iter().map(|part| Self::of(part, roots)).collect();
        let whole = Self::part(text, roots);
        let parts = match (split(text, &tokens, "or"), split(text, &tokens, "and")) {
            (Some(either), _) => Self::Or(parts(either)),
            (None, Some(both)) => Self::And(parts(both)),
            (None, None) => return whole,
        };
        Self::Whole(Box::new([whole, parts]))
    }

    fn part(text: &str, roots: &Roots<'_>) -> Self {
        // An error that is suppressed yields nothing, and the places don't show where there is one.
        let mut words = text.split(|c: char| c != '_' && !c.is_alphanumeric());
        if text.contains('?') || words.any(|word| word == "try") {
            return Self::Opaque;
        }
        match (Expr::compile(text), infer::reads(text, roots)) {
            (Ok(expr), Some(mut reads)) => {
                reads.sort_by_key(|place| (place.root, place.steps.len()));
                reads.dedup();
                Self::Part(Part { expr, reads })
            }
            _ => Self::Opaque,
        }
    }

    pub(super) fn truth(&self, known: &Known<'_, '_>) -> Truth {
        let parts = |parts: &[Self]| parts.iter().map(|part| part.truth(known)).collect::<Vec<_>>();
        match self {
            Self::And(all) => joined(&parts(all), Truth::Never, Truth::Always),
            // A part before the one that is true may yield nothing, and then the whole does.
            Self::Or(any) => match parts(any)[..] {
                [Truth::Always, ..] => Truth::Always,
                ref all if all.iter().all(|part| *part == Truth::Never) => Truth::Never,
                _ => Truth::Open,
            },
            Self::Part(part) => part.truth(known).unwrap_or(Truth::Open),
            Self::Whole(ways) => {
                let mut told = ways.iter().map(|way| way.truth(known)).filter(|truth| *truth != Truth::Open);
                told.next().unwrap_or(Truth::Open)
            }
            Self::Opaque => Truth::Open,
        }
    }
}

/// `decides` where one part decides, `otherwise` where all others agree.
fn joined(parts: &[Truth], decides: Truth, otherwise: Truth) -> Truth {
    if parts.contains(&decides) {
        decides
    } else if parts.iter().all(|part| *part == otherwise) {
        otherwise
    } else {
        Truth::Open
    }
}

/// The parts between the top-level words of that name; `None` where nothing is to be split, or not safely.
fn split<'t>(text: &'t str, tokens: &[Token<&'t str>], word: &str) -> Option<Vec<&'t str>> {
    const BINDS_WEAKER: [&str; 4] = ["|", ",", "//", "as"];
    const OPENS: [&str; 7] = ["if", "then", "reduce", "foreach", "def", "label", "try"];
    let alone = |token: &Token<&str>| {
        let is_word = matches!(token.1, Tok::Word | Tok::Sym);
        is_word && (BINDS_WEAKER.contains(&token.0) || OPENS.contains(&token.0))
    };
    if tokens.iter().any(alone) {
        return None;
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for token in tokens.iter().filter(|token| matches!(token.1, Tok::Word) && token.0 == word) {
        let at = span(text, token.0);
        parts.push(&text[start..at.start]);
        start = at.end;
    }
    parts.push(&text[start..]);
    (parts.len() > 1).then_some(parts)
}

impl Part {
    /// Tries every combination of the values; `None` when they are too many, or not known.
    fn truth(&self, known: &Known<'_, '_>) -> Option<Truth> {
        let values = self.reads.iter().map(|place| known.values(place)).collect::<Option<Vec<_>>>()?;
        let trials = values.iter().try_fold(1usize, |trials, values| trials.checked_mul(values.len()))?;
        if trials == 0 || trials > MOST_TRIALS {
            return None;
        }
        let mut results = (0..trials).map(|trial| self.try_out(&chosen(&values, trial)));
        let first = results.next()??;
        let same = results.all(|result| result == Some(first));
        same.then_some(if first { Truth::Always } else { Truth::Never })
    }

    /// Runs it on a message that has these values only; `None` when it fails.
    fn try_out(&self, values: &[&Value]) -> Option<bool> {
        let mut roots = [const { Value::Null }; 4];
        // A null is left out: a place below another must not make an object of it.
        for (place, value) in self.reads.iter().zip(values).filter(|(_, value)| !value.is_null()) {
            put(roots.get_mut(place.root)?, &place.steps, value)?;
        }
        let [document, element, body, sqs] = roots;
        let metadata = Metadata { attributes: attributes(&sqs), ..Metadata::default() };
        let body = if body.is_null() { &document } else { &body };
        let in_element = self.reads.iter().any(|place| place.root == infer::ELEMENT);
        let context = Context::new(body, &document, &metadata);
        let scope = context.scope_of(if in_element { &element } else { &document });
        let value = self.expr.eval(&scope).ok()?;
        Some(!matches!(*value, Value::Null | Value::Bool(false)))
    }
}

/// The combination of that number.
fn chosen(values: &[Vec<Value>], trial: usize) -> Vec<&Value> {
    let mut rest = trial;
    let choose = |values: &'_ Vec<Value>| {
        let at = rest % values.len();
        rest /= values.len();
        at
    };
    let at: Vec<usize> = values.iter().map(choose).collect();
    values.iter().zip(at).map(|(values, at)| &values[at]).collect()
}

/// Puts a value into a document; `None` where something else is in the way.
fn put(root: &mut Value, steps: &[Step], value: &Value) -> Option<()> {
    let Some((first, rest)) = steps.split_first() else {
        *root = if root.is_null() { value.clone() } else { return None };
        return Some(());
    };
    let Step::Field(name) = first else {
        return None;
    };
    if root.is_null() {
        *root = Value::Object(Map::new());
    }
    put(root.as_object_mut()?.entry(name).or_insert(Value::Null), rest, value)
}

fn attributes(sqs: &Value) -> std::collections::BTreeMap<String, Attribute> {
    let attributes = sqs.get("attributes").and_then(Value::as_object).into_iter().flatten();
    let text = |value: &Value| AttributeValue::Text(value.as_str().unwrap_or_default().to_owned());
    let attribute = |value: &Value| Attribute { data_type: "String".to_owned(), value: text(value) };
    attributes.map(|(name, value)| (name.clone(), attribute(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compile::infer::Yield;
    use schema::Shape;

    /// `.a` is null, also where `.a.a`, which is null too, is a place of its own.
    #[test]
    fn a_null_below_a_null_makes_no_object_of_it() {
        let schema = json!({"properties": {"a": {"type": "null"}}});
        let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
        let Logic::Part(part) = Logic::of(".a // (.a.a != false | not)", &roots) else { panic!("it is one part") };
        assert_eq!(part.reads.len(), 2);
        assert_eq!(part.try_out(&[&Value::Null, &Value::Null]), Some(false));
    }
}
