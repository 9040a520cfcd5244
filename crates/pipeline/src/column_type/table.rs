//! The table of column types: one row per scalar type. Nothing else distinguishes the types, but the cast functions.

use super::definition::{Accepts, Cast, Equality, Indexes, Shown, Strings, TypeDefinition, Wire};
use super::json_type::Verdict::{Maybe, No, Yes};
use crate::cast::{bytes, datetime, interval, json, network, number, text};

const STRINGIFY: &str = "make it a string with `| tostring`";
const FRACTION: &str = "a number with a fraction: take numeric, or `| floor`";
const TOO_MANY_DIGITS: &str = "a number with too many digits";
/// Longer than the 63 bytes of a `name`.
const LONG_TEXT: &str = "A text of more than 63 bytes, with Ünïcode, 'quotes' and \"more\" {1,2}";
const LONG_JSON: &str =
    "{\"key\": [1.10, null, \"a text that makes the document longer than the 63 bytes of a name\"]}";
/// What to do with an array or an object.
const CHOOSE_A_FIELD: &str = "make the column jsonb, or choose a field of the value";

/// Types with a b-tree order, which most types have.
const ORDERED: Indexes = Indexes {
    equality: Equality::Values,
    ordered: true,
    gin: false,
    brin: true,
    instead_of_gist: "gist has no operator class for this type; leave `using` out",
};

/// Types that accept strings of a form and nothing else.
const STRINGS_ONLY: Accepts = Accepts {
    boolean: No(""),
    integer: No(""),
    number: No(""),
    nested: No(CHOOSE_A_FIELD),
    string: form(&[], &[], ""),
};

/// Types of numbers, which also accept a string that is a JSON number.
const NUMBERS: Accepts =
    Accepts { integer: Yes, number: Yes, string: form(&[], &[], "a string that is not a JSON number"), ..STRINGS_ONLY };

/// Strings of one form; see [`Strings::Form`].
const fn form(
    formats: &'static [&'static str],
    instead: &'static [(&'static str, &'static str)],
    rejected: &'static str,
) -> Strings {
    Strings::Form { formats, instead, overlapping: &[], pattern: None, rejected }
}

const fn binary(oid: u32, array_oid: u32, array_sql: &'static str) -> Wire {
    Wire::Binary { oid, array_oid, array_sql }
}

fn digit_or_sign(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '+' | '-')
}

fn number_start(c: char) -> bool {
    digit_or_sign(c) || c == '.'
}

pub(super) const TEXT: TypeDefinition = TypeDefinition {
    name: "text",
    postgres_name: "text",
    aliases: &["varchar", "char", "character varying", "character", "string", "citext"],
    cast: Cast::Plain(text::text),
    form: "a string (`| tostring` makes one of any value)",
    wire: Wire::Text,
    indexes: ORDERED,
    shown: Shown::Text,
    accepts: Accepts {
        boolean: No(STRINGIFY),
        integer: No(STRINGIFY),
        number: No(STRINGIFY),
        nested: No("make the column jsonb, or the value a string with `| tojson`"),
        string: Strings::All(Yes),
    },
    may_begin_with: |_| true,
    whole_numbers: None,
    hard_to_keep: &[LONG_TEXT],
};

pub(super) const BOOLEAN: TypeDefinition = TypeDefinition {
    name: "boolean",
    postgres_name: "boolean",
    aliases: &["bool"],
    cast: Cast::Plain(text::boolean),
    form: "true or false",
    wire: binary(16, 1000, "boolean[]"),
    indexes: Indexes { ordered: false, brin: false, ..ORDERED },
    shown: Shown::Boolean,
    accepts: Accepts {
        boolean: Yes,
        integer: No("compare it, such as `!= 0`"),
        number: No("compare it, such as `!= 0`"),
        nested: No(CHOOSE_A_FIELD),
        string: Strings::All(No("compare it, such as `== \"true\"`")),
    },
    may_begin_with: |_| true,
    whole_numbers: None,
    hard_to_keep: &["true", "false"],
};

pub(super) const SMALLINT: TypeDefinition = TypeDefinition {
    name: "smallint",
    postgres_name: "smallint",
    aliases: &["int2"],
    cast: Cast::Plain(number::smallint),
    form: "a whole number from -32768 to 32767",
    wire: binary(21, 1005, "smallint[]"),
    indexes: ORDERED,
    shown: Shown::Integer,
    accepts: Accepts { integer: Maybe("a number outside smallint's range"), number: Maybe(FRACTION), ..NUMBERS },
    may_begin_with: number_start,
    whole_numbers: Some((-32_768.0, 32_767.0)),
    hard_to_keep: &["32767"],
};

