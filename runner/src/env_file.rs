//! The file of variables that stands beside the environment: `.env` of the working directory, or the one that is named.
//!
//! Values are literal. A password may contain `$` or `\`, and no crate reads it without substituting them.

use std::path::{Path, PathBuf};

use crate::text_file;

/// The file in the working directory that is read unless another is named.
const DEFAULT: &str = ".env";

/// Which file of variables is read.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct EnvFileFlags {
    /// Read variables from this file instead of .env in the working directory
    #[arg(long, value_name = "FILE", global = true, help_heading = "Environment")]
    env_file: Option<PathBuf>,
    /// Do not read .env
    #[arg(long, global = true, conflicts_with = "env_file", help_heading = "Environment")]
    no_env_file: bool,
}

impl EnvFileFlags {
    /// The file to read. Without flags it is `.env`, if there is such a file: a folder may have that name, too.
    fn path(&self) -> Option<&Path> {
        let default = Path::new(DEFAULT);
        match &self.env_file {
            Some(path) => Some(path),
            None => (!self.no_env_file && default.is_file()).then_some(default),
        }
    }

    /// Reads the file, if there is one.
    pub(crate) fn read(&self) -> Result<Option<EnvFile>, EnvFileError> {
        let Some(path) = self.path() else { return Ok(None) };
        let text = text_file::read(path).map_err(|error| EnvFileError::Unreadable { path: path.to_owned(), error })?;
        let variables =
            variables(&text).map_err(|(line, mistake)| EnvFileError::Line { path: path.to_owned(), line, mistake })?;
        Ok(Some(EnvFile { path: path.to_owned(), variables }))
    }
}

/// A file of variables that was read.
#[derive(Debug)]
pub(crate) struct EnvFile {
    /// Where it is, for the log.
    pub(crate) path: PathBuf,
    /// Names and values, in the order of the file.
    pub(crate) variables: Vec<(String, String)>,
}

/// Why a file of variables can't be used. Never shows the file's contents, which include passwords.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It can't be read.
    #[error("can't read {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A line of it is wrong.
    #[error("{}:{line}: {mistake}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        mistake: Mistake,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// No `=`, or no name before it.
    #[error("this line is not NAME=VALUE")]
    NoAssignment,
    /// The text ends inside a value.
    #[error("the quote that opens this value is not closed")]
    OpenQuote,
    /// The value contains its own quote.
    #[error("there is text after the quote that closes this value")]
    AfterQuote,
}

impl EnvFileError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "correct --env-file, or start without the file: --no-env-file",
            Self::Line { mistake: Mistake::NoAssignment, .. } => {
                "a name has letters, digits and `_`; a comment starts with `#`"
            }
            Self::Line { .. } => {
                "values are literal: put one that contains a quote into quotes of the other kind, or write it without any"
            }
        }
    }
}

/// Reads `NAME=VALUE` lines; an error has the number of its line.
fn variables(text: &str) -> Result<Vec<(String, String)>, (usize, Mistake)> {
    let text = text.trim_start_matches('\u{feff}');
    let mut variables = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let before = &text[..text.len() - rest.len()];
        rest = match variable(rest).map_err(|mistake| (before.matches('\n').count() + 1, mistake))? {
            Some((name, value, rest)) => {
                variables.push((name.to_owned(), value.to_owned()));
                rest
            }
            None => line(rest).1,
        };
    }
    Ok(variables)
}

/// The variable in the first line of a text, and what follows it; `None` for an empty line or a comment.
fn variable(text: &str) -> Result<Option<(&str, &str, &str)>, Mistake> {
    let (first, _) = line(text);
    if is_blank(first) {
        return Ok(None);
    }
    let (name, _) = first.split_once('=').ok_or(Mistake::NoAssignment)?;
    let after_name = &text[name.len() + 1..];
    let name = name.trim().strip_prefix("export ").unwrap_or(name).trim();
    if !is_name(name) {
        return Err(Mistake::NoAssignment);
    }
    let value = after_name.trim_start_matches([' ', '\t']);
    for quote in ['\'', '"'] {
        if let Some(quoted) = value.strip_prefix(quote) {
            // A key or a certificate has several lines.
            let (value, after) = quoted.split_once(quote).ok_or(Mistake::OpenQuote)?;
            let (after, rest) = line(after);
            return if is_blank(after) { Ok(Some((name, value, rest))) } else { Err(Mistake::AfterQuote) };
        }
    }
    let (value, rest) = line(after_name);
    Ok(Some((name, without_comment(value).trim(), rest)))
}

/// The first line, and those after it.
fn line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

fn is_blank(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
}

/// A comment starts with a `#` after a space. Any other `#` belongs to the value.
fn without_comment(value: &str) -> &str {
    let start = value.match_indices('#').find(|(at, _)| value[..*at].ends_with([' ', '\t']));
    start.map_or(value, |(at, _)| &value[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_literal() {
        for (line, value) in [
            ("V=ab$defgh@jk", "ab$defgh@jk"),
            ("V='ab$defgh @#jk'", "ab$defgh @#jk"),
            (r#"V="ab${HOME}\n\" # a comment"#, r"ab${HOME}\n\"),
            (r"V=C:\path\'x", r"C:\path\'x"),
            (r#"V=it's "so""#, r#"it's "so""#),
            ("V=a#b # a comment", "a#b"),
            ("V= # a comment", ""),
            ("V=#b", "#b"),
            ("V=", ""),
            ("  export V = a b \r", "a b"),
            ("V='two\nlines'\r", "two\nlines"),
            ("\u{feff}V=a=b", "a=b"),
        ] {
            for text in [line.to_owned(), format!("{line}\n\n# a comment\nW=w\n")] {
                let found = variables(&text).unwrap_or_else(|(line, mistake)| panic!("{text:?}: {line}: {mistake}"));
                assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("V", value), "{text:?}");
            }
        }
    }

    #[test]
    fn an_error_has_the_line_where_its_variable_starts() {
        for (text, expected) in [
            ("# a comment\nit's broken", (2, Mistake::NoAssignment)),
            ("A='two\nlines'\n=b", (3, Mistake::NoAssignment)),
            ("A-B=c", (1, Mistake::NoAssignment)),
            ("A=1\nB=\"c\nD=2", (2, Mistake::OpenQuote)),
            ("A=\"b\"c", (1, Mistake::AfterQuote)),
        ] {
            assert_eq!(variables(text), Err(expected), "{text:?}");
        }
    }
}
