//! The environment of the process, with the variables of a file.

use compiler::config::Environment;

use crate::env_file::EnvFile;

/// Reads the environment of this process and adds the variables of a file. A variable that is set wins over the file.
pub(crate) fn environment(file: Option<&EnvFile>) -> Environment {
    let mut env: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    for (name, value) in file.iter().flat_map(|file| &file.variables) {
        env.entry(name.clone()).or_insert_with(|| value.clone());
    }
    env
}
