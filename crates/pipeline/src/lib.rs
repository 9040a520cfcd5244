//! What a pipeline is: deliveries, the rows they become, and everything that decides between the two.
//!
//! Pure: nothing here waits, connects or stores. The modules in reading order:

pub mod escape;
pub mod message;
pub mod row;

pub mod column_type;
mod table;

pub mod cast;
mod mapping;
mod sqs_metadata;

pub mod validate;

pub mod decide;

pub mod producer;

mod existing;
mod pipeline;
mod queue;
mod source;

pub use column_type::{ColumnType, ParseTypeError, ScalarType};
pub use existing::{ColumnDefault, ExistingColumn, ExistingTable};
pub use mapping::{ColumnMapping, Mapping, TableMapping};
pub use pipeline::{OnConflict, Pipeline, Producer, Target};
pub use queue::{QueueError, QueueRef};
pub use source::{Source, shortest_visibility, too_short_visibility};
pub use table::{Column, Index, IndexMethod, LiveTypes, Table, TableName, TypeName, WhenNull, path_as_text};
