//! Makes events invalid on purpose: how many, and in which way.

use std::str::FromStr;

use serde_json::{Value, json};

/// The share of events that is made invalid, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Share(f64);

/// Why a text is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid share, write a number from 0 to 1, for example 0.1")]
pub struct ParseShareError(String);

impl Share {
    /// Whether event number `n` (from 1) is one to break. After any `n` events, `n * share` of them are broken,
    /// rounded: spread evenly, never by chance, so that a test can count on it.
    pub fn hits(self, n: u64) -> bool {
        self.of(n) > self.of(n.saturating_sub(1))
    }

    /// How many of the first `n` events are broken.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts stay far below 2^52, and a share is not negative"
    )]
    pub fn of(self, n: u64) -> u64 {
        (n as f64 * self.0).round() as u64
    }
}

impl FromStr for Share {
    type Err = ParseShareError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = text.trim().parse().ok();
        share.filter(|share| (0.0..=1.0).contains(share)).map(Self).ok_or_else(|| ParseShareError(text.to_owned()))
    }
}

/// The ways an event is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breakage {
    /// Cut in the middle, so that it is not JSON any more.
    NotJson,
    /// A required member is left out.
    MissingField,
    /// A value has another JSON type than the schema wants.
    WrongType,
    /// A closed object has a member that the schema does not list.
    ExtraField,
}

/// The member [`Breakage::ExtraField`] adds.
const EXTRA: &str = "not_in_the_schema";

impl Breakage {
    /// All, in the order they take turns.
    pub const ALL: [Self; 4] = [Self::NotJson, Self::MissingField, Self::WrongType, Self::ExtraField];

    /// The word for it in a summary.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::ExtraField => "extra_field",
        }
    }

    /// Breaks the `n`th broken event (from 0): the kinds take turns, and so do the places in the document. Each try is
    /// put to `is_valid`; a kind that this schema allows gives way to the next. Cutting works wherever a body has
    /// to be JSON; a text that is none is cut or garbled until it is refused.
    pub fn apply(n: usize, event: &str, is_valid: impl Fn(&str) -> bool) -> (String, Self) {
        let kinds = Self::ALL.iter().cycle().skip(n).take(Self::ALL.len());
        let Ok(document) = serde_json::from_str::<Value>(event) else {
            return (garbled(event, &is_valid), Self::NotJson);
        };
        let mut members = Vec::new();
        collect_members(&document, "", &mut members);
        for kind in kinds {
            // Every kind comes up once in four events, so the places move on once in four.
            let places = in_turn(&members, n / Self::ALL.len());
            let broken = match kind {
                Self::NotJson => return (garbled(event, &is_valid), Self::NotJson),
                Self::MissingField => first_invalid(&document, places, remove, &is_valid),
                Self::WrongType => first_invalid(&document, places, retype, &is_valid),
                Self::ExtraField => add_extra(&document, &members, &is_valid),
            };
            if let Some(broken) = broken {
                return (broken, *kind);
            }
        }
        (garbled(event, &is_valid), Self::NotJson)
    }
}

/// A member of an object, or an element of an array: the JSON Pointer of its holder, and its own key.
type Place = (String, String);

fn collect_members(value: &Value, pointer: &str, into: &mut Vec<Place>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(items) => (0..).map(|i: usize| i.to_string()).zip(items).collect(),
        _ => return,
    };
    for (key, child) in children {
        let below = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
        into.push((pointer.to_owned(), key));
        collect_members(child, &below, into);
    }
}

fn in_turn(places: &[Place], turn: usize) -> impl Iterator<Item = &Place> {
    places.iter().cycle().skip(turn % places.len().max(1)).take(places.len())
}

/// The document after the first edit that `is_valid` refuses.
fn first_invalid<'p>(
    document: &Value,
    places: impl Iterator<Item = &'p Place>,
    edit: fn(&mut Value, &str),
    is_valid: &impl Fn(&str) -> bool,
) -> Option<String> {
    let mut tries = places.map(|(holder, key)| edited(document, holder, |value| edit(value, key)));
    tries.find(|broken| !is_valid(broken))
}

fn add_extra(document: &Value, members: &[Place], is_valid: &impl Fn(&str) -> bool) -> Option<String> {
    let mut holders: Vec<&str> = members.iter().map(|(holder, _)| holder.as_str()).collect();
    holders.dedup();
    let add = |value: &mut Value| {
        if let Value::Object(map) = value {
            map.insert(EXTRA.to_owned(), Value::Bool(true));
        }
    };
    holders.into_iter().map(|holder| edited(document, holder, add)).find(|broken| !is_valid(broken))
}

fn edited(document: &Value, pointer: &str, edit: impl FnOnce(&mut Value)) -> String {
    let mut copy = document.clone();
    edit(copy.pointer_mut(pointer).expect("the pointer was read off this document"));
    copy.to_string()
}

fn remove(holder: &mut Value, key: &str) {
    if let Value::Object(map) = holder {
        map.remove(key);
    }
}

fn retype(holder: &mut Value, key: &str) {
    let member = match holder {
        Value::Object(map) => map.get_mut(key),
        Value::Array(items) => key.parse().ok().and_then(|i: usize| items.get_mut(i)),
        _ => None,
    };
    if let Some(member) = member {
        *member = match member {
            Value::Object(_) | Value::Array(_) => Value::from("not a container"),
            _ => json!({ "not": "a scalar" }),
        };
    }
}

/// Half of the text; what is taken from any text may mind something else.
fn garbled(event: &str, is_valid: &impl Fn(&str) -> bool) -> String {
    let half = &event[..event.floor_char_boundary(event.len() / 2)];
    let tries = [half.to_owned(), format!("{event}{event}"), "{".to_owned(), "?".to_owned()];
    let cut = cut(event);
    if !is_valid(&cut) {
        return cut;
    }
    tries.into_iter().find(|broken| !broken.is_empty() && !is_valid(broken)).unwrap_or(cut)
}

