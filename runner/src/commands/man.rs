//! `runner man`: the manual page, for `man`.

use crate::cli::Cli;
use crate::exit::Failure;
use crate::output;

/// Print the manual page of runner, or of one of its commands. To read it: `runner man run | man -l -`
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ManArgs {
    /// The command
    #[arg(value_parser = subcommand)]
    pub command: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    let all = Cli::description();
    let described = match args.command.as_deref().and_then(|name| all.find_subcommand(name)) {
        Some(command) => command.clone().display_name(format!("runner-{}", command.get_name())),
        None => all,
    };
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = clap_mangen::Man::new(described).render(&mut page);
    output::result(String::from_utf8_lossy(&page).trim_end())
}

fn subcommand(name: &str) -> Result<String, String> {
    match Cli::description().find_subcommand(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err("runner has no such command".to_owned()),
    }
}
