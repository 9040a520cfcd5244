//! Texts, booleans and UUIDs.

use serde_json::Value;

use super::problem::{NUL, Problem, string};
use crate::row::Cell;

/// Strings only, and not U+0000.
pub(crate) fn text(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    if text.contains('\0') {
        return Err(NUL);
    }
    Ok(Cell::Text(text.to_owned()))
}

/// JSON's own booleans only.
pub(crate) fn boolean(value: &Value) -> Result<Cell, Problem> {
    value.as_bool().map(Cell::Bool).ok_or(Problem::Form)
}

/// RFC 9562's hyphenated form, or 32 hexadecimal digits; upper and lower case.
pub(crate) fn uuid(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    if !matches!(text.len(), 32 | 36) {
        return Err(Problem::Form);
    }
    let uuid = uuid::Uuid::try_parse(text).map_err(|_| Problem::Form)?;
    Ok(Cell::Uuid(uuid.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, to};
    use super::*;
    use crate::message::Code;

    #[test]
    fn text_takes_strings_without_nul() {
        assert_eq!(to("text", "\"é\""), Ok(Cell::Text("é".to_owned())));
        assert_rejected("text", &["1", "true", "{}", "[]"]);
        let error = to("text", "\"a\\u0000b\"").unwrap_err();
        assert_eq!(error.code(), Code::NotStorable);
    }

    #[test]
    fn boolean_takes_booleans() {
        assert_eq!(to("boolean", "true"), Ok(Cell::Bool(true)));
        assert_rejected("boolean", &["1", "\"true\"", "\"yes\""]);
    }

    #[test]
    fn uuid_takes_two_forms() {
        let uuid = Ok(Cell::Uuid(*b"\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"));
        assert_eq!(to("uuid", "\"00112233-4455-6677-8899-AABBCCDDEEFF\""), uuid);
        assert_eq!(to("uuid", "\"00112233445566778899aabbccddeeff\""), uuid);
        assert_rejected(
            "uuid",
            &[
                "\"\"",
                "\"{00112233-4455-6677-8899-aabbccddeeff}\"",
                "\"urn:uuid:00112233-4455-6677-8899-aabbccddeeff\"",
                "\"0011-22334455-6677-8899-aabbccddeeff\"",
                "\"00112233-4455-6677-8899-aabbccddeefg\"",
            ],
        );
    }
}
