//! Functions implemented here: those of jq that work on our values, and those an event pipeline needs beyond jq's.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use jaq_core::box_iter::box_once;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, Exn, ValR};
use jaq_json::Num;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Data;
use super::access::occurrences;
use super::budget;
use super::regex_cost;
use super::value::Val;
use crate::map::cast::Decimal;

/// Functions of jq.
pub(super) fn json() -> Vec<Fun<Data>> {
    vec![
        run(("fromjson", v(0), |cv| bome(fromjson(&cv.1)))),
        run(("tojson", v(0), |cv| bome(Ok(Val::from(cv.1.to_json()))))),
        run(("length", v(0), |cv| bome(length(cv.1)))),
        run(("contains", v(1), |cv| unary(cv, |value, part| Ok(Val::Bool(contains(&value, &part)))))),
        run(("has", v(1), |cv| unary(cv, |value, key| has(&value, &key)))),
        run(("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part)))),
        run(("bsearch", v(1), |cv| unary(cv, |value, item| bsearch(&value, &item)))),
    ]
}

/// Functions beyond jq's. Each leaves null as it is.
pub(super) fn events() -> Vec<Fun<Data>> {
    vec![
        run(("unix", v(0), |cv| bome(epoch(cv.1, 9)))),
        run(("unix_ms", v(0), |cv| bome(epoch(cv.1, 6)))),
        run(("unix_us", v(0), |cv| bome(epoch(cv.1, 3)))),
        run(("unix_ns", v(0), |cv| bome(epoch(cv.1, 0)))),
        run(("lower", v(0), |cv| bome(text(cv.1, |text| Ok(text.to_lowercase()))))),
        run(("upper", v(0), |cv| bome(text(cv.1, |text| Ok(text.to_uppercase()))))),
        run(("url_decode", v(0), |cv| bome(text(cv.1, url_decode)))),
        run(("gunzip", v(0), |cv| bome(text(cv.1, gunzip)))),
        run(("unhex", v(0), |cv| bome(text(cv.1, unhex)))),
        run(("sha256", v(0), |cv| bome(text(cv.1, |text| Ok(sha256(text)))))),
        run(("regex_cost", v(2), |mut cv| {
            let flags = cv.0.pop_var();
            let pattern = cv.0.pop_var();
            regex_cost::pay(&cv.1, &pattern, &flags);
            box_once(Ok::<_, Exn<_>>(Val::Null))
        })),
    ]
}

/// One JSON document, as strictly as a message's body; null for null.
fn fromjson(value: &Val) -> ValR<Val> {
    match value {
        Val::Str(text) => {
            budget::steps(text.len() / 16);
            budget::bytes(text.len());
            match crate::message::parse(text) {
                Ok(parsed) => Ok(Val::from_value(&parsed)),
                Err(error) => Err(Error::str(format_args!("cannot parse {value} as JSON: {}", error.message))),
            }
        }
        other => Err(Error::typ(other.clone(), "string")),
    }
}

fn length(value: Val) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::from(0usize)),
        Val::Num(number) if number < Num::Int(0) => Ok(Val::Num(-number)),
        Val::Num(number) => Ok(Val::Num(number)),
        Val::Str(text) => {
            budget::steps(text.len() / 64);
            Ok(Val::from(text.chars().count()))
        }
        Val::Arr(arr) => Ok(Val::from(arr.items.len())),
        Val::Obj(obj) => Ok(Val::from(obj.fields.len())),
        Val::Bool(_) => Err(Error::str(format_args!("{value} has no length"))),
    }
}

fn contains(value: &Val, part: &Val) -> bool {
    budget::steps(1);
    match (value, part) {
        (Val::Str(text), Val::Str(part)) => {
            budget::steps(text.len() / 16);
            text.contains(part.as_str())
        }
        (Val::Arr(arr), Val::Arr(parts)) => {
            parts.items.iter().all(|part| arr.items.iter().any(|item| contains(item, part)))
        }
        (Val::Obj(obj), Val::Obj(parts)) => {
            parts.fields.iter().all(|(name, part)| obj.fields.get(name).is_some_and(|item| contains(item, part)))
        }
        _ => value == part,
    }
}

fn has(value: &Val, key: &Val) -> ValR<Val> {
    match (value, key) {
        (Val::Obj(obj), Val::Str(name)) => Ok(Val::Bool(obj.fields.contains_key(name))),
        (Val::Arr(arr), Val::Num(_)) => {
            let at = key.as_index().and_then(|at| usize::try_from(at).ok());
            Ok(Val::Bool(at.is_some_and(|at| at < arr.items.len())))
        }
        _ => Err(Error::index(value.clone(), key.clone())),
    }
}

