//! One spelling for every value that PostgreSQL takes in several.

use jiff::Span;

/// A decimal without an exponent; with a scale, padded or cut to it, which for a value that was cast takes off zeros only.
pub(super) fn numeric(text: &str, scale: Option<u16>) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer}{fraction}");
    let Ok(exponent) = exponent.parse::<i64>() else {
        return text.to_owned();
    };
    let point = i64::try_from(integer.len()).unwrap_or(i64::MAX).saturating_add(exponent);
    let (integer, fraction) = split(&digits, point);
    let decimals = scale.map_or(fraction.len(), usize::from);
    let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    let integer = Some(integer.trim_start_matches('0')).filter(|digits| !digits.is_empty()).unwrap_or("0");
    let zero = integer == "0" && fraction.bytes().all(|digit| digit == b'0');
    let sign = if zero { "" } else { sign };
    if fraction.is_empty() { format!("{sign}{integer}") } else { format!("{sign}{integer}.{fraction}") }
}

/// Digits before and after a point that may lie outside of them. A cast number has at most 131,072 digits.
fn split(digits: &str, point: i64) -> (String, String) {
    let zeros = |count: i64| "0".repeat(usize::try_from(count.clamp(0, 1 << 18)).unwrap_or(0));
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    match usize::try_from(point) {
        Err(_) => (String::new(), zeros(-point) + digits),
        Ok(at) if at <= digits.len() => (digits[..at].to_owned(), digits[at..].to_owned()),
        Ok(_) => (digits.to_owned() + &zeros(point - length), String::new()),
    }
}

/// An ISO 8601 duration in PostgreSQL's three parts: months, days and a time; `None` when it is longer than jiff counts.
pub(super) fn interval(text: &str) -> Option<String> {
    let span: Span = text.parse().ok()?;
    let months = i64::from(span.get_years()) * 12 + i64::from(span.get_months());
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let minutes = i64::from(span.get_hours()) * 60 + span.get_minutes();
    let nanos = span.get_milliseconds() * 1_000_000 + span.get_microseconds() * 1000 + span.get_nanoseconds();
    let seconds = minutes * 60 + span.get_seconds() + nanos / 1_000_000_000;
    let whole = Span::new()
        .try_years(months / 12)
        .and_then(|span| span.try_months(months % 12))
        .and_then(|span| span.try_days(days))
        .and_then(|span| span.try_hours(seconds / 3600))
        .and_then(|span| span.try_minutes(seconds / 60 % 60))
        .and_then(|span| span.try_seconds(seconds % 60))
        .and_then(|span| span.try_microseconds(nanos % 1_000_000_000 / 1000));
    whole.ok().map(|span| span.to_string())
}

/// The elements of an array literal as the cast writes it: each in quotes, or NULL.
pub(super) fn elements(literal: &str) -> impl Iterator<Item = Option<String>> {
    let inner = literal.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    let mut rest = inner.chars();
    std::iter::from_fn(move || match rest.find(|c| *c != ',')? {
        '"' => Some(Some(quoted(&mut rest))),
        _ => {
            rest.by_ref().take(3).for_each(drop);
            Some(None)
        }
    })
}

/// The text up to the closing quote.
fn quoted(rest: &mut std::str::Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next().filter(|c| *c != '"') {
        match c {
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_one_spelling() {
        let spelled = |text| numeric(text, None);
        assert_eq!(
            ["1.10", "-0", "12e2", "1.5e-3", "-0.00", "100e-2"].map(spelled),
            ["1.10", "0", "1200", "0.0015", "0.00", "1.00"]
        );
        assert_eq!(
            ["1", "1.1", "-1.100", "0", "1.5e1"].map(|text| numeric(text, Some(2))),
            ["1.00", "1.10", "-1.10", "0.00", "15.00"]
        );
    }

    #[test]
    fn durations_are_alike_where_postgresql_stores_them_alike() {
        let same = |left, right| assert_eq!(interval(left).unwrap(), interval(right).unwrap());
        same("P1W", "P7D");
        same("PT90M", "PT1H30M");
        same("P14M", "P1Y2M");
        same("PT1.50S", "PT1.5S");
        assert_ne!(interval("P1D"), interval("PT24H"));
        assert_eq!(interval("P1Y2M3DT4H5M6.7S").unwrap(), "P1Y2M3DT4H5M6.7S");
    }
}
