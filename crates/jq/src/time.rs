//! jq's functions of time, on exact numbers. jaq's own go by way of a float, which moves the last digits of a
//! fraction, wrap around where a number is too large, and take the offset off a time that has one.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, ValR};
use jaq_json::Num;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};

use super::budget;
use super::value::{Val, number_bytes};
use crate::decimal::Decimal;
use crate::interpreter::Data;
use crate::rfc_3339::rfc_3339;

/// All of them are in UTC: an expression does not see the machine's time zone.
pub(crate) fn functions() -> Vec<Fun<Data>> {
    vec![
        run(("fromdateiso8601", v(0), |cv| bome(fromdate(&cv.1)))),
        run(("todateiso8601", v(0), |cv| bome(todate(&cv.1)))),
        run(("gmtime", v(0), |cv| bome(point(&cv.1).map(broken_down)))),
        run(("mktime", v(0), |cv| bome(civil(&cv.1).and_then(|at| Ok(seconds(in_utc(at, &cv.1)?.timestamp())))))),
        run(("strptime", v(1), |cv| unary(cv, |text, format| strptime(&text, &format)))),
        run(("strftime", v(1), |cv| unary(cv, |at, format| strftime(&at, &format)))),
    ]
}

/// jiff's timestamps end a day before the year 9999 does, which many take for "never"; its civil times don't.
fn fromdate(value: &Val) -> ValR<Val> {
    let text = text(value)?;
    let pieces = Pieces::parse(text).map_err(Error::str)?;
    let (Some(time), Some(offset)) = (pieces.time(), pieces.to_numeric_offset()) else {
        return Err(Error::str(format_args!("cannot use {value} as a time: it needs a time of day and an offset")));
    };
    if has_leap_second(text) {
        return Err(leap_second(value));
    }
    let since_1970 = pieces.date().to_datetime(time).duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    Ok(decimal(since_1970.as_nanos() - i128::from(offset.seconds()) * 1_000_000_000))
}

fn todate(value: &Val) -> ValR<Val> {
    nanoseconds(value).and_then(rfc_3339).map(|text| Val::str(&text)).ok_or_else(|| not_a_time(value))
}

/// Reads a text in a format. One with an offset means a point in time, which is given in UTC.
fn strptime(value: &Val, format: &Val) -> ValR<Val> {
    let (written, format) = (text(value)?, text(format)?);
    let at = parse(written, format)?;
    // In silence a second 60 is read as 59: then 59 in its place means the same time.
    let is_leap = written.match_indices("60").any(|(place, _)| {
        budget::steps(1 + written.len() / 16);
        let sooner = [&written[..place], "59", &written[place + 2..]].concat();
        parse(&sooner, format).is_ok_and(|sooner| sooner == at)
    });
    if is_leap { Err(leap_second(value)) } else { Ok(broken_down(at)) }
}

fn parse(text: &str, format: &str) -> Result<Timestamp, Error<Val>> {
    let mut parsed = BrokenDownTime::parse(format, text).map_err(Error::str)?;
    if parsed.offset().is_none() && parsed.iana_time_zone().is_none() {
        parsed.set_offset(Some(Offset::UTC));
    }
    Ok(parsed.to_zoned().map_err(Error::str)?.timestamp())
}

/// Of an ISO 8601 text, with or without colons.
fn has_leap_second(text: &str) -> bool {
    let (_, time) = text.split_once(['T', 't', ' ']).unwrap_or_default();
    let digits = time.chars().take_while(|c| c.is_ascii_digit() || *c == ':').filter(|c| *c != ':');
    digits.skip(4).take(2).eq("60".chars())
}

/// A `timestamptz` does not accept one either.
fn leap_second(value: &Val) -> Error<Val> {
    Error::str(format_args!("cannot use {value} as a time: there is no second 60; send the second before or after it"))
}

/// Of a number or of an array as [`broken_down`] makes it.
fn strftime(value: &Val, format: &Val) -> ValR<Val> {
    let at = match value {
        Val::Arr(_) => in_utc(civil(value)?, value)?,
        number => point(number)?.to_zoned(TimeZone::UTC),
    };
    strtime::format(text(format)?, &at).map(Val::from).map_err(Error::str)
}

fn text(value: &Val) -> Result<&str, Error<Val>> {
    let text = value.as_text()?;
    budget::steps(text.len() / 16);
    Ok(text)
}

fn in_utc(at: DateTime, value: &Val) -> Result<Zoned, Error<Val>> {
    at.to_zoned(TimeZone::UTC).map_err(|_| not_a_time(value))
}

fn not_a_time(value: &Val) -> Error<Val> {
    Error::str(format_args!("cannot use {value} as a time"))
}

/// Seconds since 1970.
fn point(value: &Val) -> Result<Timestamp, Error<Val>> {
    let timestamp = nanoseconds(value).and_then(|ns| Timestamp::from_nanosecond(ns).ok());
    timestamp.ok_or_else(|| not_a_time(value))
}

/// A number of seconds. A calculated one is a float: the shortest number that it stands for, rounded if it must be.
fn nanoseconds(value: &Val) -> Option<i128> {
    let Val::Num(number) = value else { return None };
    match number {
        Num::Float(float) => exact(&float.to_string()).or_else(|| exact(&format!("{float:.9}"))),
        number => {
            budget::read(number_bytes(number));
            exact(&number.to_string())
        }
    }
}

fn exact(seconds: &str) -> Option<i128> {
    Decimal::parse(seconds)?.scaled(9)
}

/// Seconds since 1970, with as many decimals as needed.
fn seconds(at: Timestamp) -> Val {
    decimal(at.as_nanosecond())
}

fn decimal(nanoseconds: i128) -> Val {
    const UNIT: u128 = 1_000_000_000;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let (whole, fraction) = (nanoseconds.unsigned_abs() / UNIT, nanoseconds.unsigned_abs() % UNIT);
    let text = format!("{sign}{whole}.{fraction:09}");
    Val::number(text.trim_end_matches('0').trim_end_matches('.'))
}

/// `[year, month from 0, day, hours, minutes, seconds, weekday from Sunday, day of the year from 0]`
fn broken_down(at: Timestamp) -> Val {
    let at = Offset::UTC.to_datetime(at);
    let whole =
        [at.year(), i16::from(at.month()) - 1, i16::from(at.day()), i16::from(at.hour()), i16::from(at.minute())];
    let second = i128::from(at.second()) * 1_000_000_000 + i128::from(at.subsec_nanosecond());
    let rest = [i16::from(at.weekday().to_sunday_zero_offset()), at.day_of_year() - 1];
    whole.map(integer).into_iter().chain([decimal(second)]).chain(rest.map(integer)).collect()
}

fn integer(part: i16) -> Val {
    Val::from(isize::from(part))
}

/// The time of an array as [`broken_down`] makes it; weekday and day of the year are ignored.
fn civil(value: &Val) -> Result<DateTime, Error<Val>> {
    read_parts(value).ok_or_else(|| not_a_time(value))
}

fn read_parts(value: &Val) -> Option<DateTime> {
    let Val::Arr(arr) = value else { return None };
    let [year, month, day, hour, minute, second, ..] = arr.items() else { return None };
    let second = nanoseconds(second)?;
    let time = DateTime::new(
        year.as_index()?.try_into().ok()?,
        small(month)?.checked_add(1)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        i8::try_from(second.div_euclid(1_000_000_000)).ok()?,
        i32::try_from(second.rem_euclid(1_000_000_000)).ok()?,
    );
    time.ok()
}

fn small(part: &Val) -> Option<i8> {
    i8::try_from(part.as_index()?).ok()
}
