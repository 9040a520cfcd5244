//! The helpers a template may call.

use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde_json::{Number, Value};

use super::json_string::JsonString;
use super::state::{Shared, State, lock};

type Draw = fn(&mut State, &Arguments<'_>) -> Result<Value, String>;

/// Every helper, by the name a template uses.
const HELPERS: [(&str, Draw); 8] = [
    ("now", now),
    ("random_choice", random_choice),
    ("random_decimal", random_decimal),
    ("random_int", random_int),
    ("random_string", random_string),
    ("seq", seq),
    ("unix", unix),
    ("uuid", uuid),
];

/// Letters and digits of `random_string`: nothing that JSON, SQL or a person would mistake.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// SQS accepts no body longer than 1 MiB, so no longer string is of use.
const LONGEST_STRING: i64 = 1024 * 1024;

/// Digits after the point that fit an `i64` with room for the number itself.
const LARGEST_SCALE: i64 = 15;

pub(super) fn register(registry: &mut Handlebars<'static>, state: &Shared) {
    for (name, draw) in HELPERS {
        let state = state.clone();
        registry.register_helper(name, Box::new(Registered { name, draw, state }));
    }
    registry.register_helper("json_string", Box::new(JsonString));
}

struct Registered {
    name: &'static str,
    draw: Draw,
    state: Shared,
}

impl HelperDef for Registered {
    /// A value, not text: so a helper also works inside another one, as in `{{#if (eq (random_int 1 2) 1)}}`.
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        (self.draw)(&mut lock(&self.state), &Arguments(helper))
            .map(ScopedJson::Derived)
            .map_err(|reason| RenderErrorReason::Other(format!("`{}`: {reason}", self.name)).into())
    }
}

/// A helper's arguments, as the template gives them.
struct Arguments<'a>(&'a Helper<'a>);

impl Arguments<'_> {
    fn expect(&self, usage: &str, allowed: std::ops::RangeInclusive<usize>) -> Result<(), String> {
        if allowed.contains(&self.0.params().len()) {
            return Ok(());
        }
        Err(format!("wrong number of arguments, write `{usage}`"))
    }

    fn value(&self, index: usize) -> &Value {
        self.0.param(index).map_or(&Value::Null, handlebars::PathAndJson::value)
    }

    fn integer(&self, index: usize) -> Result<i64, String> {
        let value = self.value(index);
        value.as_i64().ok_or_else(|| format!("`{}` is not a whole number", plain(value)))
    }

    /// A decimal as a whole number of units of its last place, exact.
    fn units(&self, index: usize, scale: usize) -> Result<i64, String> {
        let text = plain(self.value(index));
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        if fraction.len() > scale {
            return Err(format!("`{text}` has more than {scale} decimals"));
        }
        format!("{whole}{fraction:0<scale$}")
            .parse()
            .map_err(|_| format!("`{text}` is not a decimal number that fits in 18 digits"))
    }

    /// `offset="-5m"`: a shift from the present.
    fn shifted(&self, now: Timestamp) -> Result<Timestamp, String> {
        let Some(offset) = self.0.hash_get("offset") else {
            return Ok(now);
        };
        let text = plain(offset.value());
        let offset: SignedDuration =
            text.parse().map_err(|_| format!("offset `{text}` is not a valid duration, write for example \"-5m\""))?;
        now.checked_add(offset).map_err(|_| format!("offset `{text}` is out of range"))
    }
}

/// Without JSON's quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn now(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("now", 0..=0)?;
    let time = arguments.shifted(state.now())?;
    Ok(Value::from(format!("{time:.3}")))
}

fn unix(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("unix \"ms\"", 0..=1)?;
    let time = arguments.shifted(state.now())?;
    match arguments.value(0) {
        Value::Null => Ok(time.as_second().into()),
        Value::String(unit) => match unit.as_str() {
            "s" => Ok(time.as_second().into()),
            "ms" => Ok(time.as_millisecond().into()),
            "us" => Ok(time.as_microsecond().into()),
            "ns" => Ok(Value::Number(Number::from_i128(time.as_nanosecond()).ok_or("out of range")?)),
            _ => Err(format!("`{unit}` is not a unit, write s, ms, us or ns")),
        },
        other => Err(format!("`{other}` is not a unit, write s, ms, us or ns")),
    }
}

fn uuid(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("uuid", 0..=0)?;
    let id = uuid::Builder::from_random_bytes(state.rng.random()).into_uuid();
    Ok(Value::from(id.to_string()))
}

fn seq(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("seq", 0..=0)?;
    state.sequence += 1;
    Ok(Value::from(state.sequence))
}

fn random_int(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("random_int MIN MAX", 2..=2)?;
    let (min, max) = (arguments.integer(0)?, arguments.integer(1)?);
    in_order(min, max)?;
    Ok(Value::from(state.rng.random_range(min..=max)))
}

