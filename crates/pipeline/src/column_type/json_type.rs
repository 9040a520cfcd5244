//! The types of JSON values, and whether a column type accepts them.

/// The types that a JSON Schema distinguishes; `Number` is what `number` allows and `integer` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the JSON Schema type of that name")]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// The type in a message, with its article.
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// Whether a column's type accepts values of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every value, or every value of that format, but for extremes that no schema can rule out.
    Yes,
    /// Some values: the text names those that are rejected.
    Maybe(&'static str),
    /// No value: the text is what to do, and is empty when there is no advice.
    No(&'static str),
}
