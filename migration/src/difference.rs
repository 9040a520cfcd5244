//! The differences between a live table and its declaration. Pure: what follows from a difference is decided elsewhere, by
//! [`resolve`](crate::resolve) for a migration and by [`misfit`](crate::misfit) for a run.

use std::path::Path;

use crate::assignment::Assignment;
use crate::catalog::Surveyed;
use crate::index_name::index_name;
use crate::live::{Kind, LiveColumn, LiveIndex, LiveKey, LiveTable, NotNull, Unique};
use crate::merge::{Declaration, Sourced, same_set};
use pipeline::{Column, Index, WhenNull};

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference<'a> {
    MissingSchema(&'a str),
    MissingTable,
    /// A view, an index and so on.
    NotATable(&'static str),
    MissingColumn(&'a Sourced<Column>),
    /// The live type does not accept or keep the values, for this reason.
    TypeDiffers(&'a Sourced<Column>, &'a LiveColumn, &'a str),
    /// PostgreSQL generates the value and accepts none.
    Generated(&'a Sourced<Column>),
    /// Declared null, live NOT NULL.
    LiveNotNull(&'a Sourced<Column>),
    /// Declared NOT NULL, live nullable.
    LiveNullable(&'a Sourced<Column>),
    /// Undeclared, NOT NULL, without default: every insert would fail.
    UndeclaredRequired(&'a LiveColumn),
    NoPrimaryKey(&'a [String]),
    /// No unique key of the table is the declared one.
    PrimaryKeyDiffers(&'a [String], &'a LiveKey),
    /// `ON CONFLICT` fails while a table has it, whatever the key.
    DeferrableKey(&'a LiveIndex),
    /// `ON CONFLICT` fails, and rows may go elsewhere.
    Rule(&'a str),
    MissingIndex(&'a Sourced<Index>),
    InvalidIndex(&'a Sourced<Index>),
    IndexDiffers(&'a Sourced<Index>),
    IndexNameTaken(&'a Sourced<Index>),
}

impl Difference<'_> {
    /// The file to name in a message: that of the column or index, else the table's first.
    pub(crate) fn file<'a>(&'a self, declaration: &'a Declaration) -> &'a Path {
        match self {
            Self::MissingColumn(column)
            | Self::TypeDiffers(column, ..)
            | Self::Generated(column)
            | Self::LiveNotNull(column)
            | Self::LiveNullable(column) => &column.file,
            Self::MissingIndex(index)
            | Self::InvalidIndex(index)
            | Self::IndexDiffers(index)
            | Self::IndexNameTaken(index) => &index.file,
            _ => &declaration.file,
        }
    }
}

/// All differences of one table, in the order they are to be resolved.
pub(crate) fn differences(surveyed: &Surveyed) -> Vec<Difference<'_>> {
    let declaration = &surveyed.declaration;
    let Some(live) = &surveyed.live else {
        return missing_table(surveyed);
    };
    if let Kind::Other(what) = live.kind {
        return vec![Difference::NotATable(what)];
    }
    let mut all: Vec<Difference<'_>> = Vec::new();
    all.extend(declaration.columns.iter().flat_map(|column| column_differences(column, live)));
    all.extend(undeclared(declaration, live).filter(|column| required(column)).map(Difference::UndeclaredRequired));
    all.extend(key_difference(declaration, live));
    all.extend(live.indexes.iter().filter(|index| index.unique == Unique::Deferrable).map(Difference::DeferrableKey));
    all.extend(live.rule.as_deref().map(Difference::Rule));
    all.extend(declaration.indexes.iter().filter_map(|index| index_difference(surveyed, index)));
    all
}

fn missing_table(surveyed: &Surveyed) -> Vec<Difference<'_>> {
    let declaration = &surveyed.declaration;
    let schema = declaration.home.schema.as_deref().filter(|_| !surveyed.schema_exists);
    let indexes = declaration.indexes.iter().filter_map(|index| index_difference(surveyed, index));
    schema.map(Difference::MissingSchema).into_iter().chain([Difference::MissingTable]).chain(indexes).collect()
}

fn column_differences<'a>(column: &'a Sourced<Column>, live: &'a LiveTable) -> Vec<Difference<'a>> {
    let Some(found) = live.column(&column.value.name) else {
        return vec![Difference::MissingColumn(column)];
    };
    let mut differences = Vec::new();
    if let Assignment::Refused(reason) = &found.assignment {
        differences.push(Difference::TypeDiffers(column, found, reason));
    }
    if found.always_generated {
        differences.push(Difference::Generated(column));
    }
    // A view has no constraint of its own.
    if live.kind == Kind::View {
        return differences;
    }
    match (column.value.when_null, found.not_null) {
        (WhenNull::Reject, NotNull::Nothing) => differences.push(Difference::LiveNullable(column)),
        (WhenNull::LeaveOut, NotNull::Column) if found.has_default => {}
        // Inside a primary key that differs, the key is what has to change first.
        (WhenNull::Store | WhenNull::LeaveOut, NotNull::Column) if !live.in_primary_key(&found.name) => {
            differences.push(Difference::LiveNotNull(column));
        }
        _ => {}
    }
    differences
}

/// Live columns that no file declares.
pub(crate) fn undeclared<'a>(
    declaration: &'a Declaration,
    live: &'a LiveTable,
) -> impl Iterator<Item = &'a LiveColumn> {
    live.columns.iter().filter(|column| !declaration.declares(&column.name))
}

fn required(column: &LiveColumn) -> bool {
    column.not_null == NotNull::Column && !column.has_default
}

/// Any unique key can be the declared one. Without a declared key, a primary key that the table fills by itself is its own
/// affair; one of values from the file would refuse a message that is delivered again.
fn key_difference<'a>(declaration: &'a Declaration, live: &'a LiveTable) -> Option<Difference<'a>> {
    let declared = &declaration.primary_key;
    match &live.primary_key {
        Some(key) if declared.is_empty() && key.columns.iter().all(|name| declaration.declares(name)) => {
            Some(Difference::PrimaryKeyDiffers(declared, key))
        }
        _ if declared.is_empty() => None,
        // A deferrable key is reported as such.
        Some(key) if same_set(&key.columns, declared) => None,
        _ if live.has_conflict_target => None,
        None => Some(Difference::NoPrimaryKey(declared)),
        Some(key) => Some(Difference::PrimaryKeyDiffers(declared, key)),
    }
}

fn index_difference<'a>(surveyed: &Surveyed, index: &'a Sourced<Index>) -> Option<Difference<'a>> {
    let name = index_name(&surveyed.declaration.home.name, &index.value);
    let live: &[LiveIndex] = surveyed.live.as_ref().map_or(&[], |live| &live.indexes);
    if let Some(ours) = live.iter().find(|candidate| candidate.name == name) {
        return match (same_shape(ours, &index.value), ours.valid) {
            (false, _) => Some(Difference::IndexDiffers(index)),
            (true, false) => Some(Difference::InvalidIndex(index)),
            (true, true) => None,
        };
    }
    if live.iter().any(|candidate| replaces(candidate, &index.value)) {
        None
    } else if surveyed.taken.contains(&name) {
        Some(Difference::IndexNameTaken(index))
    } else {
        Some(Difference::MissingIndex(index))
    }
}

/// Whether an index made by hand, under another name, does the same. Predicates can't be compared, since PostgreSQL stores
/// them rewritten.
fn replaces(candidate: &LiveIndex, index: &Index) -> bool {
    candidate.valid && candidate.predicate.is_none() && same_shape(candidate, index)
}

fn same_shape(live: &LiveIndex, declared: &Index) -> bool {
    live.plain
        && live.method == declared.using.keyword()
        && (live.unique != Unique::No) == declared.unique
        && live.columns == declared.columns
        && live.predicate.is_some() == declared.predicate.is_some()
}
