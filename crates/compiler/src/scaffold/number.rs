//! Numbers a schema allows, as a template draws them.

use serde_json::Value;

use super::names::is_id;

/// Beyond it a number keeps neither its digits in a float nor its place in a helper's argument.
const LARGEST: f64 = 1e12;
/// Digits after the point where the schema leaves it open.
const SCALE: usize = 2;
/// Multiples of a step among which a whole number is searched for.
const MULTIPLES: u32 = 1_000;

/// The bounds all schemas of a conjunction leave.
struct Bounds {
    least: Option<f64>,
    most: Option<f64>,
    /// A bound itself is not allowed.
    open: (bool, bool),
    /// Every value is a multiple of it.
    step: Option<f64>,
}

impl Bounds {
    fn of(schemas: &[&Value]) -> Self {
        let least = numbers(schemas, "minimum").reduce(f64::max);
        let above = numbers(schemas, "exclusiveMinimum").reduce(f64::max);
        let most = numbers(schemas, "maximum").reduce(f64::min);
        let below = numbers(schemas, "exclusiveMaximum").reduce(f64::min);
        // In draft 4 `exclusiveMinimum` is a flag beside `minimum`.
        let open_below = is_flagged(schemas, "exclusiveMinimum")
            || above.is_some_and(|above| least.is_none_or(|least| above >= least));
        let open_above =
            is_flagged(schemas, "exclusiveMaximum") || below.is_some_and(|below| most.is_none_or(|most| below <= most));
        Self {
            least: [least, above].into_iter().flatten().reduce(f64::max),
            most: [most, below].into_iter().flatten().reduce(f64::min),
            open: (open_below, open_above),
            step: numbers(schemas, "multipleOf").reduce(f64::max),
        }
    }

    /// The least and the greatest whole number of units of `unit`; `span` wide where the schema leaves it open, or has only
    /// the bounds of a type.
    #[allow(clippy::cast_possible_truncation, reason = "the numbers are held to LARGEST")]
    fn units(&self, unit: f64, span: i64) -> (i64, i64) {
        let least = self.least.map(|bound| {
            let bound = in_units_of(bound, unit);
            let first = bound.ceil();
            first as i64 + i64::from(self.open.0 && first <= bound)
        });
        let most = self.most.map(|bound| {
            let bound = in_units_of(bound, unit);
            let greatest = bound.floor();
            greatest as i64 - i64::from(self.open.1 && greatest >= bound)
        });
        match (least, most) {
            (Some(least), Some(most)) if least < -span && most > span => (1, span),
            (Some(least), Some(most)) => (least, most),
            (Some(least), None) => (least, least + span),
            (None, Some(most)) => (if most >= 1 { 1 } else { most - span }, most),
            (None, None) => (1, span),
        }
    }
}

fn numbers(schemas: &[&Value], key: &'static str) -> impl Iterator<Item = f64> {
    schemas.iter().filter_map(move |schema| schema.get(key)?.as_f64())
}

fn is_flagged(schemas: &[&Value], key: &str) -> bool {
    schemas.iter().any(|schema| schema.get(key) == Some(&Value::Bool(true)))
}

/// A bound as a count of units, without the errors of floating point.
fn in_units_of(bound: f64, unit: f64) -> f64 {
    (bound.clamp(-LARGEST, LARGEST) / unit * 1e6).round() / 1e6
}

/// A whole number; for one of several that have to differ, the one at its index.
pub(super) fn integer(schemas: &[&Value], name: &str, distinct: Option<usize>) -> String {
    let bounds = Bounds::of(schemas);
    let step = bounds.step.map_or(1.0, whole);
    if distinct.is_some() || step > 1.0 {
        return multiple(&bounds, step, distinct);
    }
    let (least, most) = bounds.units(1.0, if is_id(name) { 1_000_000_000 } else { 1_000 });
    format!("{{{{random_int {least} {}}}}}", most.max(least))
}

/// The least whole number that is a multiple of a step.
fn whole(step: f64) -> f64 {
    let mut multiples = (1..=MULTIPLES).map(|count| f64::from(count) * step);
    multiples.find(|multiple| same(multiple.round(), *multiple)).map_or(step, f64::round)
}

