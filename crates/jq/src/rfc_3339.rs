//! Writes points in time as RFC 3339 texts.

use jiff::SignedDuration;
use jiff::civil::DateTime;

const UNIX_EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// Writes nanoseconds since 1970 UTC as RFC 3339; `None` outside of years 0001 to 9999.
pub fn rfc_3339(nanoseconds: i128) -> Option<String> {
    const UNIT: i128 = 1_000_000_000;
    let seconds = i64::try_from(nanoseconds.div_euclid(UNIT)).ok()?;
    let rest = i32::try_from(nanoseconds.rem_euclid(UNIT)).ok()?;
    let at = UNIX_EPOCH.checked_add(SignedDuration::new(seconds, rest)).ok()?;
    (at.year() > 0).then(|| format!("{at}Z"))
}
