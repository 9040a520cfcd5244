//! A column's line: `TYPE [null] [= EXPR]`.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// The text after a column's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnText(pub String);

/// Its parts; ranges are byte offsets into the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnLine<'a> {
    /// The type, as written.
    pub ty: &'a str,
    /// Where the type stands.
    pub ty_range: Range<usize>,
    /// `null` is written.
    pub nullable: bool,
    /// The expression and where it stands.
    pub expr: Option<(&'a str, Range<usize>)>,
}

/// Why a text is not a valid column line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// Nothing before the `=`.
    #[error("a column needs a type: `TYPE [null] [= EXPR]`")]
    NoType,
    /// `= ` with nothing after it.
    #[error("there is no expression after `=`")]
    NoExpression,
    /// `not null`
    #[error("a column is NOT NULL unless `null` is written: leave `not null` out")]
    NotNull,
}

impl ColumnText {
    /// Splits the line at its first `=`; a type has none.
    pub fn parse(&self) -> Result<ColumnLine<'_>, ColumnError> {
        let (head, expr) = match self.0.split_once('=') {
            Some((head, expr)) => (head, Some(expr)),
            None => (self.0.as_str(), None),
        };
        let (ty, nullable) = split_null(head.trim());
        if ty.is_empty() {
            return Err(ColumnError::NoType);
        }
        if nullable && split_last_word(ty).1.eq_ignore_ascii_case("not") {
            return Err(ColumnError::NotNull);
        }
        let expr = expr.map(str::trim);
        if expr == Some("") {
            return Err(ColumnError::NoExpression);
        }
        Ok(ColumnLine { ty, ty_range: self.range_of(ty), nullable, expr: expr.map(|expr| (expr, self.range_of(expr))) })
    }

    fn range_of(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr().addr() - self.0.as_ptr().addr();
        start..start + part.len()
    }
}

fn split_last_word(text: &str) -> (&str, &str) {
    let word = text.rsplit(char::is_whitespace).next().unwrap_or(text);
    (text[..text.len() - word.len()].trim_end(), word)
}

fn split_null(head: &str) -> (&str, bool) {
    match split_last_word(head) {
        (ty, word) if word.eq_ignore_ascii_case("null") => (ty, true),
        _ => (head, false),
    }
}

impl<'de> Deserialize<'de> for ColumnText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = ColumnText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`TYPE [null] [= EXPR]`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ColumnText, E> {
        Ok(ColumnText(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<ColumnText, A::Error> {
        Err(A::Error::custom(
            "a column is one line, `TYPE [null] [= EXPR]`, but this is a mapping\n\
             if the expression contains `: `, put the whole line into quotes",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_into_type_null_and_expression() {
        for (text, ty, nullable, expr) in [
            ("uuid", "uuid", false, None),
            ("text null", "text", true, None),
            ("double precision null = .a", "double precision", true, Some(".a")),
            ("numeric(12, 2)=.a == .b", "numeric(12, 2)", false, Some(".a == .b")),
            ("text[] null = .tags", "text[]", true, Some(".tags")),
            ("  jsonb =  . ", "jsonb", false, Some(".")),
            ("text\u{85}null", "text", true, None),
            ("t\u{e9}xt\u{a0}= .a", "t\u{e9}xt", false, Some(".a")),
        ] {
            let text = ColumnText(text.to_owned());
            let line = text.parse().unwrap();
            assert_eq!((line.ty, line.nullable), (ty, nullable));
            assert_eq!(&text.0[line.ty_range.clone()], ty);
            assert_eq!(line.expr.as_ref().map(|(text, _)| *text), expr);
        }
    }

    #[test]
    fn what_is_not_a_line_is_an_error() {
        let error = |text: &str| ColumnText(text.to_owned()).parse().unwrap_err();
        assert_eq!(error("= .a"), ColumnError::NoType);
        assert_eq!(error("null"), ColumnError::NoType);
        assert_eq!(error("text ="), ColumnError::NoExpression);
        assert_eq!(error("text not null"), ColumnError::NotNull);
    }
}
