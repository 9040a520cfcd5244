//! `runner schema`: prints the JSON Schema of the pipeline file.

use crate::exit::Failure;
use crate::output;
use compiler::config::editor;

/// Print the JSON Schema of the pipeline file, with which editors complete and check it
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SchemaArgs {}

/// Runs the command.
pub(crate) fn run(_: &SchemaArgs) -> Result<(), Failure> {
    output::json(format_args!("{:#}", editor::schema()))
}
