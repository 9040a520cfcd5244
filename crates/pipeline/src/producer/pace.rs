//! How fast events are sent.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;

/// How fast events are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One event, then this long nothing.
    Every(Duration),
    /// Events per second, evenly.
    Rate(NonZeroU32),
    /// As fast as the queue accepts them.
    Unlimited,
}

/// Why a text is not a pace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParsePaceError {
    /// `every` is not a duration.
    #[error("`{0}` is not a duration above zero, write for example 15s, 500ms or 2m")]
    Every(String),
    /// `rate` is not a rate.
    #[error("`{0}` is not a rate above zero, write for example 500/s, 30/m or max")]
    Rate(String),
}

impl Pace {
    /// What a pipeline file without `every` or `rate` means.
    pub const DEFAULT: Self = Self::Every(Duration::from_secs(15));

    /// Reads `every: 15s`.
    pub fn every(text: &str) -> Result<Self, ParsePaceError> {
        text.trim()
            .parse::<SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .filter(|duration| !duration.is_zero())
            .map(Self::Every)
            .ok_or_else(|| ParsePaceError::Every(text.to_owned()))
    }

    /// Reads `rate: 500/s`; per minute and per hour also, as an interval; `max` is as fast as the queue accepts them.
    pub fn rate(text: &str) -> Result<Self, ParsePaceError> {
        parse_rate(text.trim()).ok_or_else(|| ParsePaceError::Rate(text.to_owned()))
    }

    /// How many events are due after `elapsed`, the first at once.
    pub fn due(self, elapsed: Duration) -> u64 {
        let before = match self {
            Self::Every(interval) => elapsed.as_nanos() / interval.as_nanos().max(1),
            Self::Rate(rate) => elapsed.as_nanos() * u128::from(rate.get()) / 1_000_000_000,
            Self::Unlimited => return u64::MAX,
        };
        u64::try_from(before).unwrap_or(u64::MAX).saturating_add(1)
    }

    /// When event `n` (from 0) is due, from the first on.
    pub fn offset(self, n: u64) -> Duration {
        let nanos = match self {
            Self::Every(interval) => interval.as_nanos().saturating_mul(n.into()),
            Self::Rate(rate) => (u128::from(n) * 1_000_000_000).div_ceil(rate.get().into()),
            Self::Unlimited => 0,
        };
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How many events a second of this pace has, at least one.
    pub fn in_a_second(self) -> u64 {
        match self {
            Self::Unlimited => u64::MAX,
            _ => self.due(Duration::from_secs(1)) - 1,
        }
        .max(1)
    }
}

fn parse_rate(text: &str) -> Option<Pace> {
    if text == "max" {
        return Some(Pace::Unlimited);
    }
    let (count, unit) = text.split_once('/').unwrap_or((text, "s"));
    let count: NonZeroU32 = count.trim().parse().ok()?;
    let seconds = match unit.trim() {
        "s" => return Some(Pace::Rate(count)),
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    Some(Pace::Every(Duration::from_secs(seconds) / count.get()))
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(interval) => write!(f, "one every {interval:?}"),
            Self::Rate(rate) => write!(f, "{rate} a second"),
            Self::Unlimited => f.write_str("as fast as the queue takes them"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_rates_parse() {
        let every = |millis| Pace::Every(Duration::from_millis(millis));
        assert_eq!(Pace::every("15s"), Ok(Pace::DEFAULT));
        assert_eq!(Pace::every("250ms"), Ok(every(250)));
        assert_eq!(Pace::every("1m 30s"), Ok(every(90_000)));
        assert_eq!(Pace::rate("500/s"), Ok(Pace::Rate(500.try_into().unwrap())));
        assert_eq!(Pace::rate("500"), Ok(Pace::Rate(500.try_into().unwrap())));
        assert_eq!(Pace::rate("30/m"), Ok(every(2_000)));
        assert_eq!(Pace::rate("max"), Ok(Pace::Unlimited));
    }

    #[test]
    fn nothing_and_less_is_refused() {
        for text in ["0s", "-1s", "15", "soon", ""] {
            assert_eq!(Pace::every(text), Err(ParsePaceError::Every(text.into())));
        }
        for text in ["0/s", "-5/s", "5/x", "1.5/s", ""] {
            assert_eq!(Pace::rate(text), Err(ParsePaceError::Rate(text.into())));
        }
    }

    #[test]
    fn the_first_event_is_due_at_once_and_the_rest_evenly() {
        let rate = Pace::rate("20000/s").unwrap();
        assert_eq!(rate.due(Duration::ZERO), 1);
        assert_eq!(rate.due(Duration::from_millis(500)), 10_001);
        let every = Pace::every("15s").unwrap();
        assert_eq!(every.due(Duration::from_secs(14)), 1);
        assert_eq!(every.due(Duration::from_secs(45)), 4);
        for rate in ["1/s", "3/s", "7/s", "999/s", "20000/s", "4000000000/s"] {
            let rate = Pace::rate(rate).unwrap();
            for n in [0, 1, 2, 999, 123_456_789] {
                assert!(rate.due(rate.offset(n)) > n, "event {n} at {rate}");
            }
        }
    }
}