fn random_decimal(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("random_decimal MIN MAX SCALE", 3..=3)?;
    let scale = arguments.integer(2)?;
    if !(0..=LARGEST_SCALE).contains(&scale) {
        return Err(format!("the scale is 0 to {LARGEST_SCALE}, not {scale}"));
    }
    let scale = usize::try_from(scale).expect("a scale from 0 to 15 fits");
    let (min, max) = (arguments.units(0, scale)?, arguments.units(1, scale)?);
    in_order(min, max)?;
    let text = decimal(state.rng.random_range(min..=max), scale);
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

fn in_order(min: i64, max: i64) -> Result<(), String> {
    if min <= max {
        return Ok(());
    }
    Err("the minimum is greater than the maximum".to_owned())
}

/// `units` of the last place as a decimal with all its places: 150 at scale 2 is `1.50`.
fn decimal(units: i64, scale: usize) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let mut digits = format!("{:0>width$}", units.unsigned_abs(), width = scale + 1);
    if scale > 0 {
        digits.insert(digits.len() - scale, '.');
    }
    format!("{sign}{digits}")
}

fn random_choice(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("random_choice A B ...", 1..=usize::MAX)?;
    let index = state.rng.random_range(0..arguments.0.params().len());
    Ok(match arguments.value(index) {
        // Handlebars would render null as nothing, which is no JSON.
        Value::Null => Value::from("null"),
        chosen => chosen.clone(),
    })
}

fn random_string(state: &mut State, arguments: &Arguments<'_>) -> Result<Value, String> {
    arguments.expect("random_string LENGTH", 1..=1)?;
    let length = arguments.integer(0)?;
    if !(0..=LONGEST_STRING).contains(&length) {
        return Err(format!("the length is 0 to {LONGEST_STRING}, not {length}"));
    }
    let letter = |_| char::from(LETTERS[state.rng.random_range(0..LETTERS.len())]);
    Ok(Value::from((0..length).map(letter).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use crate::producer::{Generator, Template};

    fn generator() -> Generator {
        Generator::seeded(3).at("2024-02-29T12:00:00.123456789Z".parse().unwrap())
    }

    fn render(text: &str) -> Result<String, String> {
        let template = Template::compile("t", text).map_err(|error| error.message)?;
        template.render(&mut generator()).map_err(|error| error.message)
    }

    #[test]
    fn times_are_rfc_3339_in_utc_and_epochs_in_every_unit() {
        for (text, expected) in [
            ("{{now}}", "2024-02-29T12:00:00.123Z"),
            ("{{now offset=\"-5m\"}}", "2024-02-29T11:55:00.123Z"),
            ("{{unix}}", "1709208000"),
            ("{{unix \"s\"}}", "1709208000"),
            ("{{unix \"ms\"}}", "1709208000123"),
            ("{{unix \"us\" offset=\"1s\"}}", "1709208001123456"),
            ("{{unix \"ns\"}}", "1709208000123456789"),
        ] {
            assert_eq!(render(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn seq_counts_from_one_over_all_renderings() {
        let template = Template::compile("t", "{{seq}},{{seq}}").unwrap();
        let mut generator = generator();
        assert_eq!(template.render(&mut generator).unwrap(), "1,2");
        assert_eq!(template.render(&mut generator).unwrap(), "3,4");
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_both_ends() {
        let template = Template::compile("t", "{{random_int -1 1}}").unwrap();
        let mut generator = generator();
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| template.render(&mut generator).unwrap()).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), ["-1", "0", "1"]);
    }

    #[test]
    fn decimals_keep_every_place() {
        for (text, expected) in [
            ("{{random_decimal 1.5 1.5 2}}", "1.50"),
            ("{{random_decimal -0.05 -0.05 2}}", "-0.05"),
            ("{{random_decimal 7 7 0}}", "7"),
            ("{{random_decimal 0 0 3}}", "0.000"),
            ("{{random_decimal \"0.10\" \"0.10\" 2}}", "0.10"),
        ] {
            assert_eq!(render(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn helpers_nest_and_bind() {
        let text = "{{#if (eq (random_int 1 1) 1)}}yes{{else}}no{{/if}}";
        assert_eq!(render(text).as_deref(), Ok("yes"));
        let twice = render("{{#with (uuid) as |id|}}{{id}} {{id}}{{/with}}").unwrap();
        let (first, second) = twice.split_once(' ').unwrap();
        assert_eq!(first, second);
        assert_eq!(uuid::Uuid::parse_str(first).unwrap().get_version_num(), 4);
    }

    #[test]
    fn a_choice_may_be_null() {
        assert_eq!(render("{{random_choice null}}").as_deref(), Ok("null"));
        assert_eq!(render("{{random_choice true}}").as_deref(), Ok("true"));
    }

    #[test]
    fn a_wrong_argument_is_reported() {
        for (text, expected) in [
            ("{{random_int 1}}", "write `random_int MIN MAX`"),
            ("{{random_int 2 1}}", "minimum is greater"),
            ("{{random_int \"a\" 1}}", "`a` is not a whole number"),
            ("{{random_decimal 0.001 1 2}}", "more than 2 decimals"),
            ("{{random_decimal 0 1 16}}", "the scale is 0 to 15"),
            ("{{random_decimal x=1}}", "write `random_decimal MIN MAX SCALE`"),
            ("{{random_choice}}", "write `random_choice A B ...`"),
            ("{{random_string -1}}", "the length is 0 to"),
            ("{{unix \"m\"}}", "`m` is not a unit"),
            ("{{now offset=\"soon\"}}", "is not a valid duration"),
            ("{{uuid 1}}", "write `uuid`"),
        ] {
            let message = render(text).unwrap_err();
            assert!(message.contains(expected), "{text}: {message}");
        }
    }
}
