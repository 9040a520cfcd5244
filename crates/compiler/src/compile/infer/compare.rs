//! Comparisons that can come out only one way.

use jaq_core::load::parse::Term;
use jaq_core::ops::Cmp;
use serde_json::Value;

use super::certain::{compare, mirrored};
use super::fact::same;
use super::{Finding, Form, Walker, Yield, term};
use crate::diagnostic::Code;
use schema::{Keywords, Known, Possible, Type, type_of};

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn comparison(
        &mut self,
        left: &Term<&'t str>,
        cmp: Cmp,
        right: &Term<&'t str>,
        input: &Yield<'s>,
    ) -> Yield<'s> {
        let (first, second) = (self.term(left, input), self.term(right, input));
        self.never_equal(&first, cmp, right);
        self.never_equal(&second, mirrored(cmp), left);
        let result = Yield::of("boolean").or_nothing(first.nothing).or_nothing(second.nothing);
        result.or_many(first.many).or_many(second.many)
    }

    /// Reports a comparison with a literal that the value can never be, or never be of the type of.
    fn never_equal(&mut self, value: &Yield<'s>, cmp: Cmp, literal: &Term<&'t str>) {
        let Some(wanted) = term::literal(literal).filter(|wanted| !wanted.is_null()) else {
            return;
        };
        let span = term::anchor(literal).map_or(0..self.text.len(), |slice| self.span(slice));
        let Some(types) = value.types().filter(|types| !types.is_empty()) else {
            return;
        };
        if !types.iter().any(|(ty, _)| alike(*ty, type_of(&wanted))) {
            let message = format!("{} is compared with {}", types[0].0.word(), type_of(&wanted).word());
            let finding = Finding::new(Code::NeverEqual, span, message).label("of another type than the value");
            self.report(match (&wanted, types[0].0) {
                (Value::String(_), Type::Integer | Type::Number) => finding.help("write the number without quotes"),
                (_, Type::String) => finding.help("put the value into quotes"),
                _ => finding,
            });
        } else if let (Cmp::Eq | Cmp::Ne, Some(known)) = (cmp, constants(value))
            && !known.iter().any(|value| same(value, &wanted))
        {
            let message = format!("the value is never {wanted}");
            let label = "not among the values the schema allows";
            let names = known.iter().map(|known| known.as_str().map_or_else(|| known.to_string(), str::to_owned));
            let written = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
            let finding = Finding::new(Code::NeverEqual, span, message).label(label);
            self.report(finding.instead_of(&written, names.collect()));
        } else if out_of_bounds(value, cmp, &wanted) {
            let message = format!("the value is never {} {wanted}", words(cmp));
            let label = "out of the bounds the schema sets";
            self.report(Finding::new(Code::NeverEqual, span, message).label(label));
        }
    }
}

fn words(cmp: Cmp) -> &'static str {
    match cmp {
        Cmp::Gt => "greater than",
        Cmp::Ge => "as great as",
        Cmp::Lt => "less than",
        Cmp::Le => "as small as",
        Cmp::Eq | Cmp::Ne => "equal to",
    }
}

/// Whether the comparison comes out one way for each number that the schema allows.
fn out_of_bounds(value: &Yield<'_>, cmp: Cmp, wanted: &Value) -> bool {
    let never = |possible: &Possible<'_>| match possible.known {
        Known::Value(value) => !matches!(cmp, Cmp::Eq | Cmp::Ne) && compare(value, cmp, wanted) == Some(false),
        Known::Open(keywords) => wanted.as_f64().is_some_and(|number| excludes(&keywords, cmp, number)),
    };
    value.forms.iter().flatten().all(|form| match form {
        Form::Shape(shape) => shape.possible().iter().all(never),
        _ => false,
    })
}

fn excludes(keywords: &Keywords<'_>, cmp: Cmp, number: f64) -> bool {
    let (least, greatest) = (keywords.minimum, keywords.maximum);
    match cmp {
        Cmp::Gt => greatest.is_some_and(|greatest| greatest <= number),
        Cmp::Ge => greatest.is_some_and(|greatest| greatest < number),
        Cmp::Lt => least.is_some_and(|least| least >= number),
        Cmp::Le => least.is_some_and(|least| least > number),
        Cmp::Eq | Cmp::Ne => excludes(keywords, Cmp::Ge, number) || excludes(keywords, Cmp::Le, number),
    }
}

/// Whole numbers and others are compared as numbers.
fn alike(left: Type, right: Type) -> bool {
    let number = |ty| matches!(ty, Type::Integer | Type::Number);
    left == right || (number(left) && number(right))
}

/// The only values it may have.
fn constants(value: &Yield<'_>) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    for form in value.forms.as_ref()? {
        match form {
            Form::Literal(value) => found.push(value.clone()),
            Form::Shape(shape) => {
                for possible in shape.possible() {
                    match possible.known {
                        Known::Value(value) => found.push(value.clone()),
                        Known::Open(_) => return None,
                    }
                }
            }
            Form::Object(_) | Form::Array(_) => return None,
        }
    }
    Some(found)
}
