//! Reads a small text file that a setting names.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Far above any password, URL or file of variables.
const MAX_BYTES: u64 = 1 << 20;

/// The text of a regular file of at most 1 MiB. A device or a pipe may never end.
pub(crate) fn read(path: &Path) -> Result<String> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(Error::new(ErrorKind::FileTooLarge, "it has more than 1 MiB"));
    }
    Ok(text)
}
