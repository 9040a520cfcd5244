//! The `runner` binary.

use std::process::ExitCode;

use clap::Parser;

/// Most of the allocations of a message are small and die together; the system's allocator took a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runner::cli::Cli::parse().run()
}
