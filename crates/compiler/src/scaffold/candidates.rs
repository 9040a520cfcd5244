//! Texts that may be of a format or match a pattern; which one does is for the schema to say.

use super::pattern::{self, Style};
use super::string::Lengths;

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
    let known = OF_LENGTH.iter().filter(|(known, ..)| *known == format);
    let texts = known.filter_map(|(_, start, end)| {
        let count = lengths.wanted().checked_sub(start.len() + end.len())?;
        Some(format!("{start}{{{{random_string {count}}}}}{end}"))
    });
    texts.collect()
}

/// Texts for patterns that all hold: for all at once, for each, with characters of every sort, and shorter ones.
pub(super) fn of_patterns<'p>(patterns: impl Iterator<Item = &'p str>, length: usize, number: usize) -> Vec<String> {
    let patterns: Vec<&str> = patterns.collect();
    let drawn = Style { length, number, mixed: false };
    let each = |style: Style| patterns.iter().filter_map(move |pattern| pattern::template(pattern, style));
    let all = each(drawn).reduce(|one, other| joined(&one, &other));
    let styles =
        [drawn, Style { mixed: true, ..drawn }, Style { length: SHORT, ..drawn }, Style { length: 1, ..drawn }];
    all.into_iter().chain(styles.into_iter().flat_map(each)).collect()
}

/// A text for two patterns, of which one says how it begins (`order--`) and the other how it goes on (`[a-z]+--[0-9]+`):
/// they are joined at the longest end of the first that the second has too.
fn joined(one: &str, other: &str) -> String {
    let (start, whole) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let ends = start.char_indices().map(|(at, _)| &start[at..]);
    let mut shared = ends.filter_map(|end| Some(&whole[whole.find(end)? + end.len()..]));
    shared.next().map_or_else(|| whole.to_owned(), |rest| format!("{start}{rest}"))
}
