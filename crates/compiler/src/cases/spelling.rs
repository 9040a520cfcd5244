//! One spelling for every value that PostgreSQL accepts in several.

use pipeline::cast::since_midnight;

/// A decimal without an exponent; with a scale, padded or cut to it, which for a value that was cast removes zeros only.
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
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    match usize::try_from(point) {
        Err(_) => (String::new(), zeros(-point) + digits),
        Ok(at) if at <= digits.len() => (digits[..at].to_owned(), digits[at..].to_owned()),
        Ok(_) => (digits.to_owned() + &zeros(point - length), String::new()),
    }
}

fn zeros(count: i64) -> String {
    "0".repeat(usize::try_from(count.clamp(0, 1 << 18)).unwrap_or(0))
}

/// An ISO 8601 duration in PostgreSQL's three parts, months, days and a time, in the units in which it writes them.
pub(super) fn interval(text: &str) -> String {
    let (dates, times) = text.split_once('T').unwrap_or((text, ""));
    let months = count(dates, 'Y') * 12 + count(dates, 'M');
    let days = count(dates, 'W') * 7 + count(dates, 'D');
    let micros = (count(times, 'H') * 60 + count(times, 'M')) * 60_000_000 + microseconds(number(times, 'S'));
    duration(months, days, micros)
}

fn duration(months: i64, days: i64, micros: i64) -> String {
    let (minutes, seconds) = (micros / 60_000_000, micros / 1_000_000 % 60);
    let seconds = fixed(&format!("{seconds}.{:06}", micros % 1_000_000));
    let dates = units(&[((months / 12).to_string(), 'Y'), ((months % 12).to_string(), 'M'), (days.to_string(), 'D')]);
    let times = units(&[((minutes / 60).to_string(), 'H'), ((minutes % 60).to_string(), 'M'), (seconds, 'S')]);
    match (dates.as_str(), times.as_str()) {
        ("", "") => "PT0S".to_owned(),
        (dates, "") => format!("P{dates}"),
        (dates, times) => format!("P{dates}T{times}"),
    }
}

fn units(counts: &[(String, char); 3]) -> String {
    counts.iter().filter(|(count, _)| count != "0").map(|(count, unit)| format!("{count}{unit}")).collect()
}

/// The number before a unit; 0 where the unit is not there.
fn number(text: &str, unit: char) -> &str {
    let before = text.split_once(unit).map_or("0", |(before, _)| before);
    before.rsplit(|c: char| c.is_ascii_alphabetic()).next().unwrap_or(before)
}

/// A cast duration has at most nine digits to a unit.
fn count(text: &str, unit: char) -> i64 {
    number(text, unit).parse().unwrap_or(0)
}

/// As PostgreSQL reads seconds: in floating point, and, unlike those of a time, a half is rounded down.
fn microseconds(seconds: &str) -> i64 {
    let seconds: f64 = seconds.parse().unwrap_or(0.0);
    let rounded = (seconds.fract() * 1e6 - 0.5).ceil();
    #[allow(clippy::cast_possible_truncation, reason = "nine digits before the point, and at most a million")]
    let (whole, fraction) = (seconds.trunc() as i64, rounded as i64);
    whole * 1_000_000 + fraction
}

/// A time of day with its seconds, and no zeros after them.
pub(super) fn time(text: &str) -> Option<String> {
    let micros = since_midnight(text)?;
    let (minutes, seconds, fraction) = (micros / 60_000_000, micros / 1_000_000 % 60, micros % 1_000_000);
    Some(fixed(&format!("{:02}:{:02}:{seconds:02}.{fraction:06}", minutes / 60, minutes % 60)))
}

/// Without zeros at the end of the fraction.
fn fixed(decimal: &str) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The elements of an array literal as the cast writes it: each in quotes, or NULL.
pub(super) fn elements(literal: &str) -> impl Iterator<Item = Option<String>> {
    let inner = literal.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    let mut rest = inner.chars();
    std::iter::from_fn(move || {
        if rest.find(|c| *c != ',')? == '"' {
            return Some(Some(quoted(&mut rest)));
        }
        rest.by_ref().take("ULL".len()).for_each(drop);
        Some(None)
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
    fn times_have_one_spelling() {
        assert_eq!(
            ["09:30", "09:30:00.0", "00:00:01.250", "00:00:00.0000005"].map(|text| time(text).unwrap()),
            ["09:30:00", "09:30:00", "00:00:01.25", "00:00:00"]
        );
    }

    #[test]
    fn durations_are_alike_where_postgresql_stores_them_alike() {
        let same = |left, right| assert_eq!(interval(left), interval(right));
        same("P1W", "P7D");
        same("PT90M", "PT1H30M");
        same("P14M", "P1Y2M");
        same("P99999999W", "P699999993D");
        same("PT0S", "P0D");
        same("PT1.50S", "PT1.5S");
        same("PT0.0000006S", "PT0.000001S");
        same("PT0.0000005S", "PT0S");
        same("PT31.1847555S", "PT31.184756S");
        same("PT59.9999999S", "PT1M");
        assert_ne!(interval("P1D"), interval("PT24H"));
        assert_eq!(interval("P1Y2M3DT4H5M6.7S"), "P1Y2M3DT4H5M6.7S");
    }
}
