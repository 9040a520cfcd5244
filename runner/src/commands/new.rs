//! `runner new`: the first version of a pipeline, from a schema or from samples.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::format::Format;
use crate::{load, output};
use compiler::config::{Disk, Real};
use compiler::diagnostic::render;
use compiler::scaffold::{Error, Origin, Request, Scaffold, scaffold};
use pipeline::message::parse;
use schema::split_pointer;
use schema::type_of;

/// Bytes of the samples together.
const MAX_SAMPLES: u64 = 16 << 20;
/// Characters of a name: the name of its dead-letter queue is longer, and SQS takes 80.
const LONGEST_NAME: usize = 60;

/// Write a pipeline file, a producer template and test cases, from a JSON Schema or from sample events
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NewArgs {
    /// The pipeline's name: letters, digits, - and _
    #[arg(value_parser = name)]
    pub name: String,
    /// A JSON Schema of the events, or a part of it
    #[arg(
        long,
        value_name = "FILE[#/POINTER]",
        required_unless_present = "from_sample",
        conflicts_with = "from_sample"
    )]
    pub from_schema: Option<String>,
    /// Sample events: JSON objects one after another, or in one array
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub from_sample: Vec<PathBuf>,
    /// The folder of pipelines/ and schemas/
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command. With a file in the way, or a schema that is wrong, nothing is written.
pub(crate) fn run(args: &NewArgs) -> Result<(), Failure> {
    let settings = load::settings()?;
    let style = load::style(&settings);
    let request = Request { name: &args.name, folder: &args.into, origin: origin(args)? };
    let made = scaffold(&request, &Real).map_err(|error| match error {
        Error::Schema(problems) => Failure::Config(render(&problems, style)),
        Error::NoObject(_) => Failure::Config(format!("error: {error}\n  help: {ONE_EVENT}")),
    })?;
    write_all(&made)?;
    if !made.warnings.is_empty() {
        output::tell(format_args!("{}\n", render(&made.warnings, style).trim_end()));
    }
    if let Some(why) = &made.refused {
        output::tell(format_args!("warning: no sample event was found that is stored: {why}\n  help: {MEND}\n"));
    }
    print(&made, args.format)
}

const ONE_EVENT: &str = "name the part of the schema that describes one event, such as `FILE#/items`";
const ONE_SAMPLE: &str = "write each event as an object; several stand one after another, or in one array";
const MEND: &str = "mend the template, then take the `#` off the last lines of the pipeline file";

/// A name is a file's, a table's and a queue's.
fn name(text: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let right = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(known);
    if right && text.len() <= LONGEST_NAME {
        return Ok(text.to_owned());
    }
    Err(format!("a name is 1 to {LONGEST_NAME} letters, digits, `-` and `_`, and starts with a letter or a digit"))
}

fn origin(args: &NewArgs) -> Result<Origin, Failure> {
    if let Some(schema) = &args.from_schema {
        let (path, _) = split_pointer(schema);
        let pointer = &schema[path.len()..];
        let relative = relative(&args.into.join("pipelines"), Path::new(path))?;
        return Ok(Origin::Schema(format!("{relative}{pointer}")));
    }
    let texts = args.from_sample.iter().map(|path| Ok((path, sample_text(path)?)));
    let texts: Vec<(&PathBuf, String)> = texts.collect::<Result<_, Failure>>()?;
    let mut samples = Vec::new();
    for (path, text) in &texts {
        samples.extend(documents(path, text)?);
    }
    let text: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
    Ok(Origin::Samples(samples, text.join("\n")))
}

fn sample_text(path: &Path) -> Result<String, Failure> {
    let refused = |why: &dyn std::fmt::Display| Failure::Config(format!("error: can't read {}: {why}", path.display()));
    let bytes = Real.read(path, MAX_SAMPLES).map_err(|error| refused(&error))?;
    if bytes.len() as u64 > MAX_SAMPLES {
        return Err(refused(&format_args!("it is larger than {} MiB", MAX_SAMPLES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|_| refused(&"it is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
}

/// The samples of a file: its documents, and the items of those that are arrays; each is an object.
fn documents(path: &Path, text: &str) -> Result<Vec<Value>, Failure> {
    let refused = |why: String| Failure::Config(format!("error: {} is no sample: {why}", path.display()));
    let samples = stream(text).map_err(refused)?.into_iter().flat_map(|document| match document {
        Value::Array(items) => items,
        one => vec![one],
    });
    let samples: Vec<Value> = samples.collect();
    match samples.iter().find(|sample| !sample.is_object()) {
        None if samples.is_empty() => Err(refused("it is empty".to_owned())),
        None => Ok(samples),
        Some(other) => Err(refused(format!("{}, not an object\n  help: {ONE_SAMPLE}", type_of(other).word()))),
    }
}

/// JSON documents one after another, each read as strictly as a message's body is.
fn stream(text: &str) -> Result<Vec<Value>, String> {
    let mut ends = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    let mut documents = Vec::new();
    while let Some(document) = ends.next() {
        document.map_err(|error| error.to_string())?;
        let one = text[start..ends.byte_offset()].trim_start();
        let document = parse(one).map_err(|error| format!("document {}: {}", documents.len() + 1, error.message))?;
        documents.push(document);
        start = ends.byte_offset();
    }
    Ok(documents)
}

/// A path from a folder to a file, as the pipeline file names it.
fn relative(folder: &Path, file: &Path) -> Result<String, Failure> {
    let absolute = |path: &Path| -> Result<PathBuf, Failure> {
        let whole = std::path::absolute(path);
        let whole = whole.map_err(|error| Failure::Usage(format!("error: {} is no path: {error}", path.display())))?;
        Ok(compiler::config::join(&whole, ""))
    };
    let (folder, file) = (absolute(folder)?, absolute(file)?);
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// Writes every file, or none.
fn write_all(made: &Scaffold) -> Result<(), Failure> {
    let present: Vec<String> =
        made.files.iter().filter(|(path, _)| path.exists()).map(|(path, _)| path.display().to_string()).collect();
    if !present.is_empty() {
        let report =
            format!("error: already there: {}\n  help: choose another name, or move it away", present.join(", "));
        return Err(Failure::Usage(report));
    }
    for (at, (path, text)) in made.files.iter().enumerate() {
        if let Err(error) = write_new(path, text) {
            // What this command wrote a moment ago is nobody's yet.
            for (written, _) in &made.files[..at] {
                let _ = std::fs::remove_file(written);
            }
            return Err(Failure::Running(format!("error: can't write {}: {error}", path.display())));
        }
    }
    Ok(())
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn print(made: &Scaffold, format: Format) -> Result<(), Failure> {
    let paths: Vec<String> = made.files.iter().map(|(path, _)| path.display().to_string()).collect();
    let pipeline = &paths[0];
    let next: Vec<String> = next(made).map(|command| format!("runner {command} {pipeline}")).collect();
    match format {
        Format::Json => output::result(format_args!("{:#}", json!({ "files": paths, "next": next }))),
        Format::Human => {
            let wrote: Vec<String> = paths.iter().map(|path| format!("wrote {path}")).collect();
            output::result(format_args!("{}\n\nnext:\n  {}", wrote.join("\n"), next.join("\n  ")))
        }
    }
}

/// What there is to do now: without a producer there is nothing to show on this machine.
fn next(made: &Scaffold) -> impl Iterator<Item = &'static str> {
    let commands = ["validate-config", "test", "dev", "migrate up", "run"];
    let shown = made.refused.is_none();
    commands.into_iter().filter(move |command| shown || *command != "dev")
}
