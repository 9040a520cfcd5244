//! Every code, in one table. To add one, add its row here and report it; `docs/errors.md` has the same list, with an
//! example of each, and tests compare them.

/// How severe it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// The configuration can't run.
    Error,
    /// It can run, but most likely not as intended.
    Warning,
}

impl Level {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! codes {
    ($($id:ident $name:ident $title:literal)*) => {
        /// The code of a diagnostic. `E` is an error, `W` a warning; a code never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// Every code, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// As it is printed: `E0107`.
            pub fn id(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($id),)*
                }
            }

            /// Its line in `docs/errors.md`.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                }
            }
        }
    };
}

codes! {
    E0101 Unreadable "A file or folder can't be read."
    E0102 Syntax "The text is not YAML, or not UTF-8."
    E0103 UnknownKey "A key the pipeline file does not have."
    E0104 MissingKey "A required key is missing."
    E0105 WrongKind "A value of the wrong kind: a list where a text belongs, a text where a number belongs."
    E0106 BadValue "A value of the right kind, but out of range or not one of the allowed ones."
    E0107 NoSuchField "An expression reads a field that the schema does not have and does not allow."
    E0108 DuplicateKey "A key is written twice in one mapping, a name twice in one list."
    E0109 TooLarge "A file is too large, nested too deep, or repeats itself by aliases without end."
    E0110 Interpolation "A `${VAR}` names a variable that is not set, is malformed, or stands where none is replaced."
    E0111 ColumnLine "A column is not `TYPE [null | optional] [= EXPR]`."
    E0112 Expression "An expression is not jq, or uses a function or variable that runner does not have."
    E0113 NotNull "A NOT NULL column is filled from something that may be absent or null."
    E0114 TypeMismatch "An expression's type never fits its column's type."
    E0115 PrimaryKey "The primary key names a column that is missing, nullable, or of a type PostgreSQL can't index."
    E0116 Index "An index names a missing column, or a type its access method can't index."
    E0117 QueueName "A queue is neither a name SQS allows, nor a URL, nor an SQS ARN."
    E0118 DeadLetterQueue "The dead-letter queue is the source queue itself, or only one of the two is FIFO."
    E0119 Schema "A schema is not JSON, not a valid JSON Schema, or has nothing at the pointer."
    E0120 Reference "A `$ref` leads to no local file, or to nothing inside it."
    E0121 Draft "A schema declares a draft of JSON Schema that is not supported."
    E0122 Template "A template is not Handlebars, or does not render."
    E0123 TemplateEvent "A template renders an event that this pipeline itself would reject."
    E0124 Identifier "A table or column name PostgreSQL can't hold, or too many columns."
    E0125 TableConflict "Two pipeline files declare one table differently."
    E0126 Subtraction "`.a-b` subtracts; a field with a dash is written `.\"a-b\"`."
    E0127 NoPipelines "There is no pipeline file where one was expected."
    E0128 LiveQueue "`--connect`: a queue does not exist, or can't be reached."
    E0129 LiveTable "`--connect`: the database can't be reached, or a table does not accept the pipeline's rows."
    E0130 SharedQueue "Two pipeline files receive from one queue."
    E0131 DuplicateName "Two pipeline files have one name."
    E0140 SchemaChoice "`schema` names no schema, several ways to choose one, or one value twice."
    E0141 NoSchemaFile "A pattern of schema files matches none, or is not a valid pattern."
    E0142 NoKind "With `files`, a schema does not name its kind of event."
    E0143 AmbiguousId "Two schemas have one `$id`."
    E0150 Variable "An expression uses `$raw` outside `unwrap`, or `$doc` inside it."
    E0151 DeadEnd "An expression that reads nothing of the event has no value: it never ends, or fails every time."
    E0155 NoCondition "A condition (`when`, `skip`) that is never true or false."
    E0156 ForEach "`for_each` never yields an array."
    E0157 ImpossibleKind "A kind of event whose schema rejects the value it is chosen by."
    E0158 UnstableKey "The primary key has a value that differs from one delivery of a message to the next."
    E0170 LoneTest "A test file has no pipeline file beside it."
    E0171 CaseForm "A case has no message or several, nothing expected or more than one thing."
    E0172 CaseColumn "A case names a table or column that the pipeline does not have, or leaves one out."
    E0173 CaseValue "A case expects a value that the column's type does not accept."
    W0201 NoPrimaryKey "A table without a primary key: a redelivered message is stored twice."
    W0202 FieldNotListed "An expression reads a field that the schema does not list, though it allows others."
    W0203 UnknownFormat "A schema uses a `format` that is unknown and therefore not checked."
    W0204 MayNotFit "An expression's type fits its column's type only for some values; the others are dead-lettered."
    W0205 UselessIndex "An index that PostgreSQL would hardly ever use."
    W0206 IgnoredKeyword "A schema has a keyword that its draft ignores, or one with a wrong letter."
    W0250 NoRows "A template renders events that become no rows: each is skipped, or no `when` is true."
    W0255 MayFail "An expression fails for some of the events that the schema allows; those are dead-lettered."
    W0256 NeverEqual "A value is compared with one that the schema never lets it be."
    W0257 ConstantCondition "A condition is true, or is not, for every event that the schema allows."
    W0258 NoTable "A kind of event that no table stores: it is checked and dropped."
    W0259 OneKey "All rows that `for_each` makes of one message have the same primary key."
    W0260 NothingToUpdate "`on_conflict: update` where every column is part of the primary key."
    W0261 UniqueIndex "A unique index beside the primary key: `on_conflict` does not apply to it."
    W0262 EpochUnit "A count since 1970 that, by the bounds in its schema, has another unit."
    W0263 NullText "A value that may be null is made a text, which is then the word `null`."
    W0264 NoVersion "`on_conflict: update` without `version`: an older event that arrives late overwrites a newer one."
    W0265 LossyColumn "`--connect`: a live column stores some values rounded, cut or depending on the session."
}

impl Code {
    /// The level, given by the first letter.
    pub fn level(self) -> Level {
        if self.id().starts_with('W') { Level::Warning } else { Level::Error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_list_and_the_table_are_the_same() {
        let docs = include_str!("../../../../docs/errors.md");
        let documented: Vec<&str> = docs.lines().filter(|line| line.starts_with("- `")).collect();
        let known: Vec<String> = Code::ALL.iter().map(|code| format!("- `{}` {}", code.id(), code.title())).collect();
        assert_eq!(documented, known);
    }

    #[test]
    fn codes_are_in_order_and_distinct() {
        let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
    }
}
