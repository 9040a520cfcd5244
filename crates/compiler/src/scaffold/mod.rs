//! `runner new`: from a schema, from samples or from a table to a pipeline file, a template and test cases.
//!
//! Pure: it reads files through [`Disk`] and writes nothing. What it makes has been compiled and tried out with the
//! pipeline's own steps before it is returned.

mod array;
mod candidates;
mod cases;
mod choices;
mod column;
mod columns;
mod draft;
mod event;
mod from_sample;
mod infer;
mod keywords;
mod lengths;
mod lookaround;
mod names;
mod node;
mod number;
mod object;
mod order;
mod pattern;
mod string;
mod table_columns;
mod table_schema;
mod try_out;
mod types;
mod variants;
mod yaml;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compile::{Compiled, compile};
use crate::config::join;
use crate::config::load::load_text;
use crate::config::{Disk, Entry, Environment, Files, PipelineText};
use crate::diagnostic::{Diagnostic, SourceText};
use pipeline::ExistingTable;
use pipeline::message::Rejection;
use schema::{Shape, Type};

use columns::Columns;
use draft::Draft;
use node::Node;
use order::KeyOrder;

/// What to make, and of what.
#[derive(Debug)]
pub struct Request<'a> {
    /// The pipeline's name, and its table's where the table is still to be created.
    pub name: &'a str,
    /// The folder of `pipelines/` and `schemas/`.
    pub folder: &'a Path,
    /// The source of what is known about the events.
    pub origin: Origin,
}

/// Where the structure of the events is known from.
#[derive(Debug)]
pub enum Origin {
    /// A schema, as the pipeline file will name it: a path from `pipelines/`, with an optional `#/pointer`.
    Schema(String),
    /// Samples, one at least; and their text, for the order of the fields.
    Samples(Vec<Value>, String),
    /// A table that others made, which is to be filled.
    Table(ExistingTable),
}

/// What was made.
#[derive(Debug)]
pub struct Scaffold {
    /// The files by their path, the pipeline file first.
    pub files: Vec<(PathBuf, String)>,
    /// What the compiler warns of; nothing, as a rule.
    pub warnings: Vec<Diagnostic>,
    /// Why the pipeline rejects the events of its template, which then is not listed in its producer; `None`, as a rule.
    pub refused: Option<String>,
}

/// Why nothing can be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The schema is wrong.
    #[error("the schema can't be used")]
    Schema(Vec<Diagnostic>),
    /// A pipeline maps the fields of an object, and the events are none.
    #[error("an event is {0}, not an object with fields that columns could be made of")]
    NoObject(&'static str),
}

/// Makes the files of a pipeline; `disk` has the schema's.
pub fn scaffold(request: &Request<'_>, disk: &dyn Disk) -> Result<Scaffold, Error> {
    let mut written = Written::new(request, disk);
    if let Some(schema) = new_schema(request) {
        written.files.insert(written.path("schemas", ".schema.json"), schema.text(0) + "\n");
    }
    let schema = written.files_of(&Draft::new(request, &Columns::whole()).text());
    compile(&schema).map_err(Error::Schema)?;
    let (columns, order) = columns(request, &schema.pipelines[0])?;
    let draft = Draft::new(request, &columns);
    let compiled = written.compile(&draft.text()).map_err(Error::Schema)?;
    let pipeline = compiled.pipelines.first().expect("one file that compiles is one pipeline");
    let tried = match &request.origin {
        Origin::Samples(samples, _) => try_out::find(pipeline, |choices| from_sample::event(samples, &order, choices)),
        Origin::Schema(_) | Origin::Table(_) => {
            let shape = document(&schema.pipelines[0]).expect("it was there a moment ago");
            try_out::find(pipeline, |choices| event::event(&shape, &order, choices))
        }
    };
    let cases = cases::text(pipeline, &tried.text, &order);
    written.files.insert(written.path("pipelines", ".json.hbs"), tried.text + "\n");
    written.files.insert(written.path("pipelines", ".test.yaml"), cases);
    written.finish(draft, tried.rejection.map(reason))
}

