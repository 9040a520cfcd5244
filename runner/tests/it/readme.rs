//! Every command the documentation shows exists, with the flags it shows.

use std::fs;

use crate::documents::blocks_in;
use crate::stack::{Stack, repository};

/// The lines of the `sh` blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let blocks = blocks_in(page, "sh");
    let lines = blocks.iter().flat_map(|block| block.text.lines());
    lines.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Commands of `runner`, however they are started, as its arguments.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let rest =
        command.strip_prefix("runner ").or_else(|| command.split_once("cargo run --release -- ").map(|it| it.1))?;
    Some(rest.split('#').next().unwrap_or(rest).split_whitespace().collect())
}

#[test]
fn every_command_of_the_readme_parses() {
    let commands = commands("README.md");
    assert!(commands.len() > 10, "the blocks were found: {commands:?}");
    for command in &commands {
        if let Some(arguments) = arguments(command) {
            let words = std::iter::once("runner").chain(arguments);
            let parsed = runner::cli::Cli::description().try_get_matches_from(words);
            assert!(parsed.is_ok(), "`{command}`: {}", parsed.unwrap_err());
            continue;
        }
        // Their own tests, or tools of somebody else's.
        let known = ["make ", "cp ", "$EDITOR ", "docker compose ", "cargo bench ", "cargo install ", "aws sqs "];
        assert!(known.iter().any(|word| command.starts_with(word)), "who tests `{command}`?");
    }
}

#[test]
fn every_make_target_of_the_readme_exists() {
    let makefile = fs::read_to_string(repository().join("Makefile")).expect("the Makefile is there");
    for command in commands("README.md") {
        if let Some(target) = command.strip_prefix("make ") {
            let rule = format!("\n{}:", target.split_whitespace().next().expect("a target"));
            assert!(makefile.contains(&rule), "`{command}`");
        }
    }
}

/// The commands under "Add an event type in two minutes", run as they stand.
#[tokio::test]
async fn the_two_minutes_of_the_readme_are_true() {
    let stack = Stack::new().await;
    let commands = commands("README.md");
    let start = commands.iter().position(|command| command.starts_with("cp ")).expect("the block is there");
    let block: Vec<_> = commands[start..].iter().take_while(|command| !command.starts_with("docker")).take(6).collect();
    assert!(block.last().is_some_and(|last| last.starts_with("runner run ")), "{block:?}");
    for command in block {
        if let Some(files) = command.strip_prefix("cp ") {
            let (from, to) = files.split_once(' ').expect("two files");
            fs::copy(stack.home.path().join(from), stack.home.path().join(to)).expect("a copy");
            continue;
        }
        if let Some(files) = command.strip_prefix("$EDITOR ") {
            for file in files.split_whitespace().map(|file| stack.home.path().join(file)) {
                let text = fs::read_to_string(&file).expect("the copy is there");
                let text = text
                    .replace("orders", "invoices")
                    .replace("ORDERS", "INVOICES")
                    .replace("order.schema", "invoice.schema");
                fs::write(&file, text).expect("the file is written");
            }
            continue;
        }
        let mut arguments = arguments(command).expect("a command of runner");
        if arguments[0] == "run" {
            arguments.push("--until-empty");
        }
        let mut run = stack.runner(&arguments);
        run.env("INVOICES_QUEUE_NAME", &stack.queue).env("INVOICES_DLQ_QUEUE_NAME", &stack.dlq);
        let output = run.output().expect("the binary starts");
        assert!(output.status.success(), "`{command}`\n{}", crate::stack::shown(&output));
    }
}

#[test]
fn architecture_is_a_birds_eye_view() {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("the page is there");
    assert!(text.lines().count() <= 150, "{} lines", text.lines().count());
    let modules = fs::read_to_string(repository().join("runner/src/lib.rs")).expect("the crate is there");
    for module in modules.lines().filter_map(|line| line.split("mod ").nth(1)) {
        let module = module.trim_end_matches(';');
        assert!(text.contains(&format!("`{module}`")), "ARCHITECTURE.md does not name `{module}`");
    }
}
