//! Where a part of a scalar's text stands in the file.
//!
//! Quotes, indentation and folding change nothing but white space and escapes. So the other characters of the file and of
//! the text are compared one by one; where they differ, the place is unknown.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Place, SourceText};

/// The place of a part of a scalar, given as byte offsets into its text; the whole scalar where it is unknown.
pub fn place_inside(source: &Arc<SourceText>, scalar: &Range<usize>, text: &str, part: Range<usize>) -> Place {
    let written = source.text.get(scalar.clone()).unwrap_or_default();
    match inside(written, text, &part) {
        Some(found) => Place::new(source, scalar.start + found.start..scalar.start + found.end),
        None => Place::new(source, scalar.clone()),
    }
}

fn inside(written: &str, text: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let mut marks = Marks::new(written);
    let (mut start, mut end) = (None, 0);
    for (at, meant) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let mark = marks.next().filter(|mark| mark.meant == meant)?;
        if at < part.end {
            end = mark.range.end;
        }
        if at >= part.start {
            start = start.or(Some(mark.range.start));
        }
    }
    // What ends before it starts is white space, or lies behind the last character.
    let start = start.filter(|start| *start < end).unwrap_or(end);
    (part.end <= text.len()).then_some(start..end)
}

/// A character other than white space, and where the file writes it.
struct Mark {
    meant: char,
    range: Range<usize>,
}

/// The marks of a scalar, one after the other.
struct Marks<'a> {
    written: &'a str,
    at: usize,
    quote: Option<char>,
}

impl<'a> Marks<'a> {
    fn new(written: &'a str) -> Self {
        let quote = written.chars().next().filter(|first| matches!(first, '"' | '\''));
        let header = written.starts_with(['|', '>']).then(|| written.find('\n').unwrap_or(written.len()));
        let at = header.unwrap_or(quote.map_or(0, char::len_utf8));
        Self { written, at, quote }
    }

    /// The next character as it is meant, and the bytes that write it; `None` for a line break that is escaped.
    fn character(&self, first: char) -> Option<(Option<char>, usize)> {
        let rest = &self.written[self.at..];
        match (self.quote, first) {
            (Some('\''), '\'') => rest.starts_with("''").then_some((Some('\''), 2)),
            (Some('"'), '"') => None,
            (Some('"'), '\\') => escape(&rest[1..]).map(|(meant, length)| (meant, length + 1)),
            _ => Some((Some(first), first.len_utf8())),
        }
    }
}

impl Iterator for Marks<'_> {
    type Item = Mark;

    fn next(&mut self) -> Option<Mark> {
        loop {
            let first = self.written[self.at..].chars().next()?;
            let (meant, length) = self.character(first)?;
            let range = self.at..self.at + length;
            self.at = range.end;
            if let Some(meant) = meant.filter(|meant| !meant.is_whitespace()) {
                return Some(Mark { meant, range });
            }
        }
    }
}

/// What an escape stands for, and its bytes after the backslash (YAML 1.2.2, 5.7); no character where it is white
/// space.
fn escape(rest: &str) -> Option<(Option<char>, usize)> {
    let kind = rest.chars().next()?;
    match kind {
        'x' => coded(rest, 2),
        'u' => coded(rest, 4),
        'U' => coded(rest, 8),
        '0' => Some((Some('\0'), 1)),
        'a' => Some((Some('\u{7}'), 1)),
        'b' => Some((Some('\u{8}'), 1)),
        'e' => Some((Some('\u{1b}'), 1)),
        't' | 'n' | 'v' | 'f' | 'r' | 'N' | '_' | 'L' | 'P' => Some((None, 1)),
        same => Some((Some(same), same.len_utf8())),
    }
}

/// The character of an escape with a code of so many hexadecimal digits.
fn coded(rest: &str, digits: usize) -> Option<(Option<char>, usize)> {
    let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
    Some((Some(char::from_u32(code)?), 1 + digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::yaml::{Kind, PIPELINE, parse};

    /// What of the file `key: ...` is shown for the word `bad` in the value.
    fn shown(file: &str) -> String {
        let source = SourceText::new("p.yaml", file);
        let root = parse(&source, PIPELINE).0.expect("YAML");
        let Kind::Mapping(entries) = &root.kind else { panic!("no mapping") };
        let value = &entries.last().expect("an entry").1;
        let text = value.text().expect("a scalar");
        let at = text.find("bad").expect("`bad` is in it");
        let place = place_inside(&source, &value.range, text, at..at + 3);
        format!("{}:{}", place.start().0, place.text())
    }

    #[test]
    fn a_word_is_found_in_every_style() {
        for (file, expected) in [
            ("a: x bad y", "1:bad"),
            ("a: x\n  y\n\n  bad z\n", "4:bad"),
            ("a: >-\n  x\n  bad\n", "3:bad"),
            ("a: > # why\n    x\n     y\n\n    é bad\nb: 1\na2: |+\n\n  # x\n   bad\n\n", "10:bad"),
            ("a: |2-\n   x\n  bad # y\n", "3:bad"),
            ("a: |\r\n  x\r\n  bad\r\n", "3:bad"),
            ("a: 'it''s bad'", "1:bad"),
            ("a: 'it''s\n  bad'", "2:bad"),
            (r#"a: "\"é\" \u00e9\t\x41\n\/\e bad""#, "1:bad"),
            (r#"a: "b\u0061d""#, r"1:b\u0061d"),
            ("a: \"x\\\n   \\  bad\"", "2:bad"),
            ("a: &x >-\n    x\n\n    bad\n", "4:bad"),
        ] {
            assert_eq!(shown(file), expected, "{file}");
        }
    }

    #[test]
    fn where_it_cannot_be_told_it_is_the_whole() {
        assert_eq!(shown("a: &x a bad\nb: *x\n"), "2:*x");
        assert_eq!(inside("*x", "x", &(0..1)), None);
        assert_eq!(inside("x", "x", &(0..2)), None);
    }

    #[test]
    fn white_space_stands_behind_what_comes_before_it() {
        assert_eq!(inside("'a  b'", "a  b", &(1..2)), Some(2..2));
        assert_eq!(inside(">-\n  a\n  b", "a b", &(3..3)), Some(10..10));
        assert_eq!(inside(">-\n  a\n  b", "a b", &(0..3)), Some(5..10));
    }
}
