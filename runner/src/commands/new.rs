//! `runner new`: writes the first version of a pipeline, from a schema, from samples or for a table.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde_json::json;

use crate::connection::DatabaseFlags;
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output::format::Format;
use crate::settings::Settings;
use crate::{existing_table, load, output, samples};
use compiler::config::Real;
use compiler::diagnostic::render;
use compiler::scaffold::{Error, Origin, Request, Scaffold, scaffold};
use schema::split_pointer;

/// Characters of a name, at most. SQS allows 80, and the name of the dead-letter queue is longer.
const MAX_NAME_LENGTH: usize = 60;

/// Write a pipeline file, a producer template and test cases, from a JSON Schema, from sample events or for a table of the database
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct NewArgs {
    /// Give the pipeline this name: letters, digits, - and _
    #[arg(value_parser = name)]
    pub name: String,
    /// Start from a JSON Schema of the events, or from a part of it
    #[arg(
        long,
        value_name = "FILE[#/POINTER]",
        required_unless_present_any = ["from_sample", "from_table"],
        conflicts_with_all = ["from_sample", "from_table"]
    )]
    pub from_schema: Option<String>,
    /// Start from sample events: JSON objects one after another, or in one array
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "from_table")]
    pub from_sample: Vec<PathBuf>,
    /// Start from a table that is in the database already: its columns, and a schema of the events that fill it
    #[arg(long, value_name = "[SCHEMA.]TABLE")]
    pub from_table: Option<String>,
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Write into pipelines/ and schemas/ of this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub into: PathBuf,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command. Writes nothing if one of the files exists already, or if the schema is wrong.
pub(crate) fn run(args: &NewArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let settings = load::settings(env_file)?;
    let style = load::style(&settings);
    let request = Request { name: &args.name, folder: &args.into, origin: origin(args, &settings)? };
    let made = scaffold(&request, &Real).map_err(|error| match error {
        Error::Schema(found) => Failure::Diagnostics { found, style },
        Error::NoObject(_) => Failure::Scaffold(error),
    })?;
    write_all(&made)?;
    if !made.warnings.is_empty() {
        output::to_stderr(format_args!("{}\n", render(&made.warnings, style).trim_end()));
    }
    if let Some(reason) = &made.refused {
        output::to_stderr(format_args!(
            "warning: no sample event was found that can be stored: {reason}\n  \
             help: fix the template, then remove the `#` from the last lines of the pipeline file\n"
        ));
    }
    print(&made, args)
}

/// Reads a name that can be the name of a file, a table and a queue.
fn name(text: &str) -> Result<String, String> {
    let first_is_right = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    let all_are_right = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if first_is_right && all_are_right && text.len() <= MAX_NAME_LENGTH {
        return Ok(text.to_owned());
    }
    Err(format!("a name is 1 to {MAX_NAME_LENGTH} letters, digits, `-` and `_`, and starts with a letter or a digit"))
}

fn origin(args: &NewArgs, settings: &Settings) -> Result<Origin, Failure> {
    if let Some(table) = &args.from_table {
        let file = args.into.join("pipelines").join(format!("{}.yaml", args.name));
        let server = args.database.server(settings)?;
        return Ok(Origin::Table(existing_table::read(&server, table, &file)?));
    }
    let Some(schema) = &args.from_schema else {
        let samples = samples::read(&args.from_sample)?;
        return Ok(Origin::Samples(samples.events, samples.text));
    };
    let (path, _) = split_pointer(schema);
    let pointer = &schema[path.len()..];
    let relative = relative(&args.into.join("pipelines"), Path::new(path))?;
    Ok(Origin::Schema(format!("{relative}{pointer}")))
}

/// The path from a folder to a file, as the pipeline file writes it.
fn relative(folder: &Path, file: &Path) -> Result<String, Failure> {
    let (folder, file) = (absolute(folder)?, absolute(file)?);
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (folder.components().collect(), file.components().collect());
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    Ok(up.chain(down).collect::<Vec<_>>().join("/"))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    match std::path::absolute(path) {
        Ok(absolute) => Ok(compiler::config::join(&absolute, "")),
        Err(error) => Err(Failure::InvalidPath { path: path.to_owned(), error }),
    }
}

/// Writes every file, or none.
fn write_all(made: &Scaffold) -> Result<(), Failure> {
    let paths = made.files.iter().map(|(path, _)| path);
    let existing: Vec<PathBuf> = paths.filter(|path| path.exists()).cloned().collect();
    if !existing.is_empty() {
        return Err(Failure::FilesExist(existing));
    }
    for (index, (path, text)) in made.files.iter().enumerate() {
        if let Err(error) = write_new(path, text) {
            // Only this command has seen the files it wrote a moment ago.
            for (written, _) in &made.files[..index] {
                let _ = std::fs::remove_file(written);
            }
            return Err(Failure::Unwritable { path: path.clone(), error });
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

fn print(made: &Scaffold, args: &NewArgs) -> Result<(), Failure> {
    let paths: Vec<String> = made.files.iter().map(|(path, _)| path.display().to_string()).collect();
    let pipeline = &paths[0];
    let next: Vec<String> = next(made, args).iter().map(|command| format!("runner {command} {pipeline}")).collect();
    match args.format {
        Format::Json => output::json(format_args!("{:#}", json!({ "files": paths, "next": next }))),
        Format::Human => {
            let wrote: Vec<String> = paths.iter().map(|path| format!("wrote {path}")).collect();
            output::result(format_args!("{}\n\nnext:\n  {}", wrote.join("\n"), next.join("\n  ")))
        }
    }
}

/// The commands to run next. `dev` needs a producer, and a binary that has it. A table that is there needs no migration.
fn next(made: &Scaffold, args: &NewArgs) -> Vec<&'static str> {
    let mut commands = vec!["validate-config", "test"];
    if made.refused.is_none() && cfg!(feature = "dev") {
        commands.push("dev");
    }
    if args.from_table.is_none() {
        commands.push("migrate up");
    }
    commands.push("run");
    commands
}
