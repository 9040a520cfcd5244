//! Makes the commit known to `runner --version`, where the sources are a git checkout.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=RUNNER_COMMIT");
    println!("cargo:rerun-if-changed=build.rs");
    // The reflog changes with each commit and each checkout.
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={log}");
    }
    let given = std::env::var("RUNNER_COMMIT").ok().filter(|commit| !commit.is_empty());
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    match given.or_else(|| git(&["rev-parse", "--short=10", "HEAD"])) {
        Some(commit) => println!("cargo:rustc-env=RUNNER_VERSION={version} ({commit})"),
        None => println!("cargo:rustc-env=RUNNER_VERSION={version}"),
    }
}

fn git(args: &[&str]) -> Option<String> {
    let output = Command::new("git").args(args).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