/// The schema of the events, where there is none yet.
fn new_schema(request: &Request<'_>) -> Option<Node> {
    match &request.origin {
        Origin::Schema(_) => None,
        Origin::Samples(samples, text) => {
            Some(infer::Inference::new(&KeyOrder::of_values(text)).document(request.name, samples))
        }
        Origin::Table(table) => Some(table_schema::document(request.name, table)),
    }
}

fn reason(rejection: Rejection) -> String {
    let Rejection { column, message, .. } = rejection;
    column.map_or_else(|| message.clone(), |column| format!("column `{column}`: {message}"))
}

/// The columns, and the order of an event's fields.
fn columns(request: &Request<'_>, pipeline: &PipelineText) -> Result<(Columns, KeyOrder), Error> {
    let shape = document(pipeline).ok_or(Error::NoObject("unknown"))?;
    if !shape.may_be(Type::Object) {
        return Err(Error::NoObject(shape.types().first().map_or("impossible", |(ty, _)| ty.word())));
    }
    let order = match &request.origin {
        Origin::Samples(_, text) => KeyOrder::of_values(text),
        Origin::Schema(_) | Origin::Table(_) => KeyOrder::of_schema(&schema_text(pipeline)),
    };
    let columns = match &request.origin {
        Origin::Schema(_) => Columns::of(&shape, &order, request.name),
        Origin::Samples(samples, _) => Columns::of(&shape, &order, request.name).compare(samples),
        Origin::Table(table) => Columns::of_table(table),
    };
    Ok((columns, order))
}

/// The shape of the events of a pipeline file.
fn document(pipeline: &PipelineText) -> Option<Shape<'_>> {
    Shape::of_part(pipeline.schema.as_ref()?, 0)
}

/// The schema's own file first, then those it refers to.
fn schema_text(pipeline: &PipelineText) -> String {
    let Some(files) = &pipeline.schema else {
        return String::new();
    };
    let own = files.parts.first().and_then(|part| files.documents.get(&part.path)).into_iter();
    let texts = own.chain(files.documents.values()).map(|document| document.source.text.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// The files so far, in front of those that are there already.
struct Written<'a> {
    name: &'a str,
    folder: &'a Path,
    files: BTreeMap<PathBuf, String>,
    disk: &'a dyn Disk,
}

impl Disk for Written<'_> {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self.files.get(path).map_or_else(|| self.disk.read(path, limit), |text| Ok(text.clone().into_bytes()))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        self.disk.list(folder)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        if self.files.contains_key(path) { Ok(path.to_owned()) } else { self.disk.target(path) }
    }
}

impl<'a> Written<'a> {
    fn new(request: &Request<'a>, disk: &'a dyn Disk) -> Self {
        Self { name: request.name, folder: request.folder, files: BTreeMap::new(), disk }
    }

    fn path(&self, folder: &str, ending: &str) -> PathBuf {
        join(self.folder, &format!("{folder}/{}{ending}", self.name))
    }

    /// A pipeline file with all it names, as if it were written already.
    fn files_of(&self, pipeline: &str) -> Files {
        let source = SourceText::new(self.path("pipelines", ".yaml"), pipeline);
        Files { pipelines: vec![load_text(source, &Environment::new(), self)], problems: Vec::new() }
    }

    fn compile(&self, pipeline: &str) -> Result<Compiled, Vec<Diagnostic>> {
        compile(&self.files_of(pipeline))
    }

    fn finish(self, draft: Draft<'_>, refused: Option<String>) -> Result<Scaffold, Error> {
        let pipeline = draft.with_producer(refused.as_deref()).text();
        let warnings = self.compile(&pipeline).map_err(Error::Schema)?.warnings;
        let own = (self.path("pipelines", ".yaml"), pipeline);
        Ok(Scaffold { files: std::iter::once(own).chain(self.files).collect(), warnings, refused })
    }
}