pub(super) const INTEGER: TypeDefinition = TypeDefinition {
    name: "integer",
    postgres_name: "integer",
    aliases: &["int", "int4"],
    cast: Cast::Plain(number::integer),
    form: "a whole number from -2147483648 to 2147483647",
    wire: binary(23, 1007, "integer[]"),
    indexes: ORDERED,
    shown: Shown::Integer,
    accepts: Accepts { integer: Maybe("a number outside integer's range"), number: Maybe(FRACTION), ..NUMBERS },
    may_begin_with: number_start,
    whole_numbers: Some((-2_147_483_648.0, 2_147_483_647.0)),
    hard_to_keep: &["2147483647"],
};

pub(super) const BIGINT: TypeDefinition = TypeDefinition {
    name: "bigint",
    postgres_name: "bigint",
    aliases: &["int8", "long"],
    cast: Cast::Plain(number::bigint),
    form: "a whole number from -9223372036854775808 to 9223372036854775807",
    wire: binary(20, 1016, "bigint[]"),
    indexes: ORDERED,
    shown: Shown::Integer,
    accepts: Accepts { number: Maybe(FRACTION), ..NUMBERS },
    may_begin_with: number_start,
    whole_numbers: Some((-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0)),
    hard_to_keep: &["9223372036854775807"],
};

pub(super) const NUMERIC: TypeDefinition = TypeDefinition {
    name: "numeric",
    postgres_name: "numeric",
    aliases: &["decimal"],
    cast: Cast::Plain(number::numeric),
    form: "a number, also as a string",
    wire: Wire::TextToCast,
    indexes: ORDERED,
    shown: Shown::Decimal,
    accepts: NUMBERS,
    may_begin_with: number_start,
    whole_numbers: None,
    hard_to_keep: &["123456789012345678901234567890.5", "0.123456789012345678901234567891"],
};

/// `numeric(precision, scale)`.
pub(super) const NUMERIC_WITH_LIMITS: TypeDefinition = TypeDefinition {
    cast: Cast::Limited(number::numeric_within),
    form: "a number that fits its digits without rounding",
    accepts: Accepts { integer: Maybe(TOO_MANY_DIGITS), number: Maybe(TOO_MANY_DIGITS), ..NUMBERS },
    ..NUMERIC
};

pub(super) const REAL: TypeDefinition = TypeDefinition {
    name: "real",
    postgres_name: "real",
    aliases: &["float4"],
    cast: Cast::Plain(number::real),
    form: "a number within float4's range",
    wire: binary(700, 1021, "real[]"),
    indexes: ORDERED,
    shown: Shown::Float4,
    accepts: NUMBERS,
    may_begin_with: number_start,
    whole_numbers: None,
    hard_to_keep: &["1.2345679", "3.4028235e+38"],
};

pub(super) const DOUBLE_PRECISION: TypeDefinition = TypeDefinition {
    name: "double precision",
    postgres_name: "double precision",
    aliases: &["float", "float8", "double"],
    cast: Cast::Plain(number::double),
    form: "a number within float8's range",
    wire: binary(701, 1022, "double precision[]"),
    indexes: ORDERED,
    shown: Shown::Float8,
    accepts: NUMBERS,
    may_begin_with: number_start,
    whole_numbers: None,
    hard_to_keep: &["1.2345678901234567", "1.7976931348623157e+308"],
};

pub(super) const UUID: TypeDefinition = TypeDefinition {
    name: "uuid",
    postgres_name: "uuid",
    aliases: &[],
    cast: Cast::Plain(text::uuid),
    form: "a UUID with hyphens, or its 32 hexadecimal digits",
    wire: binary(2950, 2951, "uuid[]"),
    indexes: ORDERED,
    shown: Shown::Text,
    accepts: Accepts {
        string: form(&["uuid"], &[], "a string that is not a UUID: add `format: uuid` to the schema"),
        ..STRINGS_ONLY
    },
    may_begin_with: |c| c.is_ascii_hexdigit(),
    whole_numbers: None,
    hard_to_keep: &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
};

const EPOCH: &str = "name the unit it counts: `| unix` (seconds), `| unix_ms`, `| unix_us` or `| unix_ns`";

pub(super) const TIMESTAMPTZ: TypeDefinition = TypeDefinition {
    name: "timestamptz",
    postgres_name: "timestamp with time zone",
    aliases: &["timestamp", "datetime", "timestamp with time zone"],
    cast: Cast::Plain(datetime::timestamptz),
    form: "an RFC 3339 date-time with its offset (`unix_ms` and the like make one of a number)",
    wire: binary(1184, 1185, "timestamptz[]"),
    indexes: ORDERED,
    shown: Shown::Text,
    accepts: Accepts {
        integer: No(EPOCH),
        number: No(EPOCH),
        string: form(
            &["date-time"],
            &[("date", "add the time of day: `.x + \"T00:00:00Z\"`")],
            "a string that is not an RFC 3339 date-time: add `format: date-time` to the schema",
        ),
        ..STRINGS_ONLY
    },
    may_begin_with: digit_or_sign,
    whole_numbers: None,
    hard_to_keep: &["2024-12-31 23:59:59.999999+00"],
};

