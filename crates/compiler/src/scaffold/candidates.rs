//! Texts that may be of a format or match a pattern; the caller checks which one does.

use super::lengths::Lengths;
use super::pattern::{self, Style};

/// Formats of which a text can be longer or shorter: before and after the part that gives it its length.
const OF_LENGTH: [(&str, &str, &str); 9] = [
    ("email", "", "@a.io"),
    ("idn-email", "", "@a.io"),
    ("hostname", "h", ""),
    ("idn-hostname", "h", ""),
    ("uri", "https://a.io/", ""),
    ("uri", "x:", ""),
    ("iri", "https://a.io/", ""),
    ("iri", "x:", ""),
    ("uri-reference", "/", ""),
];
/// A length that leaves room for the rest of a pattern.
const SHORT: usize = 3;

/// Texts of a format that have the wanted length.
pub(super) fn of_length(format: &str, lengths: &Lengths) -> Vec<String> {
    let mut texts = Vec::new();
    for (_, start, end) in OF_LENGTH.iter().filter(|(known, ..)| *known == format) {
        if let Some(count) = lengths.wanted().checked_sub(start.len() + end.len()) {
            texts.push(format!("{start}{{{{random_string {count}}}}}{end}"));
        }
    }
    texts
}

/// Texts for patterns that all hold: for all at once, for each, with characters of every sort, and shorter ones.
pub(super) fn of_patterns<'p>(patterns: impl Iterator<Item = &'p str>, length: usize, number: usize) -> Vec<String> {
    let patterns: Vec<&str> = patterns.collect();
    let drawn = Style { length, number, mixed: false };
    let drawn_texts = patterns.iter().filter_map(|pattern| pattern::template(pattern, drawn));
    let mut texts: Vec<String> = drawn_texts.reduce(|one, other| joined(&one, &other)).into_iter().collect();
    for style in [drawn, Style { mixed: true, ..drawn }, Style { length: SHORT, ..drawn }, Style { length: 1, ..drawn }]
    {
        texts.extend(patterns.iter().filter_map(|pattern| pattern::template(pattern, style)));
    }
    texts
}

/// A text for two patterns, of which one describes the start (`order--`) and the other the whole (`[a-z]+--[0-9]+`): they
/// are joined at the longest end of the first that the second has too.
fn joined(one: &str, other: &str) -> String {
    let (start, whole) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let ends = start.char_indices().map(|(at, _)| &start[at..]);
    let mut shared = ends.filter_map(|end| Some(&whole[whole.find(end)? + end.len()..]));
    shared.next().map_or_else(|| whole.to_owned(), |rest| format!("{start}{rest}"))
}
