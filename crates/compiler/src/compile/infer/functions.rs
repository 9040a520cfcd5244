//! What the functions of jq take and yield; those beyond jq's stand in the table of [`jq::functions`]. A test compares
//! both with the interpreter.

use jq::OnNull::{Fails, Takes};
use jq::{FunctionInput, FunctionResult};
use schema::Type::{self, Array, Boolean, Integer, Number, Object, String};

/// A function that works on its input, and takes no expression that it runs itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) arguments: usize,
    /// The types it does not fail on; null aside.
    pub(super) takes: &'static [Type],
    pub(super) null: OnNull,
    /// The built-in schema of its result; empty when that depends on more.
    pub(super) gives: &'static str,
}

pub(super) use jq::OnNull;

const ALL: &[Type] = &[Boolean, Integer, Number, String, Array, Object];
const NUMBERS: &[Type] = &[Integer, Number];
const TEXT: &[Type] = &[String];
const TEXT_OR_NUMBER: &[Type] = &[Integer, Number, String];
const ARRAYS: &[Type] = &[Array];
const CONTAINERS: &[Type] = &[Array, Object];

macro_rules! functions {
    ($($name:literal $arguments:literal $takes:ident $null:ident $gives:literal)*) => {
        const OF_JQ: &[Function] = &[$(
            Function { name: $name, arguments: $arguments, takes: $takes, null: $null, gives: $gives },
        )*];
    };
}

functions! {
    "ascii_downcase" 0 TEXT Fails "string"
    "ascii_upcase" 0 TEXT Fails "string"
    "trim" 0 TEXT Fails "string"
    "ltrim" 0 TEXT Fails "string"
    "rtrim" 0 TEXT Fails "string"
    "explode" 0 TEXT Fails "integers"
    "utf8bytelength" 0 TEXT Fails "integer"
    "tostring" 0 ALL Takes "string"
    "tojson" 0 ALL Takes "string"
    "tonumber" 0 TEXT_OR_NUMBER Fails "number"
    "fromjson" 0 TEXT Fails ""
    "type" 0 ALL Takes "string"
    "not" 0 ALL Takes "boolean"
    "floor" 0 NUMBERS Fails "integer"
    "ceil" 0 NUMBERS Fails "integer"
    "round" 0 NUMBERS Fails "integer"
    "sqrt" 0 NUMBERS Fails "number"
    "fabs" 0 NUMBERS Fails "number"
    "trunc" 0 NUMBERS Fails "integer"
    "todate" 0 NUMBERS Fails "date-time"
    "fromdate" 0 TEXT Fails "number"
    "keys" 0 CONTAINERS Fails ""
    "keys_unsorted" 0 CONTAINERS Fails ""
    "from_entries" 0 CONTAINERS Fails "object"
    "reverse" 0 ARRAYS Fails ""
    "sort" 0 ARRAYS Fails ""
    "unique" 0 ARRAYS Fails ""
    "any" 0 CONTAINERS Fails "boolean"
    "all" 0 CONTAINERS Fails "boolean"
    "implode" 0 ARRAYS Fails "string"
    "startswith" 1 TEXT Fails "boolean"
    "endswith" 1 TEXT Fails "boolean"
    "test" 1 TEXT Fails "boolean"
    "test" 2 TEXT Fails "boolean"
    "ltrimstr" 1 TEXT Fails "string"
    "rtrimstr" 1 TEXT Fails "string"
    "split" 1 TEXT Fails "strings"
    "split" 2 TEXT Fails "strings"
    "sub" 2 TEXT Fails "string"
    "gsub" 2 TEXT Fails "string"
    "join" 1 ARRAYS Fails "string"
    "has" 1 CONTAINERS Fails "boolean"
    "contains" 1 ALL Takes "boolean"
    "inside" 1 ALL Takes "boolean"
    "@text" 0 ALL Takes "string"
    "@json" 0 ALL Takes "string"
    "@html" 0 ALL Takes "string"
    "@uri" 0 ALL Takes "string"
    "@base64" 0 ALL Takes "byte"
}

