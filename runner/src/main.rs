//! The `runner` binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    runner::cli::Cli::parse().run()
}