pub(super) const DATE: TypeDefinition = TypeDefinition {
    name: "date",
    postgres_name: "date",
    aliases: &[],
    cast: Cast::Plain(datetime::date),
    form: "a date as YYYY-MM-DD, from year 0001",
    wire: Wire::TextToCast,
    indexes: ORDERED,
    shown: Shown::Text,
    accepts: Accepts {
        string: form(
            &["date"],
            &[("date-time", "take the date alone: `.x[0:10]`")],
            "a string that is not a YYYY-MM-DD date: add `format: date` to the schema",
        ),
        ..STRINGS_ONLY
    },
    may_begin_with: digit_or_sign,
    whole_numbers: None,
    hard_to_keep: &["9999-12-31"],
};

pub(super) const TIME: TypeDefinition = TypeDefinition {
    name: "time",
    postgres_name: "time without time zone",
    aliases: &[],
    cast: Cast::Plain(datetime::time),
    form: "a time of day as HH:MM or HH:MM:SS, without an offset",
    wire: Wire::TextToCast,
    indexes: ORDERED,
    shown: Shown::TimeOfDay,
    accepts: Accepts {
        // JSON Schema's time has an offset, PostgreSQL's has none.
        string: Strings::Form {
            formats: &[],
            instead: &[("time", "leave the offset out: `.x[0:8]`")],
            overlapping: &[],
            pattern: Some("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?$"),
            rejected: "a string that is not HH:MM:SS, also one with an offset",
        },
        ..STRINGS_ONLY
    },
    may_begin_with: digit_or_sign,
    whole_numbers: None,
    hard_to_keep: &["23:59:58.999999"],
};

pub(super) const INTERVAL: TypeDefinition = TypeDefinition {
    name: "interval",
    postgres_name: "interval",
    aliases: &[],
    cast: Cast::Plain(interval::interval),
    form: "an ISO 8601 duration such as P1DT2H",
    wire: Wire::TextToCast,
    indexes: ORDERED,
    shown: Shown::Duration,
    accepts: Accepts {
        string: form(
            &["duration"],
            &[],
            "a string that is not an ISO 8601 duration: add `format: duration` to the schema",
        ),
        ..STRINGS_ONLY
    },
    may_begin_with: |c| matches!(c, 'P' | '-' | '+'),
    whole_numbers: None,
    hard_to_keep: &["1 year 2 months 3 days 04:05:06.789012"],
};

pub(super) const INET: TypeDefinition = TypeDefinition {
    name: "inet",
    postgres_name: "inet",
    aliases: &[],
    cast: Cast::Plain(network::inet),
    form: "an IPv4 or IPv6 address, with an optional /prefix",
    wire: Wire::TextToCast,
    indexes: Indexes { instead_of_gist: "gist needs its operator class named; use btree", ..ORDERED },
    shown: Shown::Address,
    accepts: Accepts {
        string: form(
            &["ipv4", "ipv6"],
            &[],
            "a string that is not an IP address: add `format: ipv4` or `ipv6` to the schema",
        ),
        ..STRINGS_ONLY
    },
    may_begin_with: |c| c.is_ascii_hexdigit() || c == ':',
    whole_numbers: None,
    hard_to_keep: &["10.1.2.3/8"],
};

pub(super) const BYTEA: TypeDefinition = TypeDefinition {
    name: "bytea",
    postgres_name: "bytea",
    aliases: &[],
    cast: Cast::Plain(bytes::bytea),
    form: "a base64 string (hexadecimal digits go through `| unhex`)",
    wire: Wire::TextToCast,
    indexes: ORDERED,
    shown: Shown::Bytes,
    accepts: Accepts {
        // The digits and hyphens of a UUID may be base64, too.
        string: Strings::Form {
            formats: &["byte"],
            instead: &[],
            overlapping: &["uuid"],
            pattern: None,
            rejected: "a string that is not base64",
        },
        ..STRINGS_ONLY
    },
    may_begin_with: |_| true,
    whole_numbers: None,
    hard_to_keep: &["\\x00ff"],
};

pub(super) const JSONB: TypeDefinition = TypeDefinition {
    name: "jsonb",
    postgres_name: "jsonb",
    aliases: &["json", "object"],
    cast: Cast::Plain(json::jsonb),
    form: "any JSON value",
    wire: Wire::TextToCast,
    indexes: Indexes { equality: Equality::WholeDocuments, ordered: false, gin: true, brin: false, ..ORDERED },
    shown: Shown::Json,
    accepts: Accepts { boolean: Yes, integer: Yes, number: Yes, nested: Yes, string: Strings::All(Yes) },
    may_begin_with: |_| true,
    whole_numbers: None,
    hard_to_keep: &[LONG_JSON],
};
