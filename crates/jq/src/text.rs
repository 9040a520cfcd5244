//! Texts that count against the budget as long as they live.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;

use super::budget::{self, Held};

/// Memory of a text beside its bytes: two allocations, their counters and lengths.
const BASE: usize = 80;

pub(crate) struct Text {
    text: String,
    held: Held,
}

impl Text {
    pub(crate) fn push_str(&mut self, more: &str) {
        self.held.grow(more.len());
        self.text.push_str(more);
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { held: Held::new(BASE + text.len()), text }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// Compares texts that may be long, and counts the bytes read: those of the shorter one.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    budget::read(left.len().min(right.len()));
    left.cmp(right)
}
