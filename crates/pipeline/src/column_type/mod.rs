//! The column types that a pipeline file may write. What distinguishes them stands in `table`, one row per type.

mod definition;
mod json_type;
mod table;

use std::fmt;
use std::str::FromStr;

pub(crate) use definition::Cast;
pub use definition::{Accepts, Equality, Indexes, Shown, Strings, TypeDefinition, Wire};
pub use json_type::{JsonType, Verdict};

/// A column's type: a scalar or a one-dimensional array of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `T`
    Scalar(ScalarType),
    /// `T[]`
    Array(ScalarType),
}

/// A scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each variant is the PostgreSQL type of that name")]
pub enum ScalarType {
    Text,
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    /// `numeric`, or `numeric(precision, scale)`: at most 1000 digits (PostgreSQL's limit on a declared precision).
    Numeric(Option<(u16, u16)>),
    Real,
    DoublePrecision,
    Uuid,
    Timestamptz,
    Date,
    Time,
    Interval,
    Inet,
    Bytea,
    Jsonb,
}

/// Why a text is not a column type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseTypeError {
    /// No type has that name.
    #[error("no column type `{0}`")]
    Unknown(String),
    /// `numeric(p,s)` is out of PostgreSQL's range.
    #[error("numeric({precision},{scale}) is out of range: precision 1 to 1000, scale 0 to precision")]
    NumericRange {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
}

impl ScalarType {
    /// Every type, in the order in which the reference lists them.
    pub const ALL: [Self; 16] = [
        Self::Text,
        Self::Boolean,
        Self::SmallInt,
        Self::Integer,
        Self::BigInt,
        Self::Numeric(None),
        Self::Real,
        Self::DoublePrecision,
        Self::Uuid,
        Self::Timestamptz,
        Self::Date,
        Self::Time,
        Self::Interval,
        Self::Inet,
        Self::Bytea,
        Self::Jsonb,
    ];

    /// The type's row in the table of column types.
    pub fn definition(self) -> &'static TypeDefinition {
        match self {
            Self::Text => &table::TEXT,
            Self::Boolean => &table::BOOLEAN,
            Self::SmallInt => &table::SMALLINT,
            Self::Integer => &table::INTEGER,
            Self::BigInt => &table::BIGINT,
            Self::Numeric(None) => &table::NUMERIC,
            Self::Numeric(Some(_)) => &table::NUMERIC_WITH_LIMITS,
            Self::Real => &table::REAL,
            Self::DoublePrecision => &table::DOUBLE_PRECISION,
            Self::Uuid => &table::UUID,
            Self::Timestamptz => &table::TIMESTAMPTZ,
            Self::Date => &table::DATE,
            Self::Time => &table::TIME,
            Self::Interval => &table::INTERVAL,
            Self::Inet => &table::INET,
            Self::Bytea => &table::BYTEA,
            Self::Jsonb => &table::JSONB,
        }
    }

    /// The name that a pipeline file writes, without precision.
    pub fn keyword(self) -> &'static str {
        self.definition().name
    }

    /// Precision and scale, of a type that has them.
    pub fn limits(self) -> Option<(u16, u16)> {
        if let Self::Numeric(limits) = self { limits } else { None }
    }

    /// Values, as PostgreSQL reads them: another type of the database that keeps these keeps every value of this one.
    pub fn hard_to_keep(self) -> Vec<String> {
        let Some((precision, scale)) = self.limits() else {
            return self.definition().hard_to_keep.iter().map(ToString::to_string).collect();
        };
        let (whole, scale) = (usize::from(precision - scale), usize::from(scale));
        // One value alone could be refused for its size, which would hide that its decimals are rounded.
        vec![format!("{}.{}", "9".repeat(whole), "9".repeat(scale)), format!("0.{}", "9".repeat(scale))]
    }

    /// The type under another name, with its precision if it has one.
    fn named(self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limits() {
            Some((precision, scale)) => write!(f, "{name}({precision},{scale})"),
            None => f.write_str(name),
        }
    }
}

impl ColumnType {
    /// The scalar type, or the type of an array's elements.
    pub fn scalar(self) -> ScalarType {
        match self {
            Self::Scalar(ty) | Self::Array(ty) => ty,
        }
    }

