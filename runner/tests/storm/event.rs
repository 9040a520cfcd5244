//! The events of a storm: what each is, its body, and what has to become of it.

use std::fmt::Write as _;

/// What an event is. Its number is its id in every table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Order,
    /// Refers to an order, which may come later.
    Payment {
        order: u32,
    },
    Reading,
    Claim,
    /// One of two different events with the same key in a table with `on_conflict: error`.
    Contested {
        key: u32,
    },
    /// A step of a message group on the FIFO queue.
    State {
        group: u32,
        step: u32,
    },
    /// An order that can't be stored.
    FlawedOrder(Flaw),
    /// A step of a group that can't be stored.
    FlawedState {
        group: u32,
        step: u32,
        flaw: Flaw,
    },
}

/// Why an event can never be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    NotJson,
    Schema,
    Mapping,
    Cast,
    /// U+0000, which PostgreSQL can't hold.
    Nul,
    /// A CHECK constraint.
    Negative,
    /// A CHECK constraint of a text's length.
    TooLong,
    /// A text that is too long for its index.
    TooWide,
}

/// The flaws of orders: what runner finds itself is frequent, what only PostgreSQL finds costs many writes.
pub(crate) const ORDER_FLAWS: [Flaw; 13] = [
    Flaw::NotJson,
    Flaw::NotJson,
    Flaw::Schema,
    Flaw::Schema,
    Flaw::Schema,
    Flaw::Mapping,
    Flaw::Mapping,
    Flaw::Cast,
    Flaw::Cast,
    Flaw::Nul,
    Flaw::Negative,
    Flaw::TooLong,
    Flaw::TooWide,
];
/// The flaws of states.
pub(crate) const STATE_FLAWS: [Flaw; 3] = [Flaw::NotJson, Flaw::Schema, Flaw::Negative];

/// Partitions of the table of readings.
pub(crate) const SHARDS: u32 = 8;

impl Flaw {
    /// The code of the dead letter.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::Schema => "schema",
            Self::Mapping => "mapping",
            Self::Cast => "cast",
            Self::Nul | Self::TooWide => "not_storable",
            Self::Negative | Self::TooLong => "constraint",
        }
    }
}

impl Event {
    pub(crate) fn flaw(self) -> Option<Flaw> {
        match self {
            Self::FlawedOrder(flaw) | Self::FlawedState { flaw, .. } => Some(flaw),
            _ => None,
        }
    }

    /// The message group on the FIFO queue.
    pub(crate) fn group(self) -> Option<u32> {
        match self {
            Self::State { group, .. } | Self::FlawedState { group, .. } => Some(group),
            _ => None,
        }
    }

    /// The body of the event with this number. It begins with the number, also where it is not JSON.
    pub(crate) fn body(self, number: u32) -> String {
        match self {
            Self::Order => order(number, "9", &format!("order {number}"), "\"A\""),
            Self::Payment { order } => format!(r#"{{"id":{number},"type":"payment","order":{order}}}"#),
            Self::Reading => format!(r#"{{"id":{number},"type":"reading","shard":{}}}"#, number % SHARDS),
            Self::Claim => format!(r#"{{"id":{number},"key":{number}}}"#),
            Self::Contested { key } => format!(r#"{{"id":{number},"key":{key}}}"#),
            Self::State { group, step } => state(number, group, step, "1"),
            Self::FlawedOrder(flaw) => flawed_order(number, flaw),
            Self::FlawedState { group, step, flaw } => match flaw {
                Flaw::NotJson => format!(r#"{{"id":{number},"group":"#),
                Flaw::Negative => state(number, group, step, "-1"),
                _ => state(number, group, step, "\"one\""),
            },
        }
    }
}

fn order(number: u32, cents: &str, note: &str, tag: &str) -> String {
    format!(r#"{{"id":{number},"type":"order","amount":"{}.{cents}","note":"{note}","tag":{tag}}}"#, number % 1000)
}

fn state(number: u32, group: u32, step: u32, value: &str) -> String {
    format!(r#"{{"id":{number},"group":{group},"step":{step},"value":{value}}}"#)
}

fn flawed_order(number: u32, flaw: Flaw) -> String {
    match flaw {
        Flaw::NotJson => format!(r#"{{"id":{number},"type":order}}"#),
        Flaw::Schema => format!(r#"{{"id":{number},"type":"order","amount":7,"note":"n"}}"#),
        Flaw::Mapping => order(number, "9", "the tag is a number", "5"),
        Flaw::Cast => order(number, "999", "three decimals", "null"),
        Flaw::Nul => order(number, "9", "a\\u0000b", "null"),
        Flaw::Negative => format!(r#"{{"id":{number},"type":"order","amount":"-1.5","note":"n","tag":null}}"#),
        Flaw::TooLong => order(number, "9", &"long ".repeat(20), "null"),
        Flaw::TooWide => order(number, "9", "the index", &format!("\"{}\"", incompressible(number))),
    }
}

/// A text that PostgreSQL can't compress below the size of an index entry.
fn incompressible(number: u32) -> String {
    let mut state = u64::from(number) | 1 << 40;
    let mut text = String::with_capacity(8000);
    while text.len() < 8000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        write!(text, "{:x}", state >> 16).expect("a text takes any text");
    }
    text
}

/// The number that a body begins with.
pub(crate) fn number_of(body: &str) -> Option<u32> {
    let digits = body.strip_prefix(r#"{"id":"#)?;
    let end = digits.find(|character: char| !character.is_ascii_digit())?;
    digits[..end].parse().ok()
}
