//! Keywords that bound a value, against what a column's type holds.

use pipeline::ScalarType;
use serde_json::Value;

use schema::Keywords;

/// One more than the greatest number of 64 bits.
const INT64_END: f64 = 9_223_372_036_854_775_808.0;

/// Whether values of one sort fit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Yes,
    /// Some: which are rejected, and after `: ` what to do.
    Maybe(String),
    /// None: what to do, if anything.
    No(String),
}

/// Only a bound that the schema writes counts: most integers have none, and are small all the same.
pub(super) fn number(ty: ScalarType, keywords: &Keywords<'_>) -> Fit {
    if let Some((precision, scale)) = ty.limits() {
        return decimal(precision, scale, keywords);
    }
    match ty.definition().whole_numbers {
        Some((least, greatest)) => whole(ty, least, greatest, keywords),
        None => Fit::Yes,
    }
}

fn whole(ty: ScalarType, least: f64, greatest: f64, keywords: &Keywords<'_>) -> Fit {
    let (minimum, maximum) = (keywords.minimum, keywords.maximum);
    if minimum.is_some_and(|bound| bound > greatest) || maximum.is_some_and(|bound| bound < least) {
        return Fit::No(format!("no number between the schema's bounds is in the range of {}", ty.keyword()));
    }
    let wide = keywords.format == Some("int64") && greatest < INT64_END;
    if keywords.format == Some("text") {
        return Fit::Maybe("a text of a number with a fraction: make it whole with `| round`".to_owned());
    }
    let over = maximum.filter(|bound| *bound > greatest).or(minimum.filter(|bound| *bound < least));
    match over {
        Some(bound) => Fit::Maybe(format!("a number such as {bound}, which the schema allows: use a wider type")),
        None if wide && maximum.is_none() => {
            Fit::Maybe("a number that needs 64 bits (`format` int64): use bigint".to_owned())
        }
        None => Fit::Yes,
    }
}

/// `numeric(p,s)` holds p - s digits before the point, and s after it.
fn decimal(precision: u16, scale: u16, keywords: &Keywords<'_>) -> Fit {
    let step = keywords.multiple_of.and_then(Value::as_number).map(ToString::to_string);
    if let Some(step) = step.filter(|step| decimals(step).is_some_and(|digits| digits > usize::from(scale))) {
        return Fit::Maybe(format!("a multiple of {step}: give it more digits after the point"));
    }
    let limit = 10f64.powi(i32::from(precision - scale));
    // A bound of 10^n itself is most often meant to be exclusive.
    let over = |bound: &f64| bound.abs() >= limit * 10.0;
    match keywords.maximum.filter(over).or(keywords.minimum.filter(over)) {
        Some(bound) => Fit::Maybe(format!("a number such as {bound}, which the schema allows: give it more digits")),
        None => Fit::Yes,
    }
}

/// Digits after the point; `None` for a number with an exponent.
fn decimals(number: &str) -> Option<usize> {
    if number.contains(['e', 'E']) {
        return None;
    }
    let digits = number.split_once('.').map_or("", |(_, digits)| digits.trim_end_matches('0'));
    Some(digits.len())
}

/// A string in a column of another type than text: a pattern is taken to promise the form, unless it can't.
pub(super) fn text(ty: ScalarType, why: &str, keywords: &Keywords<'_>) -> Fit {
    let Some(pattern) = keywords.pattern else {
        return Fit::Maybe(why.to_owned());
    };
    let never = |c: &char| !(ty.definition().may_begin_with)(*c);
    match prefix(pattern).chars().next().filter(never) {
        Some(_) => Fit::No(format!("the schema's pattern is `{pattern}`: no such text is of this type")),
        None => Fit::Yes,
    }
}

/// The letters, digits and dashes every match begins with.
fn prefix(pattern: &str) -> &str {
    let Some(rest) = pattern.strip_prefix('^').filter(|rest| !rest.contains('|')) else {
        return "";
    };
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(rest.len());
    let quantified = rest[end..].starts_with(['?', '*', '{']);
    &rest[..end.saturating_sub(usize::from(quantified))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_promises_what_it_begins_with() {
        assert_eq!(prefix("^txn_[a-z]+$"), "txn_");
        assert_eq!(prefix("^a?b"), "");
        assert_eq!(prefix("^a|^1"), "");
        assert_eq!(prefix("[0-9]+"), "");
        let keywords = |pattern| Keywords { pattern: Some(pattern), ..Keywords::default() };
        assert_eq!(text(ScalarType::Integer, "x", &keywords("^[0-9]+$")), Fit::Yes);
        assert!(matches!(text(ScalarType::Uuid, "x", &keywords("^txn_")), Fit::No(_)));
        assert_eq!(text(ScalarType::Uuid, "x", &Keywords::default()), Fit::Maybe("x".to_owned()));
    }

    #[test]
    fn only_written_bounds_count() {
        let bounds = |minimum, maximum| Keywords { minimum, maximum, ..Keywords::default() };
        assert_eq!(number(ScalarType::Integer, &bounds(None, None)), Fit::Yes);
        assert_eq!(number(ScalarType::SmallInt, &bounds(Some(0.0), Some(32_767.0))), Fit::Yes);
        assert!(matches!(number(ScalarType::SmallInt, &bounds(None, Some(32_768.0))), Fit::Maybe(_)));
        assert!(matches!(number(ScalarType::Integer, &bounds(Some(1e11), None)), Fit::No(_)));
        assert_eq!(number(ScalarType::BigInt, &bounds(None, Some(9e15))), Fit::Yes);
    }

    #[test]
    fn digits_after_the_point_are_counted() {
        assert_eq!(decimals("0.001"), Some(3));
        assert_eq!(decimals("0.10"), Some(1));
        assert_eq!(decimals("5"), Some(0));
        assert_eq!(decimals("1e-3"), None);
    }
}