    /// The names that a pipeline file may write, for hints.
    pub fn names() -> impl Iterator<Item = &'static str> {
        ScalarType::ALL.into_iter().map(ScalarType::keyword)
    }

    /// The scalar type that PostgreSQL's `format_type()` prints as `name`, without precision or as `numeric(p,s)`.
    pub fn named_by_postgres(name: &str) -> Option<ScalarType> {
        let plain = ScalarType::ALL.into_iter().find(|ty| ty.definition().postgres_name == name);
        plain.or_else(|| parse_numeric(name)?.ok())
    }

    /// The name to write instead of another one that people use for the type, such as `bigint` for `int8`.
    pub fn name_for_alias(written: &str) -> Option<&'static str> {
        let lower = written.to_ascii_lowercase();
        let base = lower.split('(').next().unwrap_or_default().trim();
        let definitions = ScalarType::ALL.map(ScalarType::definition);
        definitions.into_iter().find(|definition| definition.aliases.contains(&base)).map(|definition| definition.name)
    }

    /// The type as a pipeline file writes it.
    pub fn as_written(self) -> String {
        let name = fmt::from_fn(|f| self.scalar().named(self.scalar().keyword(), f));
        match self {
            Self::Scalar(_) => name.to_string(),
            Self::Array(_) => format!("{name}[]"),
        }
    }
}

/// As PostgreSQL's `format_type()` prints it, so that it compares equal to the live column's type.
impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.named(self.definition().postgres_name, f)
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(ty) => ty.fmt(f),
            Self::Array(ty) => write!(f, "{ty}[]"),
        }
    }
}

impl FromStr for ColumnType {
    type Err = ParseTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().strip_suffix("[]") {
            Some(element) => parse_scalar(element).map(Self::Array),
            None => parse_scalar(text).map(Self::Scalar),
        }
    }
}

fn parse_scalar(text: &str) -> Result<ScalarType, ParseTypeError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(ty) = ScalarType::ALL.into_iter().find(|ty| ty.keyword() == name) {
        return Ok(ty);
    }
    parse_numeric(&name).unwrap_or(Err(ParseTypeError::Unknown(name)))
}

/// `numeric(p)` or `numeric(p,s)`; `None` when the text is neither.
fn parse_numeric(name: &str) -> Option<Result<ScalarType, ParseTypeError>> {
    let args = name.strip_prefix("numeric")?.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (precision, scale) = args.split_once(',').unwrap_or((args, "0"));
    let precision: u32 = precision.trim().parse().ok()?;
    let scale: u32 = scale.trim().parse().ok()?;
    let in_range = (1..=1000).contains(&precision) && scale <= precision;
    Some(match (u16::try_from(precision), u16::try_from(scale)) {
        (Ok(p), Ok(s)) if in_range => Ok(ScalarType::Numeric(Some((p, s)))),
        _ => Err(ParseTypeError::NumericRange { precision, scale }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_to_its_type_and_its_array() {
        for ty in ScalarType::ALL {
            let name = ty.keyword();
            assert_eq!(name.parse(), Ok(ColumnType::Scalar(ty)));
            assert_eq!(format!("{name}[]").parse(), Ok(ColumnType::Array(ty)));
        }
    }

    #[test]
    fn an_alias_is_not_a_name_and_leads_to_one_type() {
        for ty in ScalarType::ALL {
            for alias in ty.definition().aliases {
                assert!(alias.parse::<ColumnType>().is_err(), "{alias}");
                assert_eq!(ColumnType::name_for_alias(alias), Some(ty.keyword()), "{alias}");
            }
        }
        assert_eq!(ColumnType::name_for_alias("VARCHAR(255)"), Some("text"));
        assert_eq!(ColumnType::name_for_alias("money"), None);
    }

    #[test]
    fn what_postgresql_prints_leads_to_the_type() {
        let limited = ScalarType::Numeric(Some((12, 2)));
        for ty in ScalarType::ALL.into_iter().chain([limited]) {
            assert_eq!(ColumnType::named_by_postgres(&ty.to_string()), Some(ty));
        }
        for other in ["numeric(3,5)", "numeric(3,-2)", "character varying(20)", "time"] {
            assert_eq!(ColumnType::named_by_postgres(other), None, "{other}");
        }
    }

    #[test]
    fn a_type_is_written_by_its_name_and_shown_by_postgresqls() {
        let time: ColumnType = "time[]".parse().unwrap();
        assert_eq!((time.as_written(), time.to_string()), ("time[]".to_owned(), "time without time zone[]".to_owned()));
        let limited: ColumnType = "numeric(5)".parse().unwrap();
        assert_eq!(limited.as_written(), "numeric(5,0)");
    }

    #[test]
    fn numeric_keeps_precision_and_scale() {
        let parsed: ColumnType = "numeric(12, 2)".parse().unwrap();
        assert_eq!(parsed.to_string(), "numeric(12,2)");
        assert!("numeric(2,3)".parse::<ColumnType>().is_err());
        assert!("numeric(1001)".parse::<ColumnType>().is_err());
    }
}