/// Half of the text, which for an object or array is never a whole document.
fn cut(event: &str) -> String {
    let half = event.floor_char_boundary(event.len() / 2);
    let text = &event[..half];
    if text.starts_with(['{', '[']) {
        return text.to_owned();
    }
    format!("{{{text}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::producer::{Generator, Template};

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    /// What the example pipelines send, with the schema it is meant for.
    const EXAMPLES: [(&str, &str); 4] = [
        (
            include_str!("../../../../pipelines/transaction_approved.json.hbs"),
            include_str!("../../../../schemas/transaction.schema.json"),
        ),
        (
            include_str!("../../../../pipelines/order_placed.json.hbs"),
            include_str!("../../../../schemas/order.schema.json"),
        ),
        (
            include_str!("../../../../pipelines/order_cancelled.json.hbs"),
            include_str!("../../../../schemas/order.schema.json"),
        ),
        (
            include_str!("../../../../pipelines/reading.json.hbs"),
            include_str!("../../../../schemas/reading.schema.json"),
        ),
    ];

    fn validator(schema: &str) -> jsonschema::Validator {
        let money: Value = serde_json::from_str(include_str!("../../../../schemas/money.schema.json")).unwrap();
        let registry = jsonschema::Registry::new()
            .add("https://example.com/schemas/money.schema.json", money)
            .unwrap()
            .prepare()
            .unwrap();
        jsonschema::options()
            .with_registry(&registry)
            .should_validate_formats(true)
            .build(&serde_json::from_str(schema).unwrap())
            .unwrap()
    }

    fn accepts(validator: &jsonschema::Validator, text: &str) -> bool {
        serde_json::from_str(text).is_ok_and(|value| validator.is_valid(&value))
    }

    #[test]
    fn a_text_that_is_not_json_is_broken_until_it_is_refused() {
        // Digits are taken, and only an even number of them.
        let digits = |text: &str| text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_digit());
        let pairs = |text: &str| text.split(',').all(digits);
        for event in ["12,3456", "1234", "12"] {
            for n in 0..4 {
                let (broken, kind) = Breakage::apply(n, event, pairs);
                assert!(!pairs(&broken) && kind == Breakage::NotJson, "{event}: {broken}");
            }
        }
        let short = |text: &str| text.len() < 10;
        assert_eq!(Breakage::apply(0, "not,long", short).0, "not,longnot,long");
    }

    #[test]
    fn the_share_is_exact_at_every_length_and_evenly_spread() {
        for (text, total, expected) in
            [("0", 1_000, 0), ("1", 1_000, 1_000), ("0.1", 200, 20), ("0.25", 10, 3), ("0.333", 3, 1), ("0.05", 10, 1)]
        {
            let share = share(text);
            let hits = (1..=total).filter(|n| share.hits(*n)).count() as u64;
            assert_eq!((hits, share.of(total)), (expected, expected), "{text}");
        }
        let hits: Vec<u64> = (1..=40).filter(|n| share("0.1").hits(*n)).collect();
        assert_eq!(hits, [5, 15, 25, 35]);
    }

    #[test]
    fn a_share_is_between_nothing_and_all() {
        for text in ["-0.1", "1.1", "NaN", "ten", ""] {
            assert_eq!(text.parse::<Share>(), Err(ParseShareError(text.into())));
        }
    }

    #[test]
    fn every_example_is_valid_until_it_is_broken() {
        for (text, schema) in EXAMPLES {
            let validator = validator(schema);
            let template = Template::compile("example", text).unwrap();
            let mut generator = Generator::seeded(5);
            for n in 0..60 {
                let event = template.render(&mut generator).unwrap();
                let document = serde_json::from_str(&event).unwrap();
                let errors: Vec<_> = validator.iter_errors(&document).collect();
                assert!(errors.is_empty(), "{errors:?} in {event}");
                let (broken, kind) = Breakage::apply(n, &event, |text| accepts(&validator, text));
                match serde_json::from_str(&broken) {
                    Ok(value) => assert!(!validator.is_valid(&value), "{kind:?}: {broken}"),
                    Err(_) => assert_eq!(kind, Breakage::NotJson, "{broken}"),
                }
            }
        }
    }

    #[test]
    fn the_kinds_take_turns_where_the_schema_forbids_them() {
        let (text, schema) = EXAMPLES[1];
        let validator = validator(schema);
        let event = Template::compile("order", text).unwrap().render(&mut Generator::seeded(1)).unwrap();
        let kinds: Vec<_> = (0..4).map(|n| Breakage::apply(n, &event, |text| accepts(&validator, text)).1).collect();
        assert_eq!(kinds, Breakage::ALL);
    }

    #[test]
    fn a_schema_that_allows_everything_gets_text_that_is_not_json() {
        for n in 0..8 {
            for event in ["{\"a\": 1}", "[1, 2]", "12", "\"é\"", "null"] {
                let (broken, kind) = Breakage::apply(n, event, |_| true);
                assert_eq!(kind, Breakage::NotJson);
                assert!(serde_json::from_str::<Value>(&broken).is_err(), "{broken}");
            }
        }
    }

    #[test]
    fn an_open_object_is_broken_in_another_way() {
        let validator = validator(EXAMPLES[0].1);
        let event = Template::compile("t", EXAMPLES[0].0).unwrap().render(&mut Generator::seeded(1)).unwrap();
        let (_, kind) = Breakage::apply(3, &event, |text| accepts(&validator, text));
        assert_eq!(kind, Breakage::NotJson, "extra_field gives way to the next in turn");
    }
}
