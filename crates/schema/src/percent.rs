//! Percent-encoding (RFC 3986, 2.1), for the few places that build or read a URI.

use std::fmt::Write as _;

/// Everything escaped but what the RFC calls unreserved.
pub fn encoded(text: &str) -> String {
    escaped(text, b"-._~")
}

/// Only that escaped which no URI has in it, as a person writes one: `my file.json`.
pub fn lenient(text: &str) -> String {
    escaped(text, b"-._~:/?#[]@!$&'()*+,;=%")
}

fn escaped(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String can't fail");
        }
    }
    out
}

/// `%2F` and its like back to their bytes; a `%` that starts no escape stays.
pub fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        bytes.extend_from_slice(&part.as_bytes()[if byte.is_some() { 2 } else { 0 }..]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for text in ["", "a b/c", "100%", "p@ss:w\u{f6}rd", "%%41"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("a%2Fb%zz%"), "a/b%zz%");
        assert_eq!(lenient("https://x/my file%20\u{f6}"), "https://x/my%20file%20%C3%B6");
    }
}
