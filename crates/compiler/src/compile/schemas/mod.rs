//! `schema:` compiled: a validator for each kind of event, and what its schema declares about its fields.

mod choose;
mod dangling;
mod files;

use crate::config::{self, PipelineFile, Schema, SchemaFiles};
use pipeline::decide::Schemas;
use pipeline::validate::{Draft, Options, SchemaSet};

use super::report::Report;
use super::{formats, keywords};
use schema::Shape;

/// The schemas, ready to check documents with and to look fields up in.
pub(super) struct Compiled<'a> {
    /// To check documents with.
    pub(super) schemas: Schemas,
    /// Each kind of event, in the pipeline file's order.
    pub(super) kinds: Vec<Kind<'a>>,
    /// The files they are in.
    pub(super) files: &'a SchemaFiles,
}

/// One kind of event.
#[derive(Debug, Clone)]
pub(super) struct Kind<'a> {
    /// The discriminator's values that distinguish it; empty when there is no other kind.
    pub(super) values: Vec<String>,
    /// What its schema declares about the whole event; `None` when that is unknown.
    pub(super) shape: Option<Shape<'a>>,
    /// The index of its schema among `files.parts`.
    pub(super) part: usize,
}

impl<'a> Compiled<'a> {
    /// What all events have in common: the shapes of every kind. `None` when one of them is unknown.
    pub(super) fn shape(&self) -> Option<Shape<'a>> {
        let shapes: Option<Vec<_>> = self.kinds.iter().map(|kind| kind.shape.clone()).collect();
        shapes?.into_iter().reduce(Shape::or)
    }

    /// The name of the file for messages.
    pub(super) fn name(&self) -> String {
        match &self.files.parts[..] {
            [] => String::new(),
            [one] => one.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            _ if self.files.parts.iter().all(|part| part.path == self.files.parts[0].path) => {
                self.files.parts[0].path.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
            several => format!("any of {} schemas", several.len()),
        }
    }
}

/// Compiles every schema the pipeline file names; what is wrong is reported.
pub(super) fn compile<'a>(file: &PipelineFile, report: &mut Report<'a>) -> Option<Compiled<'a>> {
    let files = report.text.schema.as_ref()?;
    let choice = choose::rules(&file.schema, report);
    if !files::readable(files, report) {
        return None;
    }
    let choice = choice?;
    let set = match SchemaSet::new(files.absolute(), options(&file.schema)) {
        Ok(set) => set,
        Err(error) => {
            files::report_rejected(&error, files, report);
            return None;
        }
    };
    let validators = files::validators(&set, files, report)?;
    if options(&file.schema).assert_formats {
        formats::check(files, report);
    }
    keywords::check(files, report);
    choice.compile(validators, files, report)
}

fn options(schema: &Schema) -> Options {
    let Schema::Selection(selection) = schema else {
        return Options::default();
    };
    let draft = selection.draft.as_ref().map(|draft| Draft::from(draft.value));
    let ignored = selection.formats.as_ref().is_some_and(|formats| formats.value == config::Formats::Ignore);
    Options { draft, assert_formats: !ignored }
}

#[cfg(test)]
mod tests;