fn indices(value: &Val, part: &Val) -> ValR<Val> {
    match (value, part) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(text), Val::Str(part)) => {
            budget::steps(1 + text.len() / 16);
            Ok(char_indices(text, part))
        }
        (Val::Arr(arr), Val::Arr(part)) => Ok(occurrences(&arr.items, &part.items)),
        (Val::Arr(arr), item) => Ok(occurrences(&arr.items, std::slice::from_ref(item))),
        _ => Err(Error::index(value.clone(), part.clone())),
    }
}

/// Where `part` begins inside `text`, in characters; overlapping ones too.
fn char_indices(text: &str, part: &str) -> Val {
    if part.is_empty() {
        return Val::Null;
    }
    budget::steps(text.len().saturating_mul(part.len().min(16)) / 64);
    let starts = text.char_indices().enumerate();
    starts.filter(|(_, (byte, _))| text[*byte..].starts_with(part)).map(|(at, _)| Val::from(at)).collect()
}

/// The position, or `-1 - position` of where it would be inserted.
fn bsearch(value: &Val, item: &Val) -> ValR<Val> {
    let Val::Arr(arr) = value else {
        return Err(Error::typ(value.clone(), "array"));
    };
    let signed = |at: usize| isize::try_from(at).expect("an array is shorter than isize::MAX");
    Ok(Val::from(match arr.items.binary_search(item) {
        Ok(at) => signed(at),
        Err(at) => -1 - signed(at),
    }))
}

/// A count since 1970 UTC, as RFC 3339. `digits` is how many decimal digits the unit lies above a nanosecond.
/// Exact: the number's own digits are read, never a float; digits below a nanosecond are refused.
fn epoch(value: Val, digits: i64) -> ValR<Val> {
    let text = match &value {
        Val::Null => return Ok(Val::Null),
        Val::Num(number) => number.to_string(),
        Val::Str(text) => text.to_string(),
        _ => return Err(Error::typ(value, "number")),
    };
    let nanoseconds = Decimal::parse(&text).and_then(|decimal| decimal.scaled(digits));
    let timestamp = nanoseconds.and_then(|ns| Timestamp::from_nanosecond(ns).ok());
    match timestamp {
        Some(timestamp) => Ok(Val::str(&timestamp.to_string())),
        None => Err(Error::str(format_args!("cannot use {value} as a time since 1970"))),
    }
}

fn text(value: Val, f: impl FnOnce(&str) -> Result<String, String>) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::Null),
        Val::Str(text) => {
            budget::steps(text.len() / 16);
            budget::bytes(text.len());
            f(&text).map(|text| Val::str(&text)).map_err(Error::str)
        }
        other => Err(Error::typ(other, "string")),
    }
}

/// As a form encodes it (and S3 its object keys): `+` is a space, `%41` a byte; the bytes must be UTF-8.
fn url_decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let (digits, tail) = rest.split_at_checked(2).ok_or("a % without two digits")?;
                rest = tail;
                hex(digits).ok_or("a % without two digits")?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).map_err(|_| "the decoded bytes are not UTF-8".to_owned())
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digits.iter().try_fold(0, |sum, byte| Some(sum * 16 + digit(byte)?)).and_then(|sum| u8::try_from(sum).ok())
}

/// The text that was compressed with gzip (RFC 1952) and written as base64; several members are one text.
fn gunzip(text: &str) -> Result<String, String> {
    let compressed = STANDARD.decode(text).map_err(|error| format!("not base64: {error}"))?;
    let mut reader = MultiGzDecoder::new(compressed.as_slice());
    let mut bytes = Vec::new();
    let mut piece = [0; 8 << 10];
    loop {
        let read = reader.read(&mut piece).map_err(|error| format!("not gzip: {error}"))?;
        if read == 0 {
            return String::from_utf8(bytes).map_err(|_| "the decompressed bytes are not UTF-8".to_owned());
        }
        // Paid for piece by piece: a few bytes may stand for a thousand times as many.
        budget::bytes(read);
        budget::steps(read / 256);
        bytes.extend_from_slice(&piece[..read]);
    }
}

/// Pairs of hexadecimal digits as PostgreSQL's hex form of a bytea.
fn unhex(text: &str) -> Result<String, String> {
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits {
        Ok(format!("\\x{}", text.to_ascii_lowercase()))
    } else {
        Err("not pairs of hexadecimal digits".to_owned())
    }
}

/// The hash of the text's UTF-8, in lower-case hexadecimal.
fn sha256(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String can't fail");
        hex
    })
}
