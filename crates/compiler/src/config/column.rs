//! A column's line: `TYPE [null | optional] [= EXPR]`.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use pipeline::WhenNull;

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
    /// What the word after the type makes of a missing value.
    pub when_null: WhenNull,
    /// The expression and where it stands.
    pub expr: Option<(&'a str, Range<usize>)>,
}

/// Why a text is not a valid column line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// Nothing before the `=`.
    #[error("a column needs a type: `TYPE [null | optional] [= EXPR]`")]
    NoType,
    /// `= ` with nothing after it.
    #[error("there is no expression after `=`")]
    NoExpression,
    /// `not null`
    #[error("a column is NOT NULL unless `null` or `optional` is written: leave `not null` out")]
    NotNull,
    /// `null optional`
    #[error(
        "a column is either `null`, which stores NULL, or `optional`, which leaves the column out: write one of the two"
    )]
    BothWords,
}

impl ColumnText {
    /// Splits the line at its first `=`; a type has none.
    pub fn parse(&self) -> Result<ColumnLine<'_>, ColumnError> {
        let (head, expr) = match self.0.split_once('=') {
            Some((head, expr)) => (head, Some(expr)),
            None => (self.0.as_str(), None),
        };
        let (ty, when_null) = split_when_null(head.trim());
        if ty.is_empty() {
            return Err(ColumnError::NoType);
        }
        match split_last_word(ty).1 {
            word if word.eq_ignore_ascii_case("not") && when_null != WhenNull::Reject => {
                return Err(ColumnError::NotNull);
            }
            word if when_null_of(word).is_some() && when_null != WhenNull::Reject => {
                return Err(ColumnError::BothWords);
            }
            _ => {}
        }
        let expr = expr.map(str::trim);
        if expr == Some("") {
            return Err(ColumnError::NoExpression);
        }
        Ok(ColumnLine {
            ty,
            ty_range: self.range_of(ty),
            when_null,
            expr: expr.map(|expr| (expr, self.range_of(expr))),
        })
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

fn split_when_null(head: &str) -> (&str, WhenNull) {
    let (ty, last) = split_last_word(head);
    match when_null_of(last) {
        Some(when_null) => (ty, when_null),
        None => (head, WhenNull::Reject),
    }
}

/// What the word after a type means.
fn when_null_of(word: &str) -> Option<WhenNull> {
    let words = [WhenNull::Store, WhenNull::LeaveOut];
    words.into_iter().find(|when_null| word.eq_ignore_ascii_case(when_null.word()))
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
        f.write_str("`TYPE [null | optional] [= EXPR]`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ColumnText, E> {
        Ok(ColumnText(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<ColumnText, A::Error> {
        Err(A::Error::custom(
            "a column is one line, `TYPE [null | optional] [= EXPR]`, but this is a mapping\n\
             if the expression contains `: `, put the whole line into quotes",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_split_into_type_null_and_expression() {
        let (reject, store, leave_out) = (WhenNull::Reject, WhenNull::Store, WhenNull::LeaveOut);
        for (text, ty, when_null, expr) in [
            ("uuid", "uuid", reject, None),
            ("text null", "text", store, None),
            ("integer optional", "integer", leave_out, None),
            ("numeric(1,0) OPTIONAL = .a", "numeric(1,0)", leave_out, Some(".a")),
            ("double precision null = .a", "double precision", store, Some(".a")),
            ("numeric(12, 2)=.a == .b", "numeric(12, 2)", reject, Some(".a == .b")),
            ("text[] null = .tags", "text[]", store, Some(".tags")),
            ("  jsonb =  . ", "jsonb", reject, Some(".")),
            ("text\u{85}null", "text", store, None),
            ("t\u{e9}xt\u{a0}= .a", "t\u{e9}xt", reject, Some(".a")),
        ] {
            let text = ColumnText(text.to_owned());
            let line = text.parse().unwrap();
            assert_eq!((line.ty, line.when_null), (ty, when_null));
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
        assert_eq!(error("text null optional"), ColumnError::BothWords);
        assert_eq!(error("optional"), ColumnError::NoType);
    }
}
