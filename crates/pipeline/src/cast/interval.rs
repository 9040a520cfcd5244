//! Durations.

use serde_json::Value;

use super::problem::{Problem, string};
use crate::row::Cell;

/// Accepts an ISO 8601 duration, `P1Y2M3W4DT5H6M7.8S`: whole numbers, a fraction only of seconds, each unit at most once
/// and in order. At most nine digits a unit (eight for years, months and weeks), so that every sum fits PostgreSQL's interval.
pub(crate) fn interval(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    if is_duration(text) { Ok(Cell::Literal(text.to_owned())) } else { Err(Problem::Form) }
}

/// Each unit, and how many digits it has at most.
type Units = [(char, usize)];
const DATES: &Units = &[('Y', 8), ('M', 8), ('W', 8), ('D', 9)];
const TIMES: &Units = &[('H', 9), ('M', 9), ('S', 9)];

fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else {
        return false;
    };
    match rest.split_once('T') {
        Some((dates, times)) => has_units(dates, DATES) && !times.is_empty() && has_units(times, TIMES),
        None => !rest.is_empty() && has_units(rest, DATES),
    }
}

/// A sequence of numbers, each with one of the units, in their order.
fn has_units(text: &str, mut units: &Units) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let Some(unit) = tail.chars().next() else {
            return false;
        };
        let Some(at) = units.iter().position(|(name, _)| *name == unit) else {
            return false;
        };
        if !fits(number, units[at]) {
            return false;
        }
        units = &units[at + 1..];
        rest = &tail[unit.len_utf8()..];
    }
    true
}

fn fits(number: &str, (unit, longest): (char, usize)) -> bool {
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) if unit == 'S' => (whole, fraction),
        Some(_) => return false,
        None => (number, "0"),
    };
    is_digits(whole) && is_digits(fraction) && whole.len() <= longest && fraction.len() <= 9
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};

    #[test]
    fn interval_takes_iso_8601_durations() {
        for text in ["P1D", "PT0S", "P1Y2M3W4DT5H6M7.8S", "PT36H", "P10W", "PT999999999M"] {
            assert_eq!(to("interval", &format!("{text:?}")), literal(text));
        }
        assert_rejected(
            "interval",
            &[
                "\"P\"",
                "\"PT\"",
                "\"P1DT\"",
                "\"1 day\"",
                "\"P1H\"",
                "\"P1D2Y\"",
                "\"P1.5D\"",
                "\"-P1D\"",
                "\"P-1D\"",
                "\"PT1.S\"",
                "\"P1D \"",
                "\"P9999999999D\"",
                "\"P999999999M\"",
                "\"p1d\"",
                "86400",
            ],
        );
    }
}
