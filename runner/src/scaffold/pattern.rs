//! Texts that match a regular expression, as a template draws them.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind, Repetition};

use super::node::escaped;

/// Characters of one repetition, at most.
const LONGEST: usize = 1_000;
/// Digits of a whole number that fits an `i64`.
const DIGITS: usize = 18;

/// A text of about `length` characters; `None` for what goes beyond a plain regular expression, such as a look-ahead.
/// Whether it matches is for the schema to say: bounds of words and the like are left to luck.
pub(super) fn template(pattern: &str, length: usize) -> Option<String> {
    // ASCII classes are enough to find one match, and are what ECMA 262 means by `\d` and `\w`.
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    let parsed = parser.parse(pattern).ok()?;
    let mut text = String::new();
    write(&parsed, length, &mut text)?;
    Some(text)
}

fn write(part: &Hir, length: usize, text: &mut String) -> Option<()> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&escaped(std::str::from_utf8(&literal.0).ok()?)),
        HirKind::Class(class) => text.push_str(&characters(bytes(class)?, 1)?),
        HirKind::Repetition(repetition) => repeat(repetition, length, text)?,
        HirKind::Capture(capture) => write(&capture.sub, length, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, length, text))?,
        HirKind::Alternation(parts) => write(parts.first()?, length, text)?,
    }
    Some(())
}

fn repeat(repetition: &Repetition, length: usize, text: &mut String) -> Option<()> {
    let (least, most) = (repetition.min as usize, repetition.max.map_or(usize::MAX, |most| most as usize));
    let count = if most == usize::MAX { least.max(length) } else { least };
    if count > LONGEST {
        return None;
    }
    match repetition.sub.kind() {
        HirKind::Class(class) => text.push_str(&characters(bytes(class)?, count)?),
        // Once is as good as often, where once is enough.
        _ => (0..count.min(least.max(1))).try_for_each(|_| write(&repetition.sub, length, text))?,
    }
    Some(())
}

fn bytes(class: &Class) -> Option<&ClassBytes> {
    match class {
        Class::Bytes(bytes) => Some(bytes),
        Class::Unicode(_) => None,
    }
}

/// Characters of a class: drawn where a helper gives such characters, else always the same.
fn characters(class: &ClassBytes, count: usize) -> Option<String> {
    let has = |wanted: u8| class.iter().any(|range| (range.start()..=range.end()).contains(&wanted));
    let all = |mut wanted: std::ops::RangeInclusive<u8>| wanted.all(has);
    if count == 0 {
        return Some(String::new());
    }
    if all(b'a'..=b'z') && all(b'0'..=b'9') {
        return Some(format!("{{{{random_string {count}}}}}"));
    }
    if all(b'1'..=b'9') && count <= DIGITS && (count == 1 || has(b'0')) {
        let least = 10_i64.pow(u32::try_from(count - 1).ok()?);
        return Some(format!("{{{{random_int {least} {}}}}}", least.checked_mul(10)? - 1));
    }
    let letters = (b'A'..=b'Z').chain(b'a'..=b'z').chain(b'0'..=b'9').chain(b' '..=b'~');
    let letters: Vec<char> = letters.filter(|letter| has(*letter)).map(char::from).take(count.max(1)).collect();
    (!letters.is_empty()).then(|| escaped(&letters.iter().cycle().take(count).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_drawn_where_a_helper_can() {
        assert_eq!(template("^evt_[a-z0-9]{6}$", 8).as_deref(), Some("evt_{{random_string 6}}"));
        assert_eq!(template("^[0-9]{4}-[A-Z]{2}$", 8).as_deref(), Some("{{random_int 1000 9999}}-AB"));
        assert_eq!(template("^a|b$", 8).as_deref(), Some("a"));
        assert_eq!(template(r"^\w+$", 12).as_deref(), Some("{{random_string 12}}"));
        assert_eq!(template("^(ab){2}c?$", 8).as_deref(), Some("abab"));
    }

    #[test]
    fn what_is_no_regular_expression_is_left_alone() {
        assert_eq!(template("^(?!x).*$", 8), None);
        assert_eq!(template("(", 8), None);
        assert_eq!(template("^[a]{5000}$", 8), None);
    }
}
