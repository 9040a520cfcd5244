//! JSON Pointers (RFC 6901) into the text of a file.

use std::ops::Range;
use std::sync::Arc;

use super::yaml;
use crate::diagnostic::SourceText;

/// The pointer to what a key of the value at `pointer` holds.
pub(crate) fn child_pointer(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Where the value at a JSON Pointer stands in a JSON text, which YAML can read as well.
pub fn json_place(source: &Arc<SourceText>, pointer: &str) -> Option<Range<usize>> {
    let root = yaml::parse(source, yaml::SCHEMA).0?;
    let mut node = &root;
    for token in pointer.split('/').skip(1) {
        node = node.child(&token.replace("~1", "/").replace("~0", "~"))?;
    }
    Some(node.range.clone())
}
