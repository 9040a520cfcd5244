//! Places in files: what a diagnostic points at.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file's text, as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The path to show.
    pub path: PathBuf,
    /// The whole text, without a byte order mark.
    pub text: String,
}

impl SourceText {
    /// Wraps a text; without a leading byte order mark.
    pub fn new(path: impl Into<PathBuf>, text: &str) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned() })
    }
}

/// A range of a file's text. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    source: Arc<SourceText>,
    range: Range<usize>,
}

impl Place {
    /// A place by byte offsets, moved inside the text and onto characters when it is not.
    pub fn new(source: &Arc<SourceText>, range: Range<usize>) -> Self {
        let start = floor_boundary(&source.text, range.start);
        let end = floor_boundary(&source.text, range.end.max(start)).max(start);
        Self { source: Arc::clone(source), range: start..end }
    }

    /// A place by line and column, both from 1; the column counts bytes, as `serde_json` does.
    pub fn at_line(source: &Arc<SourceText>, line: usize, column: usize) -> Self {
        let starts = std::iter::once(0).chain(source.text.match_indices('\n').map(|(at, _)| at + 1));
        let start = starts.take(line.max(1)).last().unwrap_or(0) + column.saturating_sub(1);
        Self::new(source, start..start + 1)
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.source.path
    }

    /// The file's text.
    pub fn source(&self) -> &Arc<SourceText> {
        &self.source
    }

    /// Byte offsets into the file's text.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The text at the place.
    pub fn text(&self) -> &str {
        &self.source.text[self.range()]
    }

    /// Line and column of the start, both from 1; columns count characters.
    pub fn start(&self) -> (usize, usize) {
        line_column(&self.source.text, self.range.start)
    }

    /// Line and column after the last character, both from 1.
    pub fn end(&self) -> (usize, usize) {
        line_column(&self.source.text, self.range.end)
    }

    /// The same place, cut to its first line: what a label can stand under.
    #[must_use]
    pub fn first_line(&self) -> Self {
        let length = self.text().find(['\n', '\r']).unwrap_or(self.range.len());
        Self::new(&self.source, self.range.start..self.range.start + length)
    }
}

/// `path:line:column`, as editors understand it.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.start();
        write!(f, "{}:{line}:{column}", self.source.path.display())
    }
}

/// Without the text, which would drown everything else.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = SourceText::new("a.yaml", "é: 1\nß: x\n");
        let place = Place::new(&source, 6..8);
        assert_eq!(place.to_string(), "a.yaml:2:1");
        assert_eq!(place.end(), (2, 2));
        assert_eq!(Place::at_line(&source, 2, 5).text(), "x");
    }

    #[test]
    fn a_place_outside_the_text_or_inside_a_character_is_moved_in() {
        let source = SourceText::new("a.yaml", "é");
        assert_eq!(Place::new(&source, 1..900).range(), 0..2);
        assert_eq!(Place::at_line(&source, 70, 70).range(), 2..2);
    }
}
