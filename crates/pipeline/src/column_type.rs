//! The column types a pipeline file may write, and their PostgreSQL spelling.

use std::fmt;
use std::str::FromStr;

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

/// Why a text is no column type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseTypeError {
    /// No type of that name.
    #[error("no column type `{0}`")]
    Unknown(String),
    /// `numeric(p,s)` out of PostgreSQL's range.
    #[error("numeric({precision},{scale}) is out of range: precision 1 to 1000, scale 0 to precision")]
    NumericRange {
        /// Digits in all.
        precision: u32,
        /// Digits after the point.
        scale: u32,
    },
}

/// The types by the name a pipeline file writes, in the order the reference lists them.
const NAMES: [(&str, ScalarType); 16] = [
    ("text", ScalarType::Text),
    ("boolean", ScalarType::Boolean),
    ("smallint", ScalarType::SmallInt),
    ("integer", ScalarType::Integer),
    ("bigint", ScalarType::BigInt),
    ("numeric", ScalarType::Numeric(None)),
    ("real", ScalarType::Real),
    ("double precision", ScalarType::DoublePrecision),
    ("uuid", ScalarType::Uuid),
    ("timestamptz", ScalarType::Timestamptz),
    ("date", ScalarType::Date),
    ("time", ScalarType::Time),
    ("interval", ScalarType::Interval),
    ("inet", ScalarType::Inet),
    ("bytea", ScalarType::Bytea),
    ("jsonb", ScalarType::Jsonb),
];

impl ScalarType {
    /// The name a pipeline file writes, without precision.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Numeric(_) => "numeric",
            other => NAMES.iter().find(|(_, ty)| *ty == other).map_or("numeric", |(name, _)| name),
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

    /// The names a pipeline file may write, for hints.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// As PostgreSQL's `format_type()` prints it, so that it compares equal to the live column's type.
impl fmt::Display for ScalarType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numeric(Some((precision, scale))) => write!(f, "numeric({precision},{scale})"),
            Self::Timestamptz => f.write_str("timestamp with time zone"),
            Self::Time => f.write_str("time without time zone"),
            other => f.write_str(other.keyword()),
        }
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
    if let Some((_, ty)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(*ty);
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
        for (name, ty) in NAMES {
            assert_eq!(name.parse(), Ok(ColumnType::Scalar(ty)));
            assert_eq!(format!("{name}[]").parse(), Ok(ColumnType::Array(ty)));
        }
    }

    #[test]
    fn numeric_keeps_precision_and_scale() {
        let parsed: ColumnType = "numeric(12, 2)".parse().unwrap();
        assert_eq!(parsed.to_string(), "numeric(12,2)");
        assert!("numeric(2,3)".parse::<ColumnType>().is_err());
        assert!("numeric(1001)".parse::<ColumnType>().is_err());
    }
}
