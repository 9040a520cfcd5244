//! Edits of a text: what slips of an editor make of it.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts that mean something to one of the parsers.
pub(super) const TOKENS: [&str; 60] = [
    ": ",
    " #",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">",
    "&a ",
    "*a",
    "!x ",
    "---\n",
    "...",
    "~",
    "null",
    "true",
    "? ",
    "<<: ",
    ",",
    "${",
    "${A}",
    "${A:-",
    "$${",
    "}",
    "= ",
    " = .",
    ".a",
    "..",
    "[0]",
    "[]",
    "(",
    ")",
    "//",
    " | ",
    "unix_ms",
    "if . then",
    " end",
    "\\(",
    "\u{feff}",
    "\u{0}",
    "é",
    "\u{1f600}",
    "\r",
    "\u{85}",
    "source",
    "tables",
    "numeric(",
    "[]",
    "{{",
    "}}",
    "{{#each",
    "\"$ref\": \"#\"",
    "99999999999999999999",
    "-",
];

/// One slip of an editor.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Delete(Index, usize),
    Insert(Index, &'static str),
    Copy(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), 1..30_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any::<Index>(), select(&TOKENS[..])).prop_map(|(at, token)| Edit::Insert(at, token)),
        (any::<Index>(), any::<Index>(), 1..60_usize).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
    ]
}

pub(super) fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits {
        let at = |index: &Index| index.index(chars.len() + 1);
        match edit {
            Edit::Delete(index, length) => {
                let start = at(index);
                let end = (start + length).min(chars.len());
                chars.drain(start..end);
            }
            Edit::Insert(index, token) => {
                let start = at(index);
                chars.splice(start..start, token.chars());
            }
            Edit::Copy(from, to, length) => {
                let (start, to) = (at(from), at(to));
                let copied: Vec<char> = chars[start..(start + length).min(chars.len())].to_vec();
                chars.splice(to..to, copied);
            }
        }
    }
    chars.into_iter().collect()
}

/// A few edits of one text.
pub(super) fn edits(most: usize) -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec(edit(), 1..=most)
}
