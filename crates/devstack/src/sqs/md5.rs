//! The MD5 digests in the answers of SQS, so that clients can check that a message arrived unchanged.
//!
//! The digest of attributes follows "Calculating the MD5 message digest for message attributes" in
//! the SQS developer guide.

use md5::{Digest, Md5};

/// How the value of an attribute travels: the two transport types of the digest.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// The digest of a message body, in lower-case hexadecimal.
pub(crate) fn of_body(body: &str) -> String {
    hex(Md5::digest(body.as_bytes()).as_slice())
}

/// The digest of attributes given as (name, data type, value) **in the order of their names**.
pub(crate) fn of_attributes<'a>(attributes: impl Iterator<Item = (&'a str, &'a str, Value<'a>)>) -> String {
    let mut digest = Md5::new();
    for (name, data_type, value) in attributes {
        field(&mut digest, name.as_bytes());
        field(&mut digest, data_type.as_bytes());
        match value {
            Value::Text(text) => {
                digest.update([1]);
                field(&mut digest, text.as_bytes());
            }
            Value::Binary(bytes) => {
                digest.update([2]);
                field(&mut digest, bytes);
            }
        }
    }
    hex(digest.finalize().as_slice())
}

/// A length of four bytes, big-endian, then the bytes.
fn field(digest: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("an attribute fits into a message");
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

/// Lower-case hexadecimal. Two digests of every message pass here, so not through `format!`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_digest_is_plain_md5() {
        assert_eq!(of_body("hello"), "5d41402abc4b2a76b9719d911017c592");
    }

    /// Computed with an independent implementation over the documented byte layout.
    #[test]
    fn attribute_digest_frames_name_type_and_value() {
        let layout = b"\0\0\0\x01a\0\0\0\x06String\x01\0\0\0\x01x\0\0\0\x01b\0\0\0\x06Binary\x02\0\0\0\x02\0\xff";
        let attributes = [("a", "String", Value::Text("x")), ("b", "Binary", Value::Binary(&[0, 255]))];
        assert_eq!(of_attributes(attributes.into_iter()), hex(Md5::digest(layout).as_slice()));
    }
}
