//! Binary data.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use migration::ScalarType;
use serde_json::Value;

use super::{Problem, Takes, string};
use crate::row::Cell;

/// Base64 with the standard alphabet and its padding (RFC 4648, section 4), written as bytea's hex form.
pub(super) fn bytea(value: &Value) -> Result<Cell, Problem> {
    let bytes =
        STANDARD.decode(string(value, ScalarType::Bytea)?).map_err(|_| Problem::Form(ScalarType::Bytea.takes()))?;
    let mut literal = String::with_capacity(2 + bytes.len() * 2);
    literal.push_str("\\x");
    for byte in bytes {
        write!(literal, "{byte:02x}").expect("writing to a String can't fail");
    }
    Ok(Cell::Literal(literal))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};

    #[test]
    fn bytea_takes_padded_base64() {
        assert_eq!(to("bytea", "\"/wAB\""), literal("\\xff0001"));
        assert_eq!(to("bytea", "\"\""), literal("\\x"));
        assert_rejected("bytea", &["\"/wA\"", "\"_wAB\"", "\"/wAB\\n\"", "\"\\\\xff\"", "[255]"]);
    }
}
