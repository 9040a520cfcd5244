//! The environment of the process, and what a `.env` file adds to it.

use std::io;

use compiler::config::Environment;

/// Why a `.env` file is no use. Never shows what is in the file: passwords are.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It can't be read.
    #[error("can't read .env: {0}")]
    Unreadable(io::Error),
    /// A line of it is not `NAME=VALUE`.
    #[error(
        "the line after {after} in .env is no NAME=VALUE; put a value with spaces, quotes or `#` into single quotes"
    )]
    Line {
        /// The variable before it, or the start of the file.
        after: String,
    },
}

/// The environment of this process, with what a `.env` file here adds to it. A variable that is set wins over the file.
pub fn environment() -> Result<Environment, EnvFileError> {
    let mut env: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match dotenvy::dotenv_iter() {
        Ok(entries) => add_env_file(&mut env, entries)?,
        Err(error) if error.not_found() => {}
        Err(error) => return Err(env_file_error(error, "its start")),
    }
    Ok(env)
}

fn add_env_file(
    env: &mut Environment,
    entries: impl Iterator<Item = dotenvy::Result<(String, String)>>,
) -> Result<(), EnvFileError> {
    let mut last = "its start".to_owned();
    for entry in entries {
        let (name, value) = entry.map_err(|error| env_file_error(error, &last))?;
        last = format!("{name}=...");
        env.entry(name).or_insert(value);
    }
    Ok(())
}

fn env_file_error(error: dotenvy::Error, last: &str) -> EnvFileError {
    match error {
        dotenvy::Error::Io(error) => EnvFileError::Unreadable(error),
        _ => EnvFileError::Line { after: last.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_adds_variables_and_its_errors_keep_its_secrets() {
        let mut env = Environment::from([("A".to_owned(), "set".to_owned())]);
        let read = |text: &'static str| dotenvy::from_read_iter(text.as_bytes());
        add_env_file(&mut env, read("A=file\nB='two # words'\n")).unwrap();
        assert_eq!((env["A"].as_str(), env["B"].as_str()), ("set", "two # words"));
        let error = add_env_file(&mut env, read("DB_USER=me\nDB_PASSWORD=\"secret\n")).unwrap_err();
        assert!(error.to_string().starts_with("the line after DB_USER=... in .env"), "{error}");
    }
}
