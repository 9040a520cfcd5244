//! `runner schema`: the JSON Schema of the pipeline file.

use super::exit::Failure;
use super::output;
use crate::config::editor;

/// Print the JSON Schema of the pipeline file, by which editors complete and check it
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SchemaArgs {}

/// Runs the command.
pub(super) fn run(_: &SchemaArgs) -> Result<(), Failure> {
    output::result(format_args!("{:#}", editor::schema()))
}
