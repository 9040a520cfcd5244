//! Points in time, dates and times of day.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jq::rfc_3339;
use serde_json::Value;

use super::problem::{Problem, string};
use crate::row::Cell;

/// PostgreSQL's epoch, 2000-01-01 00:00 UTC, in microseconds since 1970.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;
/// Every time of day is less.
const MICROS_PER_DAY: i64 = 86_400_000_000;
/// PostgreSQL accepts offsets below 16 hours.
const LARGEST_OFFSET: i32 = 16 * 3600;

/// RFC 3339 with its offset, years 0001 to 9999. No leap second: PostgreSQL would move it to the next minute.
/// Digits beyond the microsecond are rounded, as PostgreSQL does.
pub(crate) fn timestamptz(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    parse_timestamp(text).map(|micros| Cell::Timestamptz(micros - POSTGRES_EPOCH)).ok_or(Problem::Form)
}

/// Exactly `YYYY-MM-DD`.
pub(crate) fn date(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    Reader(text.as_bytes()).whole(Reader::date).map(|_| Cell::Literal(text.to_owned())).ok_or(Problem::Form)
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`; digits beyond the microsecond are rounded by PostgreSQL, but not to 24:00.
pub(crate) fn time(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    Reader(text.as_bytes()).whole(Reader::time_of_day).map(|_| Cell::Literal(text.to_owned())).ok_or(Problem::Form)
}

/// The point in time of a cell, microseconds since PostgreSQL's epoch, as RFC 3339 in UTC.
pub fn utc(micros: i64) -> String {
    rfc_3339(i128::from(micros + POSTGRES_EPOCH) * 1000).expect("a cast timestamp is within years 1 to 9999")
}

/// Microseconds since midnight of a time that `time` accepts, as PostgreSQL rounds them.
pub fn since_midnight(text: &str) -> Option<i64> {
    Reader(text.as_bytes()).whole(Reader::time_of_day)
}

/// Microseconds since 1970.
fn parse_timestamp(text: &str) -> Option<i64> {
    let (at, micros, offset) = Reader(text.as_bytes()).whole(Reader::date_time)?;
    let seconds = at.duration_since(UNIX_EPOCH).as_secs() - i64::from(offset.seconds());
    let micros = seconds * 1_000_000 + micros;
    // The offset may carry hours of year 1 into the year before it, or of year 9999 into the year after it, which have
    // no RFC 3339 form.
    MICROSECONDS.contains(&micros).then_some(micros)
}

/// 0001-01-01 00:00 to the end of 9999-12-31, UTC, in microseconds since 1970. jiff's own timestamps end a day earlier,
/// and 9999-12-31 is what many take for "never".
const MICROSECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;
const UNIX_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Reads fixed-width fields from the front.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    /// What `read` gives, if it leaves nothing over.
    fn whole<T>(mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        read(&mut self).filter(|_| self.0.is_empty())
    }

    fn date_time(&mut self) -> Option<(DateTime, i64, Offset)> {
        let date = self.date()?;
        self.one_of(b"Tt ")?;
        let time = self.minutes()?;
        self.one_of(b":")?;
        let (time, micros) = self.seconds(time)?;
        Some((date.to_datetime(time), micros, self.offset()?))
    }

    fn date(&mut self) -> Option<Date> {
        let year = self.digits(4).filter(|year| *year > 0)?;
        self.one_of(b"-")?;
        let month = self.digits(2)?;
        self.one_of(b"-")?;
        let day = self.digits(2)?;
        Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
    }

    fn time_of_day(&mut self) -> Option<i64> {
        let time = self.minutes()?;
        let (time, micros) = if self.one_of(b":").is_some() { self.seconds(time)? } else { (time, 0) };
        let micros = time.duration_since(Time::midnight()).as_secs() * 1_000_000 + micros;
        (micros < MICROS_PER_DAY).then_some(micros)
    }

    fn minutes(&mut self) -> Option<Time> {
        let hour = self.digits(2)?;
        self.one_of(b":")?;
        let minute = self.digits(2)?;
        Time::new(hour.try_into().ok()?, minute.try_into().ok()?, 0, 0).ok()
    }

    fn seconds(&mut self, time: Time) -> Option<(Time, i64)> {
        let second = self.digits(2)?;
        let time = Time::new(time.hour(), time.minute(), second.try_into().ok()?, 0).ok()?;
        Some((time, self.fraction()?))
    }

    /// `.123` in microseconds; 0 when there is none. Beyond six digits PostgreSQL's own arithmetic, so that both
    /// round alike: the fraction as a double, times a million, to the nearest, ties to even.
    fn fraction(&mut self) -> Option<i64> {
        let before = self.0;
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let digits = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        self.0 = &self.0[digits..];
        let text = std::str::from_utf8(&before[..=digits]).ok()?;
        if digits == 0 {
            return None;
        }
        let fraction: f64 = text.parse().ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "between 0 and 1,000,000")]
        Some((fraction * 1e6).round_ties_even() as i64)
    }

    fn offset(&mut self) -> Option<Offset> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(Offset::UTC),
        };
        let time = self.minutes()?;
        let seconds = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60;
        let offset = Offset::from_seconds(sign * seconds).ok()?;
        (seconds < LARGEST_OFFSET).then_some(offset)
    }

    fn digits(&mut self, count: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
            Some(sum * 10 + i16::from(digit))
        })
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        bytes.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};
    use super::*;

    fn micros(text: &str) -> Result<Cell, super::super::CastError> {
        to("timestamptz", &format!("{text:?}"))
    }

    #[test]
    fn timestamptz_takes_rfc_3339_only() {
        assert_eq!(micros("2000-01-01T00:00:00Z"), Ok(Cell::Timestamptz(0)));
        assert_eq!(micros("2000-01-01t01:00:00.5+01:00"), Ok(Cell::Timestamptz(500_000)));
        assert_eq!(micros("1999-12-31 23:59:59.999999-00:00"), Ok(Cell::Timestamptz(-1)));
        assert_rejected(
            "timestamptz",
            &[
                "\"now\"",
                "\"2000-01-01\"",
                "\"2000-01-01T00:00:00\"",
                "\"2000-01-01T00:00Z\"",
                "\"2000-02-30T00:00:00Z\"",
                "\"2000-01-01T24:00:00Z\"",
                "\"2016-12-31T23:59:60Z\"",
                "\"0000-01-01T00:00:00Z\"",
                "\"2000-01-01T00:00:00+16:00\"",
                "\"0001-01-01T00:00:00+01:00\"",
                "\"2000-01-01T00:00:00.Z\"",
                "\"2000-01-01T00:00:00Z \"",
                "\"+2000-01-01T00:00:00Z\"",
                "\"2000-01-01T00:00:00+0100\"",
                "\"20000-01-01T00:00:00Z\"",
                "1700000000",
                "\"infinity\"",
            ],
        );
    }

    #[test]
    fn more_digits_than_microseconds_are_rounded() {
        assert_eq!(micros("2000-01-01T00:00:00.0000014Z"), Ok(Cell::Timestamptz(1)));
        assert_eq!(micros("2000-01-01T00:00:00.123456789Z"), Ok(Cell::Timestamptz(123_457)));
        assert_eq!(micros("2000-01-01T00:00:00.9999999Z"), Ok(Cell::Timestamptz(1_000_000)));
    }

    #[test]
    fn dates_and_times_have_one_form() {
        assert_eq!(to("date", "\"2024-02-29\""), literal("2024-02-29"));
        assert_rejected(
            "date",
            &["\"2023-02-29\"", "\"0000-01-01\"", "\"2024-2-1\"", "\"2024-02-29T00:00:00Z\"", "\"today\"", "20240229"],
        );
        for text in ["00:00", "23:59:59", "12:30:01.25", "12:30:59.9999999", "23:59:59.9999994"] {
            assert_eq!(to("time", &format!("{text:?}")), literal(text));
        }
        assert_rejected(
            "time",
            &[
                "\"24:00\"",
                "\"23:59:59.9999999\"",
                "\"12:60\"",
                "\"12:30:60\"",
                "\"12:30Z\"",
                "\"12:30:00+01:00\"",
                "\"1:30\"",
                "\"12:30:\"",
                "\"now\"",
            ],
        );
    }
}
