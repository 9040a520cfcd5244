//! What a message becomes: rows of cells, ready to be written.

/// All rows of one message. They commit together or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// One entry per table of the pipeline, in the plan's order (the index is the table's).
    pub tables: Vec<Vec<Row>>,
}

impl Rows {
    /// Whether the message becomes no row at all.
    pub fn is_empty(&self) -> bool {
        self.tables.iter().all(Vec::is_empty)
    }

    /// About how many bytes they use in memory.
    pub fn size(&self) -> usize {
        self.tables.iter().flatten().flatten().map(Cell::size).sum()
    }
}

/// One row: a cell per column, in the plan's order.
pub type Row = Vec<Cell>;

/// A value that already fits its column's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// boolean
    Bool(bool),
    /// smallint
    Int2(i16),
    /// integer
    Int4(i32),
    /// bigint
    Int8(i64),
    /// real
    Float4(f32),
    /// double precision
    Float8(f64),
    /// uuid
    Uuid([u8; 16]),
    /// timestamptz: microseconds since 2000-01-01 00:00 UTC, PostgreSQL's own epoch
    Timestamptz(i64),
    /// text
    Text(String),
    /// Every other type: a text PostgreSQL casts to the column's type, exact to the last digit
    /// (numeric, jsonb, date, time, interval, inet, bytea, and arrays as `{...}` literals).
    Literal(String),
}

impl Cell {
    /// About how many bytes it uses in memory.
    pub fn size(&self) -> usize {
        let text = match self {
            Self::Text(text) | Self::Literal(text) => text.len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }
}
