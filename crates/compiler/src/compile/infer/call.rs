//! Calls: functions by the table, and those that run an expression of their own.

use std::ops::Range;

use jaq_core::load::parse::Term;
use serde_json::Value;

use super::functions::{Function, OnNull, function};
use super::{Finding, Form, HERE, Null, Origin, Walker, Yield};
use crate::diagnostic::Code;
use schema::{Known, Possible, Type};

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
        let input = &self.refined(input.clone());
        let span = self.span(name);
        if let Some(result) = Self::constant(name, arguments, &span) {
            return result;
        }
        if let Some(result) = self.with_expression(name, arguments, input, &span) {
            return result;
        }
        // Which input another function gives its arguments is not known.
        let known = function(name, arguments.len()).filter(|known| !RUNS_ITS_ARGUMENT.contains(&known.name));
        let mut nothing = None;
        for argument in arguments.iter().filter(|_| known.is_some()) {
            nothing = nothing.or(self.term(argument, input).nothing);
        }
        if let (Some((_, schema)), []) = (SELECTORS.iter().find(|(known, _)| *known == name), arguments) {
            let why = format!("`{name}` may yield nothing");
            return input.clone().only(schema).or_nothing(Some(Null::new(why, span)));
        }
        if let Some(result) = self.of_items(name, arguments, input, &span) {
            return result;
        }
        match function(name, arguments.len()) {
            Some(function) => self.known(&function, input, &span).or_nothing(nothing),
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
            "match" | "capture" => {
                self.term(argument, input);
                self.takes(input, &format!("`{name}`"), &[Type::String], false, span);
                let why = format!("`{name}` yields nothing where nothing matches");
                Yield::of("object").or_nothing(Some(Null::new(why, span.clone())))
            }
            "index" | "rindex" => {
                let nothing = self.term(argument, input).nothing;
                let null = Null::new(format!("`{name}` is null where it is not found"), span.clone());
                Yield::of("integer").or_null(Some(null)).or_nothing(nothing)
            }
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
        let here = Origin::root(HERE);
        let carried = holds.iter().filter_map(|fact| fact.moved(input.origin.as_ref()?, &here));
        let facts = [input.facts.clone(), carried.collect()].concat();
        let passed = self.knowing(holds, |walker| walker.refined(Yield { facts, ..input.clone() }));
        passed.or_nothing(Some(Null::new("`select` may yield nothing", span.clone())))
    }

    fn on_items(&mut self, name: &str, argument: &Term<&'t str>, input: &Yield<'s>, span: &Range<usize>) -> Yield<'s> {
        let each = self.each(input, &format!("`{name}`"), span);
        let place = self.fresh();
        let item = Yield { origin: Some(place), ..each.one() };
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
            _ => input.rearranged(),
        }
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
            (_, "lower" | "upper" | "ascii_downcase" | "ascii_upcase") if is_of(input, "uuid") => Yield::of("uuid"),
            (_, "fabs") if input.is_only(Type::Integer) => Yield::of("integer"),
            (_, "tonumber") => numbers(input),
            (_, "split") if input.is_never_empty() => Yield::of("some strings"),
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
}

/// Whether it is a string of this format, and nothing else.
pub(super) fn is_of(value: &Yield<'_>, format: &str) -> bool {
    value.is_only(Type::String)
        && value.types().is_some_and(|types| types.iter().all(|(_, known)| *known == Some(format)))
}

/// What `tonumber` makes of these; a text with a pattern is taken to be what it is used as.
fn numbers<'s>(input: &Yield<'s>) -> Yield<'s> {
    let number = |form: &Form<'s>| match form {
        Form::Shape(shape) => shape.possible().iter().map(number_of).collect(),
        Form::Literal(value) => vec![literal_number(value)],
        Form::Object(_) | Form::Array(_) => Vec::new(),
    };
    let numbers = input.forms.iter().flatten().flat_map(number).reduce(Yield::or);
    numbers.unwrap_or_else(|| Yield::of("number"))
}

fn number_of<'s>(possible: &Possible<'_>) -> Yield<'s> {
    match (possible.ty, possible.known) {
        (_, Known::Value(value)) => literal_number(value),
        (Type::String, Known::Open(keywords)) if keywords.pattern.is_none() => Yield::of("number of a text"),
        (Type::String | Type::Integer, _) => Yield::of("integer"),
        (Type::Number, _) => Yield::of("number"),
        _ => Yield::never(),
    }
}

fn literal_number<'s>(value: &Value) -> Yield<'s> {
    let parsed = value.as_str().map_or_else(|| Some(value.clone()), |text| serde_json::from_str(text).ok());
    parsed.filter(Value::is_number).map_or_else(Yield::never, Yield::literal)
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
