//! Decodes, decompresses and hashes texts, in the forms that events have.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::budget::Held;

/// Decodes a text as a form encodes it (and S3 its object keys): `+` is a space, `%41` a byte; the bytes must be UTF-8.
pub(crate) fn url_decode(text: &str) -> Result<String, String> {
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
    let mut sum = 0;
    for byte in digits {
        sum = sum * 16 + char::from(*byte).to_digit(16)?;
    }
    u8::try_from(sum).ok()
}

/// Decompresses a text that was compressed with gzip (RFC 1952) and written as base64; several members are one text.
pub(crate) fn gunzip(text: &str) -> Result<String, String> {
    let compressed = STANDARD.decode(text).map_err(|error| format!("not base64: {error}"))?;
    let mut reader = MultiGzDecoder::new(compressed.as_slice());
    let mut bytes = Vec::new();
    let mut held = Held::new(0);
    let mut piece = [0; 8 << 10];
    loop {
        let read = reader.read(&mut piece).map_err(|error| format!("not gzip: {error}"))?;
        if read == 0 {
            return String::from_utf8(bytes).map_err(|_| "the decompressed bytes are not UTF-8".to_owned());
        }
        // Paid for piece by piece: a few bytes may stand for a thousand times as many.
        held.grow(read);
        bytes.extend_from_slice(&piece[..read]);
    }
}

/// Turns pairs of hexadecimal digits into PostgreSQL's hex form of a bytea.
pub(crate) fn unhex(text: &str) -> Result<String, String> {
    let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits {
        Ok(format!("\\x{}", text.to_ascii_lowercase()))
    } else {
        Err("not pairs of hexadecimal digits".to_owned())
    }
}

/// The hash of the text's UTF-8, in lower-case hexadecimal.
pub(crate) fn sha256(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String can't fail");
        hex
    })
}
