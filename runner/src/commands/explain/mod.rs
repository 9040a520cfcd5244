//! `runner explain`: what a pipeline does, in words, and what it does with one message; or what a code means.

mod code;
mod overview;
mod steps;

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output::format::Format;
use crate::{load, output, text_file};
use compiler::sample_metadata;
use pipeline::message::{Delivery, Receipt};

/// Explain what a pipeline does, in words and as a table; with --message, what it does with that message, step by step. Or explain a code of validate-config
#[derive(Debug, Clone, clap::Args)]
pub struct ExplainArgs {
    /// Read this pipeline file, or explain this code, such as E0113
    #[arg(value_name = "PIPELINE|CODE")]
    pub path: PathBuf,
    /// Read a message's body from this file, or from stdin with -
    #[arg(long, value_name = "FILE|-")]
    pub message: Option<PathBuf>,
    /// Add this attribute to the message; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute, requires = "message")]
    pub attributes: Vec<(String, String)>,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command. A message that the pipeline rejects is explained too: that is not a failure of this command.
pub(crate) fn run(args: &ExplainArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    if let Some(code) = args.path.to_str().and_then(code::find) {
        return match args.format {
            Format::Human => output::result(code::human(code)),
            Format::Json => output::json(format_args!("{:#}", code::json(code))),
        };
    }
    let settings = load::settings(env_file)?;
    let files = compiler::config::load(std::slice::from_ref(&args.path), settings.env());
    let style = load::style(&settings);
    let compiled = compiler::compile(&files).map_err(|found| Failure::Diagnostics { found, style })?;
    let ([pipeline], [text]) = (&compiled.pipelines[..], &files.pipelines[..]) else {
        return Err(Failure::Folder(args.path.clone()));
    };
    let about = overview::About::new(pipeline, text);
    let decided = match &args.message {
        None => None,
        Some(path) => Some(steps::Decided::new(pipeline, &about, &delivery(path, &args.attributes)?)),
    };
    match args.format {
        Format::Human => {
            let message = decided.map(|decided| format!("\n{}", decided.human()));
            output::result(format!("{}{}", about.human(), message.unwrap_or_default()).trim_end())
        }
        Format::Json => {
            let mut json = about.json();
            if let Some(decided) = decided {
                json["message"] = decided.json();
            }
            output::json(format_args!("{json:#}"))
        }
    }
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write an attribute as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn delivery(path: &Path, attributes: &[(String, String)]) -> Result<Delivery, Failure> {
    let body = body(path).map_err(|error| Failure::UnreadableMessage { path: path.to_owned(), error })?;
    let metadata = sample_metadata(&attributes.iter().cloned().collect());
    Ok(Delivery { body, metadata, receipt: Receipt(String::new()) })
}

fn body(path: &Path) -> std::io::Result<String> {
    if path != Path::new("-") {
        return text_file::read(path);
    }
    let mut body = Vec::new();
    std::io::stdin().lock().take(text_file::MAX_BYTES + 1).read_to_end(&mut body)?;
    text_file::text(body)
}