/// A number with a fraction.
pub(super) fn decimal(schemas: &[&Value], distinct: Option<usize>) -> String {
    let bounds = Bounds::of(schemas);
    let scale = match bounds.step {
        None => (SCALE..=9).find(|scale| fits(bounds.units(unit(*scale), 1))).unwrap_or(SCALE),
        Some(step) => match (0..=9).find(|scale| same(unit(*scale), step)) {
            Some(scale) => scale,
            None => return multiple(&bounds, step, distinct),
        },
    };
    let width = 10_i64.pow(u32::try_from(scale).expect("a scale of one digit")) * 1_000;
    let (least, most) = bounds.units(unit(scale), width);
    let most = most.max(least);
    format!("{{{{random_decimal {} {} {scale}}}}}", in_units(least, scale), in_units(most, scale))
}

fn fits((least, most): (i64, i64)) -> bool {
    least <= most
}

fn unit(scale: usize) -> f64 {
    10_f64.powi(-i32::try_from(scale).expect("a scale of one digit"))
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= a.abs() * 1e-9
}

/// The first multiple, or the one so many after it, as a literal.
#[allow(clippy::cast_precision_loss, reason = "the count of steps is small where it matters")]
fn multiple(bounds: &Bounds, step: f64, distinct: Option<usize>) -> String {
    let (first, _) = bounds.units(step, 1_000);
    let value = (first as f64 + distinct.unwrap_or(0) as f64) * step;
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{}", (value * 1e9).round() / 1e9) }
}

/// 150 at scale 2 is `1.50`.
fn in_units(units: i64, scale: usize) -> String {
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if units < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use pipeline::producer::{Generator, Template};
    use pipeline::validate::{Options, Validator};

    #[test]
    fn every_number_drawn_is_one_the_schema_allows() {
        for schema in [
            json!({}),
            json!({"minimum": 5}),
            json!({"maximum": 0}),
            json!({"maximum": -7.5}),
            json!({"minimum": 0, "maximum": 1}),
            json!({"exclusiveMinimum": 0, "exclusiveMaximum": 2}),
            json!({"minimum": 1, "exclusiveMinimum": 3}),
            json!({"multipleOf": 7, "minimum": 100}),
            json!({"minimum": 2.5, "maximum": 3.5}),
        ] {
            for (ty, text) in [("integer", integer(&[&schema], "n", None)), ("number", decimal(&[&schema], None))] {
                let mut schema = schema.clone();
                schema["type"] = ty.into();
                drawn(&schema, &text);
            }
        }
        for schema in [
            json!({"multipleOf": 0.01, "minimum": 0}),
            json!({"multipleOf": 0.25, "exclusiveMinimum": 0}),
            json!({"exclusiveMinimum": 0, "exclusiveMaximum": 0.001}),
        ] {
            drawn(&schema, &decimal(&[&schema], None));
        }
        for step in [1.5, 0.3, 0.25, 2.0, 0.5] {
            let schema = json!({"type": "integer", "multipleOf": step, "minimum": 4});
            drawn(&schema, &integer(&[&schema], "n", None));
        }
        let few = json!({"type": "integer", "minimum": 1, "maximum": 3});
        assert_eq!([0, 1, 2].map(|index| integer(&[&few], "n", Some(index))), ["1", "2", "3"]);
        let flag =
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 0, "exclusiveMinimum": true});
        assert_eq!(integer(&[&flag], "n", None), "{{random_int 1 1001}}");
    }

    fn drawn(schema: &Value, text: &str) {
        let validator = Validator::of(schema, Options::default()).unwrap();
        let template = Template::compile("t", text).unwrap();
        let mut generator = Generator::seeded(1);
        for _ in 0..50 {
            let value = template.render(&mut generator).unwrap_or_else(|error| panic!("{schema}: {text}: {error}"));
            let value: Value = serde_json::from_str(&value).unwrap();
            assert!(validator.is_valid(&value), "{schema}: {text}: {value}");
        }
    }
}
