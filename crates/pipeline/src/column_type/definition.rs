//! One row of the table of column types.

use serde_json::Value;

use super::json_type::Verdict;
use crate::cast::problem::Problem;
use crate::row::Cell;

/// Everything that distinguishes one scalar type from the others.
#[derive(Debug)]
pub struct TypeDefinition {
    /// The name that a pipeline file writes, without precision.
    pub name: &'static str,
    /// The name that PostgreSQL's `format_type()` prints, without precision.
    pub postgres_name: &'static str,
    /// Other names that people use for the type, in lower case; the error names the one to write.
    pub aliases: &'static [&'static str],
    /// Turns a JSON value into a cell.
    pub(crate) cast: Cast,
    /// The values that the type accepts, as the error of a failed cast names them.
    pub form: &'static str,
    /// How values travel to PostgreSQL.
    pub wire: Wire,
    /// Which keys and indexes suit the type.
    pub indexes: Indexes,
    /// How a test case shows a [`Cell::Literal`] of the type.
    pub shown: Shown,
    /// Which JSON values the type accepts, for the check of a mapping against a schema.
    pub accepts: Accepts,
    /// Whether a string that the type accepts can begin with a character.
    pub may_begin_with: fn(char) -> bool,
    /// The least and the greatest number, of a type of whole numbers. Those of bigint are the nearest floats.
    pub whole_numbers: Option<(f64, f64)>,
    /// Values, as PostgreSQL reads them: another type of the database that keeps these keeps them all.
    pub hard_to_keep: &'static [&'static str],
}

/// A cast function.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cast {
    /// Needs the value alone.
    Plain(fn(&Value) -> Result<Cell, Problem>),
    /// Needs precision and scale, too.
    Limited(fn(&Value, precision: u16, scale: u16) -> Result<Cell, Problem>),
}

/// How a column's values travel to PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// In PostgreSQL's binary format, which the type's own cell is written in.
    Binary {
        /// The type's OID (`pg_type.dat`; the same on every server).
        oid: u32,
        /// The OID of its array type.
        array_oid: u32,
        /// The array type in SQL.
        array_sql: &'static str,
    },
    /// As a text, which is the column's type.
    Text,
    /// As a text that the statement casts to the column's type.
    TextToCast,
}

/// What PostgreSQL's default operator classes allow for a type.
#[derive(Debug, Clone, Copy)]
pub struct Indexes {
    /// What a key, a btree or a hash index finds.
    pub equality: Equality,
    /// Whether greater means newer, so that the column can be a row's version.
    pub ordered: bool,
    /// A gin index finds what is inside a value. It does in every array.
    pub gin: bool,
    /// A brin index is possible.
    pub brin: bool,
    /// What to do instead of a gist index: none has a default operator class.
    pub instead_of_gist: &'static str,
}

/// What a key, a btree or a hash index finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equality {
    /// Values that are looked for.
    Values,
    /// Whole documents only, which nobody looks for.
    WholeDocuments,
}

/// The JSON value that a literal is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The text itself.
    Text,
    /// `true` and `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with its decimals, as many as the type's scale if it has one.
    Decimal,
    /// The shortest number that gives the same float4.
    Float4,
    /// The shortest number that gives the same float8.
    Float8,
    /// A time of day, with its seconds.
    TimeOfDay,
    /// An ISO 8601 duration in the units in which PostgreSQL keeps it.
    Duration,
    /// An IP address, without a prefix that covers the whole address.
    Address,
    /// Base64.
    Bytes,
    /// The JSON document.
    Json,
}

/// Which JSON values a type accepts. Null is a matter of the column, not of its type.
#[derive(Debug, Clone, Copy)]
pub struct Accepts {
    /// `true` and `false`.
    pub boolean: Verdict,
    /// Whole numbers.
    pub integer: Verdict,
    /// Numbers that may have a fraction.
    pub number: Verdict,
    /// Arrays and objects.
    pub nested: Verdict,
    /// Strings.
    pub string: Strings,
}

/// Which strings a type accepts.
#[derive(Debug, Clone, Copy)]
pub enum Strings {
    /// The same verdict on all of them.
    All(Verdict),
    /// Those of one form.
    Form {
        /// The formats of JSON Schema that promise the form.
        formats: &'static [&'static str],
        /// Formats of which no value fits, each with what to do.
        instead: &'static [(&'static str, &'static str)],
        /// Formats with a form of their own of which some values fit.
        overlapping: &'static [&'static str],
        /// A pattern that promises the form, for a form that JSON Schema has not named as a format.
        pattern: Option<&'static str>,
        /// Which strings are rejected when no format decides.
        rejected: &'static str,
    },
}
