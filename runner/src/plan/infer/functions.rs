//! What the functions of jq, and runner's own, take and yield.

use jaq_core::load::parse::Term;
use migration::{ColumnType, ScalarType};

use super::{Finding, FindingKind, Walker, Yield};
use crate::map::cast::{Verdict, accepts};
use crate::plan::shape::Type;

/// Null in, null out: runner's own functions.
const KEEP_NULL: [&str; 10] =
    ["gunzip", "lower", "sha256", "unhex", "unix", "unix_ms", "unix_ns", "unix_us", "upper", "url_decode"];

/// What a function of no arguments yields.
fn result(name: &str) -> Option<&'static str> {
    Some(match name {
        "gunzip" | "lower" | "upper" | "url_decode" | "sha256" | "tostring" | "tojson" | "ascii_downcase"
        | "ascii_upcase" | "trim" | "ltrim" | "rtrim" | "type" | "todate" | "implode" => "string",
        "unix" | "unix_ms" | "unix_us" | "unix_ns" => "date-time",
        "unhex" | "@base64" => "byte",
        "length" | "utf8bytelength" | "floor" | "ceil" | "round" | "trunc" => "integer",
        "tonumber" | "sqrt" | "fabs" => "number",
        "not" | "any" | "all" | "true" | "false" | "isvalid" => "boolean",
        "keys" | "keys_unsorted" => "strings",
        "to_entries" | "explode" | "tokens" => "array",
        "from_entries" => "object",
        "null" => "null",
        _ => return None,
    })
}

/// What a function with arguments yields.
fn result_with_arguments(name: &str) -> Option<&'static str> {
    Some(match name {
        "startswith" | "endswith" | "test" | "has" | "contains" | "inside" | "any" | "all" => "boolean",
        "join" | "ltrimstr" | "rtrimstr" | "sub" | "gsub" | "strftime" | "ascii" => "string",
        "split" => "strings",
        "map" => "array",
        _ => return None,
    })
}

/// The types a function takes without failing.
fn takes(name: &str) -> Option<&'static [Type]> {
    Some(match name {
        "gunzip" | "lower" | "upper" | "url_decode" | "sha256" | "unhex" | "ascii_downcase" | "ascii_upcase" => {
            &[Type::String]
        }
        "floor" | "ceil" | "round" => &[Type::Integer, Type::Number],
        "unix" | "unix_ms" | "unix_us" | "unix_ns" | "tonumber" => &[Type::Integer, Type::Number, Type::String],
        "keys" => &[Type::Object, Type::Array],
        _ => return None,
    })
}

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn call(&mut self, name: &'t str, arguments: &[Term<&'t str>], input: &Yield<'s>) -> Yield<'s> {
        if name == "select" || name == "map" || name == "any" || name == "all" {
            // The arguments see other inputs than ours, or the same one under a condition.
            return result_with_arguments(name).filter(|_| name != "select").map_or_else(
                || {
                    Yield { shape: input.shape.clone(), null: None }
                        .or_null(Some(self.null_of(name, "`select` may yield nothing")))
                },
                Yield::of,
            );
        }
        for argument in arguments {
            self.term(argument, input);
        }
        if !arguments.is_empty() {
            return result_with_arguments(name).map_or_else(Yield::anything, Yield::of);
        }
        self.check_input(name, input);
        match name {
            "empty" => Yield::nothing("`empty` yields nothing", self.span(name)),
            "null" => Yield::of("null").or_null(Some(self.null_of(name, "it may be `null`"))),
            "error" | "halt" => Yield { shape: Some(super::Shape::named("nothing")), null: None },
            _ if name.starts_with('@') => Yield::of(result(name).unwrap_or("string")),
            _ => {
                let null = input.null.clone().filter(|_| KEEP_NULL.contains(&name));
                result(name).map_or_else(Yield::anything, Yield::of).or_null(null)
            }
        }
    }

    fn null_of(&self, name: &str, why: &str) -> super::Null {
        super::Null { why: why.to_owned(), span: self.span(name), field: None }
    }

    /// Reports an input that the function fails on, whatever the message holds.
    fn check_input(&mut self, name: &str, input: &Yield<'s>) {
        let (Some(shape), Some(taken)) = (&input.shape, takes(name)) else {
            return;
        };
        let types = shape.types();
        if taken.contains(&Type::String) && taken.contains(&Type::Number) {
            self.check_format(name, &types);
        }
        let fits = |ty: &Type| *ty == Type::Null || taken.contains(ty);
        let Some((ty, _)) = types.first().filter(|_| !types.iter().any(|(ty, _)| fits(ty))) else {
            return;
        };
        self.report_input(name, taken, *ty);
    }

    /// Reports a string whose format is never a number, where a number or a string of one is taken.
    fn check_format(&mut self, name: &str, types: &[(Type, Option<&str>)]) {
        let number = ColumnType::Scalar(ScalarType::Numeric(None));
        let never = |(ty, format): &(Type, Option<&str>)| {
            *ty == Type::String && matches!(accepts(number, *ty, *format), Verdict::No(_))
        };
        let Some((_, Some(format))) = types.first().filter(|_| types.iter().all(never)) else {
            return;
        };
        let timestamp = *format == "date-time" && name != "tonumber";
        self.findings.push(Finding {
            kind: FindingKind::Mismatch,
            span: self.span(name),
            message: format!("`{name}` takes a number, but gets a string of format `{format}`"),
            label: format!("its input is a `{format}`"),
            written: String::new(),
            names: Vec::new(),
            help: timestamp.then(|| format!("it is a timestamp already: leave `| {name}` out")),
        });
    }

    fn report_input(&mut self, name: &str, taken: &[Type], ty: Type) {
        let wanted: Vec<&str> = taken.iter().map(|ty| ty.word()).collect();
        self.findings.push(Finding {
            kind: FindingKind::Mismatch,
            span: self.span(name),
            message: format!("`{name}` takes {}, but gets {}", wanted.join(" or "), ty.word()),
            label: format!("its input is {}", ty.word()),
            written: String::new(),
            names: Vec::new(),
            help: None,
        });
    }
}
