//! Reads a small text file that a setting names.

use std::io::{Error, ErrorKind, Result};
use std::path::Path;

use compiler::config::read_file;

/// Far above any password, URL or file of variables, and as large as a message may be.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// The text of a regular file of at most 1 MiB.
pub(crate) fn read(path: &Path) -> Result<String> {
    text(read_file(path, MAX_BYTES)?)
}

/// What was read, up to one byte more than may be, as text.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::new(ErrorKind::FileTooLarge, "it has more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}
