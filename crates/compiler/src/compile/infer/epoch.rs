//! Numbers that count since 1970: what `unix` and its kind are given.

use std::ops::Range;

use pipeline::{ColumnType, ScalarType};

use super::{Finding, Form, Walker, Yield};
use crate::diagnostic::Code;
use pipeline::cast::{Verdict, accepts};
use schema::{Keywords, Known, Shape, Type};

impl<'s> Walker<'_, 's> {
    /// Reports a string whose format is never a number, where a number or a string of one is taken.
    pub(super) fn check_format(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) {
        let types = input.types().unwrap_or_default();
        let number = ColumnType::Scalar(ScalarType::Numeric(None));
        let never = |(ty, format): &(Type, Option<&str>)| {
            *ty == Type::String && matches!(accepts(number, *ty, *format), Verdict::No(_))
        };
        let Some((_, Some(format))) = types.first().filter(|_| types.iter().all(never)) else {
            return;
        };
        let message = format!("`{name}` takes a number, but gets a string of format `{format}`");
        let finding =
            Finding::new(Code::TypeMismatch, span.clone(), message).label(format!("its input is a `{format}`"));
        let timestamp = *format == "date-time" && name != "tonumber";
        self.report(if timestamp {
            finding.help(format!("it is a timestamp already: leave `| {name}` out"))
        } else {
            finding
        });
    }

    /// Reports a unit that the schema's own bounds make implausible: seconds until the year 5000 have 11 digits.
    pub(super) fn check_unit(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) {
        let Some(given) = UNITS.iter().position(|(unit, _)| *unit == name) else {
            return;
        };
        let shapes = input.forms.iter().flatten().filter_map(|form| match form {
            Form::Shape(shape) => Some(shape),
            _ => None,
        });
        let Some(keywords) = shapes.flat_map(numbers).next() else {
            return;
        };
        let meant = |bound: f64| UNITS.iter().position(|(_, per_second)| bound < per_second * YEAR_5000);
        let low = keywords.minimum.filter(|bound| *bound > 0.0).and_then(meant);
        let high = keywords.maximum.filter(|bound| *bound > YEAR_1990).and_then(meant);
        let Some(meant) = low.filter(|unit| *unit > given).or(high.filter(|unit| *unit < given)) else {
            return;
        };
        let other = UNITS[meant].0;
        let message = format!("`{name}` of a number that its schema bounds like one for `{other}`");
        self.report(
            Finding::new(Code::EpochUnit, span.clone(), message)
                .help(format!("write `| {other}`, or correct the schema")),
        );
    }
}

/// The functions by their unit, with how many of it make a second.
const UNITS: [(&str, f64); 4] = [("unix", 1.0), ("unix_ms", 1e3), ("unix_us", 1e6), ("unix_ns", 1e9)];
/// Seconds since 1970, roughly.
const YEAR_1990: f64 = 6.3e8;
const YEAR_5000: f64 = 9.5e10;

fn numbers<'s>(shape: &Shape<'s>) -> Vec<Keywords<'s>> {
    let open = shape.possible().into_iter().filter_map(|possible| match possible.known {
        Known::Open(keywords) if matches!(possible.ty, Type::Integer | Type::Number) => Some(keywords),
        _ => None,
    });
    open.collect()
}
