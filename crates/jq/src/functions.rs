//! The table of the functions beyond jq's, for what an event pipeline needs: one row per function.

use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, Error, ValR, ValXs};

use super::budget;
use super::decode::{gunzip, sha256, unhex, url_decode};
use super::value::{Val, number_bytes};
use crate::decimal::Decimal;
use crate::interpreter::Data;
use crate::rfc_3339::rfc_3339;

/// A function beyond jq's.
#[derive(Debug)]
pub struct Function {
    /// The name in an expression.
    pub name: &'static str,
    /// How many arguments it has beside its input.
    pub arguments: usize,
    /// Which inputs it does not fail on; null aside.
    pub input: FunctionInput,
    /// What it makes of null.
    pub null: OnNull,
    /// What it makes of every other input.
    pub result: FunctionResult,
    native: Native,
}

/// The inputs that a function does not fail on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionInput {
    /// Strings.
    Text,
    /// Numbers, and strings that are a number.
    TextOrNumber,
}

/// What a function makes of null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnNull {
    /// It fails.
    Fails,
    /// Null.
    Keeps,
    /// A value like any other.
    Takes,
}

/// The strings that a function makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionResult {
    /// Any string.
    Text,
    /// Bytes in a form that a bytea column accepts.
    Bytes,
    /// An RFC 3339 date-time.
    DateTime,
}

type Native = for<'a> fn(Cv<'a, Data>) -> ValXs<'a, Val>;

static FUNCTIONS: [Function; 10] = [
    of_count("unix", |cv| bome(epoch(cv.1, 9))),
    of_count("unix_ms", |cv| bome(epoch(cv.1, 6))),
    of_count("unix_us", |cv| bome(epoch(cv.1, 3))),
    of_count("unix_ns", |cv| bome(epoch(cv.1, 0))),
    of_text("lower", FunctionResult::Text, |cv| bome(text(cv.1, |text| Ok(text.to_lowercase())))),
    of_text("upper", FunctionResult::Text, |cv| bome(text(cv.1, |text| Ok(text.to_uppercase())))),
    of_text("url_decode", FunctionResult::Text, |cv| bome(text(cv.1, url_decode))),
    of_text("gunzip", FunctionResult::Text, |cv| bome(text(cv.1, gunzip))),
    of_text("unhex", FunctionResult::Bytes, |cv| bome(text(cv.1, unhex))),
    of_text("sha256", FunctionResult::Text, |cv| bome(text(cv.1, |text| Ok(sha256(text))))),
];

/// A function of a text, without arguments, that keeps null.
const fn of_text(name: &'static str, result: FunctionResult, native: Native) -> Function {
    Function { name, arguments: 0, input: FunctionInput::Text, null: OnNull::Keeps, result, native }
}

/// A function of a count since 1970, without arguments, that keeps null.
const fn of_count(name: &'static str, native: Native) -> Function {
    let input = FunctionInput::TextOrNumber;
    Function { name, arguments: 0, input, null: OnNull::Keeps, result: FunctionResult::DateTime, native }
}

/// The functions beyond jq's.
pub fn functions() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter()
}

/// The same as native functions of the interpreter.
pub(crate) fn natives() -> impl Iterator<Item = Fun<Data>> {
    functions().map(|function| run::<Data>((function.name, v(function.arguments), function.native)))
}

/// Writes a count since 1970 UTC as RFC 3339. `digits` is how many decimal digits the unit lies above a nanosecond.
/// Exact: the number's own digits are read, never a float; digits below a nanosecond are refused.
fn epoch(value: Val, digits: i64) -> ValR<Val> {
    let text = match &value {
        Val::Null => return Ok(Val::Null),
        Val::Num(number) => {
            budget::read(number_bytes(number));
            number.to_string()
        }
        Val::Str(text) => {
            budget::read(text.len());
            text.to_string()
        }
        _ => return Err(Error::typ(value, "number")),
    };
    let nanoseconds = Decimal::parse(&text).and_then(|decimal| decimal.scaled(digits));
    match nanoseconds.and_then(rfc_3339) {
        Some(text) => Ok(Val::from(text)),
        None => Err(Error::str(format_args!("cannot use {value} as a time since 1970"))),
    }
}

fn text(value: Val, f: impl FnOnce(&str) -> Result<String, String>) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::Null),
        Val::Str(text) => {
            budget::steps(text.len() / 16);
            // In another case a text may have three times its length.
            budget::room(3 * text.len());
            f(&text).map(Val::from).map_err(Error::str)
        }
        other => Err(Error::typ(other, "string")),
    }
}
