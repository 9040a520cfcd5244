//! Texts that match a regular expression, as a template draws them.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::lookaround::without_lookarounds;
use super::node::escaped;

/// Characters of one repetition, at most.
const LONGEST: usize = 1_000;
/// Digits of a whole number that fits an `i64`.
const DIGITS: usize = 18;
/// Characters of each sort, those that passwords have to have first.
const SORTS: [&str; 4] =
    ["ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789", "!@#$%&*?-_.,:;+=/|~^'`()<>[]{}\"\\ "];
/// Characters of a class without an ASCII one, at most.
const FOREIGN: usize = 26;

/// How a text is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Its length is about this.
    pub(super) length: usize,
    /// Its own among several that have to differ.
    pub(super) number: usize,
    /// Characters of every sort in turn, instead of those of one sort or a helper's.
    pub(super) mixed: bool,
}

/// A text for a pattern; `None` for a pattern that is more than a regular expression. Look-arounds are ignored, so the
/// caller checks whether the text matches.
pub(super) fn template(pattern: &str, style: Style) -> Option<String> {
    let pattern = without_lookarounds(pattern);
    // ASCII classes are enough to find one match, and are what ECMA 262 means by `\d` and `\w`.
    let ascii = ParserBuilder::new().unicode(false).utf8(false).build().parse(&pattern);
    let parsed = ascii.or_else(|_| ParserBuilder::new().build().parse(&pattern)).ok()?;
    let mut text = String::new();
    write(&parsed, style, &mut text)?;
    Some(text)
}

fn write(part: &Hir, style: Style, text: &mut String) -> Option<()> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&escaped(std::str::from_utf8(&literal.0).ok()?)),
        HirKind::Class(class) => text.push_str(&characters(class, 1, style)?),
        HirKind::Repetition(repetition) => repeat(repetition, style, text)?,
        HirKind::Capture(capture) => write(&capture.sub, style, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, style, text))?,
        HirKind::Alternation(parts) => write(parts.first()?, style, text)?,
    }
    Some(())
}

fn repeat(repetition: &Repetition, style: Style, text: &mut String) -> Option<()> {
    let (least, most) = (repetition.min as usize, repetition.max.map_or(usize::MAX, |most| most as usize));
    let count = if most == usize::MAX { least.max(style.length) } else { least };
    if count > LONGEST {
        return None;
    }
    match repetition.sub.kind() {
        HirKind::Class(class) => text.push_str(&characters(class, count, style)?),
        // A group is repeated no more often than it has to be.
        _ => (0..count.min(least.max(1))).try_for_each(|_| write(&repetition.sub, style, text))?,
    }
    Some(())
}

/// Characters of a class: drawn where a helper gives such characters, else always the same.
fn characters(class: &Class, count: usize, style: Style) -> Option<String> {
    let ranges = ranges(class);
    if count == 0 {
        return Some(String::new());
    }
    if let Some(helper) = helper(&ranges, count).filter(|_| !style.mixed) {
        return Some(helper);
    }
    let mut letters = letters(style.mixed);
    letters.retain(|letter| has(&ranges, *letter));
    if letters.is_empty() {
        letters = ranges.iter().flat_map(|(start, end)| *start..=*end).take(FOREIGN).collect();
    }
    let cycle = letters.iter().cycle().skip(style.number).take(count);
    (!letters.is_empty()).then(|| escaped(&cycle.collect::<String>()))
}

fn has(ranges: &[(char, char)], wanted: char) -> bool {
    ranges.iter().any(|(start, end)| (*start..=*end).contains(&wanted))
}

fn ranges(class: &Class) -> Vec<(char, char)> {
    match class {
        Class::Bytes(bytes) => bytes.iter().map(|range| (range.start().into(), range.end().into())).collect(),
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
    }
}

/// The helper that draws such characters.
fn helper(ranges: &[(char, char)], count: usize) -> Option<String> {
    let has_digits = ('1'..='9').all(|digit| has(ranges, digit));
    let has_zero = has(ranges, '0');
    if has_digits && has_zero && ('a'..='z').all(|letter| has(ranges, letter)) {
        return Some(format!("{{{{random_string {count}}}}}"));
    }
    if !has_digits || count > DIGITS || !(count == 1 || has_zero) {
        return None;
    }
    let least = 10_i64.pow(u32::try_from(count - 1).ok()?);
    Some(format!("{{{{random_int {least} {}}}}}", least.checked_mul(10)? - 1))
}

/// The characters of ASCII: one sort after the other, or one of each in turn.
fn letters(mixed: bool) -> Vec<char> {
    let sorts = SORTS.map(|sort| sort.chars().collect::<Vec<char>>());
    if !mixed {
        return sorts.concat();
    }
    let longest = sorts.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest).flat_map(|at| sorts.iter().filter_map(move |sort| sort.get(at).copied())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pattern: &str, length: usize) -> Option<String> {
        template(pattern, Style { length, number: 0, mixed: false })
    }

    #[test]
    fn classes_are_drawn_where_a_helper_can() {
        assert_eq!(drawn("^evt_[a-z0-9]{6}$", 8).as_deref(), Some("evt_{{random_string 6}}"));
        assert_eq!(drawn("^[0-9]{4}-[A-Z]{2}$", 8).as_deref(), Some("{{random_int 1000 9999}}-AB"));
        assert_eq!(drawn("^a|b$", 8).as_deref(), Some("a"));
        assert_eq!(drawn(r"^\w+$", 12).as_deref(), Some("{{random_string 12}}"));
        assert_eq!(drawn("^(ab){2}c?$", 8).as_deref(), Some("abab"));
    }

    #[test]
    fn characters_of_every_sort_stand_in_turn() {
        let mixed = |pattern| template(pattern, Style { length: 8, number: 0, mixed: true });
        assert_eq!(mixed("^(?=.*[0-9])[A-Z0-9]{4}$").as_deref(), Some("A0B1"));
        assert_eq!(mixed("^.{6}$").as_deref(), Some("Aa0!Bb"));
    }

    #[test]
    fn classes_beyond_ascii_are_known() {
        assert_eq!(drawn(r"^\p{Lu}\p{Ll}+$", 3).as_deref(), Some("Aabc"));
        assert_eq!(drawn("^[а-я]{2}$", 8).as_deref(), Some("аб"));
    }

    #[test]
    fn what_is_not_a_regular_expression_has_no_text() {
        assert_eq!(drawn(r"^(a)\1$", 8), None);
        assert_eq!(drawn("(", 8), None);
        assert_eq!(drawn("^[a]{5000}$", 8), None);
    }
}
