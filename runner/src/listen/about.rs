//! What a pipeline is, for the page.

use pipeline::Pipeline;
use serde::Serialize;

/// The names in a pipeline's picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct About {
    file: String,
    queue: String,
    dlq: String,
    /// `2 tables, 11 columns`.
    mapping: String,
}

impl About {
    pub(crate) fn new(pipeline: &Pipeline) -> Self {
        let (source, targets) = (pipeline.source(), pipeline.targets());
        let columns = targets.iter().map(|target| target.table.columns.len()).sum();
        Self {
            file: pipeline.file().display().to_string(),
            queue: source.queue.name().to_owned(),
            dlq: source.dlq.name().to_owned(),
            mapping: format!("{}, {}", counted(targets.len(), "table"), counted(columns, "column")),
        }
    }
}

fn counted(number: usize, word: &str) -> String {
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}
