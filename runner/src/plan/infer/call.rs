//! Calls: functions by the table, and those that run an expression of their own.

use std::ops::Range;

use jaq_core::load::parse::Term;
use migration::{ColumnType, ScalarType};

use super::functions::{Function, OnNull, function};
use super::{Finding, Form, Null, Walker, Yield};
use crate::diagnostic::Code;
use crate::map::cast::{Verdict, accepts};
use crate::plan::shape::{Keywords, Known, Shape, Type};

/// Functions that let some values through as they are, each with the built-in schema of those.
const SELECTORS: [(&str, &str); 9] = [
    ("values", "value"),
    ("nulls", "null"),
    ("strings", "string"),
    ("numbers", "number"),
    ("booleans", "boolean"),
    ("arrays", "array"),
    ("objects", "object"),
    ("iterables", "iterable"),
    ("scalars", "scalar"),
];

/// Functions of the table that run an argument on something else than their input.
const RUNS_ITS_ARGUMENT: [&str; 2] = ["sub", "gsub"];

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn call(&mut self, name: &'t str, arguments: &[Term<&'t str>], input: &Yield<'s>) -> Yield<'s> {
        let span = self.span(name);
        if let Some(result) = Self::constant(name, arguments, &span) {
            return result;
        }
        if let Some(result) = self.with_expression(name, arguments, input, &span) {
            return result;
        }
        // Which input another function gives its arguments is not known.
        let known = function(name, arguments.len()).filter(|known| !RUNS_ITS_ARGUMENT.contains(&known.name));
        for argument in arguments.iter().filter(|_| known.is_some()) {
            self.term(argument, input);
        }
        if let (Some((_, schema)), []) = (SELECTORS.iter().find(|(known, _)| *known == name), arguments) {
            let why = format!("`{name}` may yield nothing");
            return input.clone().only(schema).or_nothing(Some(Null::new(why, span)));
        }
        if let Some(result) = self.of_items(name, arguments, input, &span) {
            return result;
        }
        match function(name, arguments.len()) {
            Some(function) => self.known(function, input, &span),
            None => Yield::anything(),
        }
    }

    /// What does not look at its input.
    fn constant(name: &str, arguments: &[Term<&'t str>], span: &Range<usize>) -> Option<Yield<'s>> {
        Some(match (name, arguments) {
            ("true", []) => Yield::literal(true.into()),
            ("false", []) => Yield::literal(false.into()),
            ("null", []) => {
                let null = Null { literal: true, ..Null::new("it may be `null`", span.clone()) };
                Yield { null: Some(null), ..Yield::of("null") }
            }
            ("empty", []) => Yield::never().or_nothing(Some(Null::new("`empty` yields nothing", span.clone()))),
            ("error", _) => Yield::never(),
            _ => return None,
        })
    }

    /// Functions that run their argument: on the input, or on each of its items.
    fn with_expression(
        &mut self,
        name: &'t str,
        arguments: &[Term<&'t str>],
        input: &Yield<'s>,
        span: &Range<usize>,
    ) -> Option<Yield<'s>> {
        let [argument] = arguments else {
            return None;
        };
        Some(match name {
            "select" => self.select(argument, input, span),
            "first" | "last" => Yield { many: None, ..self.term(argument, input) },
            "isempty" => {
                self.term(argument, input);
                Yield::of("boolean")
            }
            "add" => {
                let each = self.term(argument, input);
                Self::sum(&each)
            }
            "with_entries" => {
                let entries = self.entries(input, "`with_entries`", span);
                let entry = entries.items(None).unwrap_or_default();
                let origin = Some(self.fresh());
                self.term(argument, &Yield { origin, ..entry });
                Yield::of("object")
            }
            "map" | "any" | "all" | "sort_by" | "unique_by" | "group_by" | "min_by" | "max_by" => {
                self.on_items(name, argument, input, span)
            }
            _ => return None,
        })
    }

    fn select(&mut self, condition: &Term<&'t str>, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        self.term(condition, input);
        let holds = self.certain(condition, input, true);
        let passed = self.knowing(holds, |walker| walker.refined(input.clone()));
        passed.or_nothing(Some(Null::new("`select` may yield nothing", span.clone())))
    }

    fn on_items(&mut self, name: &str, argument: &Term<&'t str>, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        let each = self.each(input, &format!("`{name}`"), span);
        let place = self.fresh();
        let item = Yield { nothing: None, many: None, origin: Some(place), ..each.clone() };
        let result = self.term(argument, &item);
        match name {
            "map" => {
                let (nothing, many) = (each.nothing.or(result.nothing.clone()), each.many);
                Yield::form(Form::Array(Box::new(Yield { nothing, ..result }.or_many(many))))
            }
            "any" | "all" => Yield::of("boolean"),
            "min_by" | "max_by" => {
                let null = each.nothing.map(|_| Null::new(format!("`{name}` of an empty array is null"), span.clone()));
                Yield { origin: None, ..item }.or_null(null)
            }
            "group_by" => Yield::of("array"),
            _ => Yield { null: None, origin: None, ..input.clone() },
        }
    }

    /// Functions of an array that yield it again, or one of its items.
    fn of_items(
        &mut self,
        name: &'t str,
        arguments: &[Term<&'t str>],
        input: &Yield<'s>,
        span: &Range<usize>,
    ) -> Option<Yield<'s>> {
        Some(match (name, arguments) {
            ("first" | "last", []) => self.end(name, input, span),
            ("min" | "max", []) => {
                self.takes(input, &format!("`{name}`"), &[Type::Array], false, span);
                let null = (input.least_items() == 0)
                    .then(|| Null::new(format!("`{name}` of an empty array is null"), span.clone()));
                input.items(None).unwrap_or_default().or_null(null)
            }
            ("add", []) => {
                let each = self.each(input, "`add`", span);
                Self::sum(&each)
            }
            ("length", []) => self.length(input, span),
            ("to_entries", []) => self.entries(input, "`to_entries`", span),
            ("reverse" | "sort" | "unique", []) => {
                self.takes(input, &format!("`{name}`"), &[Type::Array], false, span);
                Yield { null: None, origin: None, ..input.clone() }
            }
            _ => return None,
        })
    }

    /// An array of `{key, value}`.
    fn entries(&mut self, input: &Yield<'s>, what: &str, span: &Range<usize>) -> Yield<'s> {
        let each = self.each(input, what, span);
        let key = if input.is_only(Type::Object) { Yield::of("string") } else { Yield::anything() };
        let value = Yield { nothing: None, many: None, ..each.clone() };
        let entry = Yield::form(Form::Object(vec![("key".to_owned(), key), ("value".to_owned(), value)]));
        Yield::form(Form::Array(Box::new(entry.or_nothing(each.nothing).or_many(each.many))))
    }

    /// `first` is `.[0]`, `last` is `.[-1]`: null of null.
    fn end(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        self.takes(input, &format!("`{name}`"), &[Type::Array], true, span);
        let empty = || Null::new(format!("`{name}` of an empty array is null"), span.clone());
        let null = input.null.clone().or_else(|| (input.least_items() == 0).then(empty));
        input.items((name == "first").then_some(0)).unwrap_or_default().or_null(null)
    }

    /// `add`: null of nothing; numbers make a number, strings a string.
    fn sum(each: &Yield<'s>) -> Yield<'s> {
        let null = each.nothing.clone().map(|nothing| Null::new("`add` of nothing is null", nothing.span));
        let result = match each.types().as_deref() {
            Some([(Type::Integer, _)]) => Yield::of("integer"),
            Some([(Type::Integer, _), (Type::Number, _)] | [(Type::Number, _)]) => Yield::of("number"),
            Some([(Type::String, _)]) => Yield::of("string"),
            _ => Yield::anything(),
        };
        result.or_null(null)
    }

    /// A count of characters, items or fields; of a number it is the number without its sign.
    fn length(&mut self, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        let counted = [Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];
        self.takes(input, "`length`", &counted, true, span);
        let fraction = input.types().is_some_and(|types| types.iter().any(|(ty, _)| *ty == Type::Number));
        Yield::of(if fraction { "number" } else { "integer" })
    }

    /// A function of the table.
    fn known(&mut self, function: &Function, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        let name = function.name;
        let numeric = function.takes.contains(&Type::String) && function.takes.contains(&Type::Number);
        if numeric && function.takes.len() < 4 {
            self.check_format(name, input, span);
            self.check_unit(name, input, span);
        }
        self.takes(input, &format!("`{name}`"), function.takes, function.null != OnNull::Fails, span);
        if let (OnNull::Takes, "string", Some(null), false) =
            (function.null, function.gives, &input.null, matches!(name, "type" | "tojson" | "@json"))
        {
            self.null_text(null, "give a default before it: `.x // \"\"`");
        }
        let null = input.null.clone().filter(|_| function.null == OnNull::Keeps);
        let result = match (function.gives, name) {
            ("", "keys" | "keys_unsorted") if input.is_only(Type::Object) => Yield::of("strings"),
            ("", "keys" | "keys_unsorted") if input.is_only(Type::Array) => Yield::of("integers"),
            ("", _) => Yield::anything(),
            (schema, _) => Yield::of(schema),
        };
        result.or_null(null)
    }

    /// Reports an input that `what` fails on: always, or for some messages.
    pub(super) fn takes(&mut self, input: &Yield<'s>, what: &str, taken: &[Type], null: bool, span: &Range<usize>) {
        let Some(types) = input.types() else {
            return;
        };
        let wanted: Vec<&str> =
            taken.iter().filter(|ty| **ty != Type::Integer || taken.len() == 1).map(|ty| ty.word()).collect();
        let wanted = wanted.join(" or ");
        let refused = types.iter().find(|(ty, _)| !taken.contains(ty));
        let fits = types.iter().any(|(ty, _)| taken.contains(ty)) || (null && input.null.is_some());
        if let Some((ty, _)) = refused {
            let certain = !fits;
            let gets = if certain { "but gets" } else { "but may get" };
            let message = format!("{what} takes {wanted}, {gets} {}", ty.word());
            let label =
                if certain { format!("its input is {}", ty.word()) } else { format!("its input may be {}", ty.word()) };
            let code = if certain { Code::TypeMismatch } else { Code::MayFail };
            self.report(Finding::new(code, span.clone(), message).label(label));
        } else if let Some(reason) = input.null.as_ref().filter(|_| !null) {
            let message = format!("{what} fails on null, and {}", reason.why);
            let finding = Finding::new(Code::MayFail, span.clone(), message);
            self.report(finding.help(null_help(what)));
        }
    }

    /// Reports a string whose format is never a number, where a number or a string of one is taken.
    fn check_format(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) {
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
    fn check_unit(&mut self, name: &str, input: &Yield<'s>, span: &Range<usize>) {
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

/// What to write where null makes `what` fail.
fn null_help(what: &str) -> String {
    match what.trim_matches('`') {
        "ascii_downcase" => "`lower` leaves null as it is".to_owned(),
        "ascii_upcase" => "`upper` leaves null as it is".to_owned(),
        "[]" | "map" | "any" | "all" | "add" => "give a default: `(.x // [])`".to_owned(),
        _ => "give a default before it, `.x // ...`, or leave null out: `.x | values | ...`".to_owned(),
    }
}
