//! One entry of `indexes:`, in its three forms.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::Spanned;

/// An index: `name`, `[first, second]`, or `{ columns: ..., using: gin, unique: true, where: "..." }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// Column names.
    pub columns: Vec<Spanned<String>>,
    /// Access method.
    pub using: Option<Spanned<Method>>,
    /// A unique index.
    pub unique: bool,
    /// A partial index's predicate: SQL.
    pub predicate: Option<Spanned<String>>,
    /// Where the entry stands.
    pub range: std::ops::Range<usize>,
}

/// PostgreSQL's access methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each variant is the access method of that name")]
pub enum Method {
    Btree,
    Hash,
    Gin,
    Gist,
    Brin,
}

/// An index with options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Full {
    /// A column, or several in this order.
    columns: Spanned<Names>,
    /// The access method; `btree` when left out.
    using: Option<Spanned<Method>>,
    /// No two rows have the same values.
    #[serde(default)]
    unique: bool,
    /// SQL: only rows for which it is true are in the index.
    r#where: Option<Spanned<String>>,
}

/// A name or a list of names.
pub(super) enum Names {
    One(String),
    Many(Vec<Spanned<String>>),
}

/// Any of the three.
enum Form {
    Names(Names),
    Full(Full),
}

impl<'de> Deserialize<'de> for Index {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, range } = Spanned::<Form>::deserialize(deserializer)?;
        let full = match value {
            Form::Full(full) => full,
            Form::Names(names) => Full {
                columns: Spanned { value: names, range: range.clone() },
                using: None,
                unique: false,
                r#where: None,
            },
        };
        let columns = match full.columns.value {
            Names::One(value) => vec![Spanned { value, range: full.columns.range }],
            Names::Many(names) => names,
        };
        Ok(Self { columns, using: full.using, unique: full.unique, predicate: full.r#where, range })
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(FormVisitor)? {
            Form::Names(names) => Ok(names),
            Form::Full(_) => Err(D::Error::custom("expected a column's name or a list of them")),
        }
    }
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FormVisitor)
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = Form;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column's name, a list of them, or `{ columns, using, unique, where }`")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Form, E> {
        Ok(Form::Names(Names::One(name.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Form, A::Error> {
        let names = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Form::Names(Names::Many(names)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Form, A::Error> {
        Full::deserialize(MapAccessDeserializer::new(map)).map(Form::Full)
    }
}
