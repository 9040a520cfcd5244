//! `+ - * / %`: what they take, and what they make of it.

use jaq_core::load::parse::Term;
use jaq_core::ops::Math;
use pipeline::{ColumnType, ScalarType};
use serde_json::Value;

use super::call::is_of;
use super::{Form, Null, Walker, Yield, term};
use crate::diagnostic::Code;
use pipeline::cast::cast;
use schema::Type;

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn math(
        &mut self,
        left: &Term<&'t str>,
        math: Math,
        right: &Term<&'t str>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let (first, second) = (self.term(left, input), self.term(right, input));
        let span = self.around(left, right);
        let result = match (first.types(), second.types()) {
            (Some(ours), Some(theirs)) => {
                let failed = self.operands(&types(&ours), math, &types(&theirs), &span);
                if failed { Yield::anything() } else { result(&first, math, &second) }
            }
            _ => Yield::anything(),
        };
        // Null is the zero of `+`; everything else fails on it.
        let null = first.null.clone().and(second.null.clone()).filter(|_| math == Math::Add);
        if let (true, Some(null)) = (math != Math::Add, first.null.as_ref().or(second.null.as_ref())) {
            self.null_operand(math, null);
        }
        result
            .or_null(null)
            .or_nothing(first.nothing)
            .or_nothing(second.nothing)
            .or_many(first.many)
            .or_many(second.many)
    }

    pub(super) fn negation(&mut self, whole: &Term<&'t str>, inner: &Term<&'t str>, input: &Yield<'s>) -> Yield<'s> {
        if let Some(literal) = term::literal(whole) {
            return Yield::literal(literal);
        }
        let value = self.term(inner, input);
        let span = term::anchor(inner).map_or(0..self.text.len(), |slice| self.span(slice));
        self.takes(&value, "`-`", &[Type::Integer, Type::Number], false, &span);
        let result = Yield::of(if value.is_only(Type::Integer) { "integer" } else { "number" });
        result.or_nothing(value.nothing).or_many(value.many)
    }

    fn null_operand(&mut self, math: Math, null: &Null) {
        let message = format!("`{}` fails on null, and {}", math.as_str(), null.why);
        let finding = super::Finding::new(Code::MayFail, null.span.clone(), message);
        self.report(finding.help("give a default: `(.x // 0)`"));
    }

    /// Whether the operands never go together, which is reported; so is that they don't always.
    fn operands(&mut self, ours: &[Type], math: Math, theirs: &[Type], span: &std::ops::Range<usize>) -> bool {
        let pairs: Vec<_> = ours.iter().flat_map(|left| theirs.iter().map(move |right| (*left, *right))).collect();
        let Some((left, right)) = pairs.iter().find(|(left, right)| kind(*left, math, *right).is_none()) else {
            return false;
        };
        let certain = !pairs.iter().any(|(left, right)| kind(*left, math, *right).is_some());
        let verb = if certain { "never takes" } else { "may meet" };
        let message = format!("`{}` {verb} {} and {}", math.as_str(), left.word(), right.word());
        let mixed = [left, right].iter().any(|ty| **ty == Type::String);
        let finding = self.mismatch(span.clone(), message, certain);
        if mixed && math == Math::Add {
            finding.help =
                Some("join them in a text, `\"\\(.a)\\(.b)\"`, or make both numbers with `| tonumber`".to_owned());
        } else if mixed {
            finding.help = Some("make a number of a text with `| tonumber`".to_owned());
        }
        certain
    }
}

fn types(known: &[(Type, Option<&str>)]) -> Vec<Type> {
    known.iter().map(|(ty, _)| *ty).collect()
}

/// The built-in schema of what two operands make; `None` when they don't go together.
fn kind(left: Type, math: Math, right: Type) -> Option<&'static str> {
    use Type::{Array, Integer, Number, Object, String};
    let numeric = |ty| matches!(ty, Integer | Number);
    match (left, math, right) {
        (Integer, Math::Add | Math::Sub | Math::Mul | Math::Rem, Integer) => Some("integer"),
        (left, _, right) if numeric(left) && numeric(right) => Some("number"),
        (String, Math::Add, String) => Some("string"),
        (String, Math::Div, String) => Some("strings"),
        (Array, Math::Add | Math::Sub, Array) => Some("array"),
        (Object, Math::Add | Math::Mul, Object) => Some("object"),
        (String, Math::Mul, other) | (other, Math::Mul, String) if numeric(other) => Some("string"),
        _ => None,
    }
}

fn result<'s>(left: &Yield<'s>, math: Math, right: &Yield<'s>) -> Yield<'s> {
    if math == Math::Add && is_of(left, "date") && is_time(right) {
        return Yield::of("date-time");
    }
    if left.is_only(Type::Array) && right.is_only(Type::Array) {
        return arrays(left, math, right);
    }
    let (ours, theirs) = (left.types().unwrap_or_default(), right.types().unwrap_or_default());
    let pairs = ours.iter().flat_map(|(left, _)| theirs.iter().filter_map(move |(right, _)| kind(*left, math, *right)));
    let mut kinds: Vec<&'static str> = pairs.collect();
    // Null and something else is that something.
    if math == Math::Add && (left.null.is_some() || right.null.is_some()) {
        return Yield { null: None, ..left.clone() }.or(Yield { null: None, ..right.clone() });
    }
    kinds.sort_unstable();
    kinds.dedup();
    let forms = kinds.into_iter().flat_map(|name| Yield::of(name).forms.unwrap_or_default());
    Yield { forms: Some(forms.collect()), ..Yield::anything() }
}

/// Whether a date followed by it is a date-time.
fn is_time(value: &Yield<'_>) -> bool {
    let timestamp = ColumnType::Scalar(ScalarType::Timestamptz);
    match value.forms.as_deref() {
        Some([Form::Literal(Value::String(time))]) => cast(&format!("2000-01-01{time}").into(), timestamp).is_ok(),
        _ => false,
    }
}

/// The items of both, or what is left of the first one's.
fn arrays<'s>(left: &Yield<'s>, math: Math, right: &Yield<'s>) -> Yield<'s> {
    let items = match math {
        Math::Add => left.items(None).zip(right.items(None)).map(|(left, right)| left.or(right)),
        _ => left.items(None),
    };
    let why = || Null::new("an array may be empty", 0..0);
    items.map_or_else(|| Yield::of("array"), |items| Yield::form(Form::Array(Box::new(items.or_nothing(Some(why()))))))
}
