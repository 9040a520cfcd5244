//! Binary data.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::problem::{Problem, string};
use crate::row::Cell;

/// Base64 with the standard alphabet and its padding (RFC 4648, section 4), or bytea's hex form, `\\x` before pairs of
/// hexadecimal digits: a backslash is in no base64. Written as the hex form.
pub(crate) fn bytea(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    let literal = match text.strip_prefix("\\x") {
        Some(digits) => hex_form(digits),
        None => STANDARD.decode(text).ok().map(|bytes| to_hex_form(&bytes)),
    };
    literal.map(Cell::Literal).ok_or(Problem::Form)
}

fn hex_form(digits: &str) -> Option<String> {
    let pairs = digits.len().is_multiple_of(2) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    pairs.then(|| format!("\\x{}", digits.to_ascii_lowercase()))
}

fn to_hex_form(bytes: &[u8]) -> String {
    let mut literal = String::with_capacity(2 + bytes.len() * 2);
    literal.push_str("\\x");
    for byte in bytes {
        write!(literal, "{byte:02x}").expect("writing to a String can't fail");
    }
    literal
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};

    #[test]
    fn bytea_takes_padded_base64_and_the_hex_form() {
        assert_eq!(to("bytea", "\"/wAB\""), literal("\\xff0001"));
        assert_eq!(to("bytea", "\"\""), literal("\\x"));
        assert_eq!(to("bytea", "\"\\\\xFF0001\""), literal("\\xff0001"));
        assert_eq!(to("bytea", "\"\\\\x\""), literal("\\x"));
        assert_rejected("bytea", &["\"/wA\"", "\"_wAB\"", "\"/wAB\\n\"", "[255]"]);
        assert_rejected("bytea", &["\"\\\\xf\"", "\"\\\\xff 00\"", "\"\\\\xfg\"", "\"\\\\377\""]);
    }
}
