//! `runner completions`: the completions of a shell.

use clap_complete::Shell;

use crate::exit::Failure;
use crate::output;

/// Print the completions of a shell. For bash: `runner completions bash > /etc/bash_completion.d/runner`
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Runs the command for a program.
pub(crate) fn run(args: &CompletionsArgs, mut program: clap::Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "runner", &mut script);
    output::result(String::from_utf8_lossy(&script).trim_end())
}