impl From<&jq::Function> for Function {
    fn from(function: &jq::Function) -> Self {
        let takes = match function.input {
            FunctionInput::Text => TEXT,
            FunctionInput::TextOrNumber => TEXT_OR_NUMBER,
        };
        let gives = match function.result {
            FunctionResult::Text => "string",
            FunctionResult::Bytes => "byte",
            FunctionResult::DateTime => "date-time",
        };
        Self { name: function.name, arguments: function.arguments, takes, null: function.null, gives }
    }
}

/// The functions of both tables.
fn functions() -> impl Iterator<Item = Function> {
    jq::functions().map(Function::from).chain(OF_JQ.iter().copied())
}

/// The function of that name and number of arguments.
pub(super) fn function(name: &str, arguments: usize) -> Option<Function> {
    functions().find(|function| function.name == name && function.arguments == arguments)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use jq::OnNull::Keeps;
    use jq::{Context, Expr};
    use pipeline::message::Metadata;

    fn run(text: &str, input: &Value) -> Result<Value, std::string::String> {
        let metadata = Metadata::default();
        let context = Context::new(input, input, &metadata);
        let result = Expr::compile(text).unwrap().eval(&context.scope()).map(std::borrow::Cow::into_owned);
        result.map_err(|error| error.to_string())
    }

    /// A call with arguments that suit an ordinary input.
    fn call(function: &Function, input: Type) -> std::string::String {
        let argument = match (function.name, input) {
            ("has", Array) => "0",
            ("contains" | "inside", _) => ".",
            _ => "\"a\"",
        };
        let flags = if function.name == "test" || function.name == "split" { "\"g\"" } else { argument };
        match function.arguments {
            0 => function.name.to_owned(),
            1 => format!("{}({argument})", function.name),
            _ => format!("{}({argument}; {flags})", function.name),
        }
    }

    /// A value that is good for the function, if any of its type is.
    fn sample(function: &Function, ty: Type) -> Value {
        match (function.name, ty) {
            (_, Type::Null) => Value::Null,
            (_, Boolean) => json!(true),
            // A fraction of a nanosecond is none.
            (_, Integer) | ("unix_ns", Number) => json!(7),
            (_, Number) => json!(7.25),
            ("fromdate", String) => json!("2024-01-01T00:00:00Z"),
            ("gunzip", String) => json!("H4sIAAAAAAACA0sEAEO+t+gBAAAA"),
            (_, String) => json!("17"),
            ("from_entries", Array) => json!([{"key": "a", "value": 1}]),
            ("implode", Array) => json!([65]),
            (_, Array) => json!(["a"]),
            ("from_entries", Object) => json!({"x": {"key": "a", "value": 1}}),
            (_, Object) => json!({"a": "b"}),
        }
    }

    #[test]
    fn the_table_agrees_with_the_interpreter() {
        let mut wrong = Vec::new();
        for function in functions() {
            for ty in ALL {
                let (text, input) = (call(&function, *ty), sample(&function, *ty));
                let result = run(&text, &input);
                if result.is_ok() != function.takes.contains(ty) {
                    wrong.push(format!("{input} | {text}: {result:?}"));
                }
            }
            let of_null = match run(&call(&function, Type::Null), &Value::Null) {
                Err(_) => Fails,
                Ok(Value::Null) => Keeps,
                Ok(_) => Takes,
            };
            if of_null != function.null {
                wrong.push(format!("null | {}: {of_null:?}", function.name));
            }
        }
        assert_eq!(wrong, [""; 0]);
    }

    #[test]
    fn the_results_are_of_the_types_they_are_said_to_be() {
        for function in functions().filter(|function| !function.gives.is_empty()) {
            for ty in function.takes {
                let value = run(&call(&function, *ty), &sample(&function, *ty)).unwrap();
                let shape = schema::Shape::named(function.gives);
                assert!(shape.may_be(schema::type_of(&value)), "{}: {value}", function.name);
            }
        }
    }
}
