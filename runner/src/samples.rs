//! Sample events in files, for `runner new`.

use std::io;
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::Value;

use compiler::config::read_file;
use pipeline::message::parse;
use schema::type_of;

/// Bytes of one file of samples, at most.
const MAX_BYTES: u64 = 16 << 20;

/// Why a file of samples can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// It can't be read.
    #[error("can't read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is too large.
    #[error("can't read {}: it is larger than {} MiB", .0.display(), MAX_BYTES >> 20)]
    TooLarge(PathBuf),
    /// It is not UTF-8.
    #[error("can't read {}: it is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// It is not JSON.
    #[error("{} is not a sample: {error}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Where and why.
        error: serde_json::Error,
    },
    /// One of its documents would be rejected as a message's body.
    #[error("{} is not a sample: document {number}: {reason}", path.display())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// The document, from 1.
        number: usize,
        /// Why.
        reason: String,
    },
    /// It contains no event.
    #[error("{} is not a sample: it is empty", .0.display())]
    Empty(PathBuf),
    /// It contains something other than an object.
    #[error("{} is not a sample: {found}, not an object", path.display())]
    NotAnObject {
        /// The file.
        path: PathBuf,
        /// What it contains.
        found: &'static str,
    },
}

impl SampleError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotAnObject { .. } => {
                Some("write each event as an object; several stand one after another, or in one array")
            }
            _ => None,
        }
    }
}

/// The samples of some files.
pub(crate) struct Samples {
    /// Each an object.
    pub(crate) events: Vec<Value>,
    /// The files' text.
    pub(crate) text: String,
}

/// Reads the samples of all files.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Samples, SampleError> {
    let mut events = Vec::new();
    let mut texts = Vec::new();
    for path in paths {
        let text = read_text(path)?;
        events.extend(events_of(path, &text)?);
        texts.push(text);
    }
    Ok(Samples { events, text: texts.join("\n") })
}

fn read_text(path: &Path) -> Result<String, SampleError> {
    let bytes = read_file(path, MAX_BYTES).map_err(|error| SampleError::Unreadable { path: path.to_owned(), error })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SampleError::TooLarge(path.to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| SampleError::NotUtf8(path.to_owned()))?;
    // A byte order mark is not part of the JSON text.
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

/// The events of a file: its documents, and the items of those that are arrays. Each is an object.
fn events_of(path: &Path, text: &str) -> Result<Vec<Value>, SampleError> {
    let mut events = Vec::new();
    for document in documents(path, text)? {
        match document {
            Value::Array(items) => events.extend(items),
            one => events.push(one),
        }
    }
    if events.is_empty() {
        return Err(SampleError::Empty(path.to_owned()));
    }
    match events.iter().find(|event| !event.is_object()) {
        None => Ok(events),
        Some(other) => Err(SampleError::NotAnObject { path: path.to_owned(), found: type_of(other).word() }),
    }
}

/// JSON documents one after another, each read as strictly as a message's body is.
fn documents(path: &Path, text: &str) -> Result<Vec<Value>, SampleError> {
    let mut ends = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    let mut documents = Vec::new();
    while let Some(document) = ends.next() {
        document.map_err(|error| SampleError::NotJson { path: path.to_owned(), error })?;
        let body = text[start..ends.byte_offset()].trim_start();
        let document = parse(body).map_err(|rejection| SampleError::Rejected {
            path: path.to_owned(),
            number: documents.len() + 1,
            reason: rejection.message,
        })?;
        documents.push(document);
        start = ends.byte_offset();
    }
    Ok(documents)
}
