//! `runner man`: the manual page, for `man`.

use crate::exit::Failure;
use crate::output;

/// Print the manual page of runner, or of one of its commands. To read it: `runner man run | man -l -`
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ManArgs {
    /// The command
    pub command: Option<String>,
}

/// Runs the command for a program.
pub(crate) fn run(args: &ManArgs, program: clap::Command) -> Result<(), Failure> {
    let described = match &args.command {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| Failure::NoSuchCommand(name.clone()))?;
            command.clone().display_name(format!("runner-{name}"))
        }
    };
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(described).render(&mut page);
    output::result(String::from_utf8_lossy(&page).trim_end())
}
