//! The environment of the process, with the variables of a `.env` file.

use std::io;

use compiler::config::Environment;

/// Why a `.env` file can't be used. Never shows the file's contents, which include passwords.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It can't be read.
    #[error("can't read .env: {0}")]
    Unreadable(io::Error),
    /// A line of it is not `NAME=VALUE`.
    #[error("the line after {after} in .env is not NAME=VALUE")]
    Line {
        /// The variable before it, or the start of the file.
        after: String,
    },
}

impl EnvFileError {
    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable(_) => None,
            Self::Line { .. } => Some("put a value with spaces, quotes or `#` into single quotes"),
        }
    }
}

/// Reads the environment of this process and adds the `.env` file in the working directory. A variable that is set wins
/// over the file.
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
