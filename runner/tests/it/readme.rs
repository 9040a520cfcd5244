//! Every command the documentation shows exists, with the flags it shows.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::documents::{blocks_in, page};
use crate::stack::{Stack, repository};

/// The lines of the `sh` blocks of a page.
fn commands(page: &str) -> Vec<String> {
    let blocks = blocks_in(page, "sh");
    let lines = blocks.iter().flat_map(|block| block.text.lines());
    lines.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Commands of `runner`, however they are started, as its arguments.
pub(crate) fn arguments(command: &str) -> Option<Vec<&str>> {
    let rest = command.strip_prefix("runner ").or_else(|| command.split_once("cargo run -- ").map(|it| it.1))?;
    Some(rest.split('#').next().unwrap_or(rest).split_whitespace().collect())
}

#[test]
fn every_command_of_the_documentation_parses() {
    // The commands of docs/dead-letters.md are run by `dlq`, and `deploy` checks those of docs/deploy.md.
    let pages = ["README.md", "docs/cookbook.md", "docs/operations.md"];
    let commands = pages.map(commands);
    assert!(commands.iter().all(|commands| commands.len() >= 4), "the blocks were found: {commands:?}");
    for command in commands.iter().flatten() {
        if let Some(arguments) = arguments(command) {
            let words = std::iter::once("runner").chain(arguments);
            let parsed = runner::cli::Cli::description().try_get_matches_from(words);
            assert!(parsed.is_ok(), "`{command}`: {}", parsed.unwrap_err());
            continue;
        }
        // Their own tests, or tools of somebody else's.
        let known =
            ["make ", "echo ", "$EDITOR ", "docker compose ", "cargo bench ", "cargo install ", "aws sqs ", "curl "];
        assert!(known.iter().any(|word| command.starts_with(word)), "who tests `{command}`?");
    }
}

#[test]
fn every_make_target_of_the_readme_exists() {
    let makefile = page("Makefile");
    for command in commands("README.md") {
        if let Some(target) = command.strip_prefix("make ") {
            let rule = format!("\n{}:", target.split_whitespace().next().expect("a target"));
            assert!(makefile.contains(&rule), "`{command}`");
        }
    }
}

/// The commands under "Add an event type in two minutes", run as they stand, with the columns it shows.
#[tokio::test]
async fn the_two_minutes_of_the_readme_are_true() {
    let stack = Stack::new().await;
    let queues = [("INVOICES_QUEUE_NAME", &stack.queue), ("INVOICES_DLQ_QUEUE_NAME", &stack.dlq)];
    let commands = commands("README.md");
    let start = commands.iter().position(|command| command.starts_with("echo ")).expect("the block is there");
    let block: Vec<_> = commands[start..].iter().take(7).collect();
    assert!(block.last().is_some_and(|last| last.starts_with("runner run ")), "{block:?}");
    for command in block {
        if command.starts_with("echo ") {
            let written = Command::new("sh").args(["-c", command]).current_dir(stack.home.path()).status();
            assert!(written.expect("a shell").success(), "`{command}`");
        } else if command.starts_with("$EDITOR ") {
            edit(stack.home.path());
        } else {
            let arguments = arguments(command).expect("a command of runner");
            if arguments[0] == "run" {
                let file = arguments[1];
                let produced = stack.runner(&["produce", file, "--count", "3"]).envs(queues).output();
                assert!(produced.expect("the binary starts").status.success(), "events for `{command}`");
            }
            let drained = (arguments[0] == "run").then_some("--until-empty");
            let output = stack.runner(&arguments).args(drained).envs(queues).output().expect("the binary starts");
            assert!(output.status.success(), "`{command}`\n{}", crate::stack::shown(&output));
        }
    }
    assert_eq!(stack.count("invoices").await, 3);
}

/// Gives the columns the README's lines, and the first case what they make of it.
fn edit(home: &Path) {
    let blocks = blocks_in("README.md", "yaml");
    let columns = blocks.iter().find_map(|block| block.text.strip_prefix("columns:\n")).expect("columns are shown");
    let file = home.join("pipelines/invoices.yaml");
    let mut text = fs::read_to_string(&file).expect("it was written");
    for line in columns.lines() {
        let name = line.split_inclusive(':').next().expect("a column's name");
        let written = text.lines().find(|line| line.trim().starts_with(name.trim())).expect("a column").to_owned();
        text = text.replace(&written, &format!("    {line}"));
    }
    fs::write(&file, text).expect("the file is written");
    let cases = home.join("pipelines/invoices.test.yaml");
    let text = fs::read_to_string(&cases).expect("it was written");
    let text = text.replace("customer_email: \"Ada@", "customer_email: \"ada@");
    fs::write(&cases, text).expect("the file is written");
}

/// The targets of a page's links that are files of the repository.
fn links(path: &str) -> Vec<String> {
    let text = page(path);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).map(str::to_owned).collect()
}

#[test]
fn every_link_leads_to_a_file() {
    let mut paths = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(str::to_owned).to_vec();
    for entry in fs::read_dir(repository().join("docs")).expect("the folder is there") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            paths.push(format!("docs/{}", entry.file_name().display()));
        }
    }
    for path in paths {
        let folder = repository().join(&path);
        let folder = folder.parent().expect("a page is in a folder");
        for target in links(&path) {
            assert!(folder.join(&target).exists(), "{path} links to {target}");
        }
    }
}

#[test]
fn architecture_is_a_birds_eye_view() {
    let text = page("ARCHITECTURE.md");
    assert!(text.lines().count() <= 150, "{} lines", text.lines().count());
    for folder in fs::read_dir(repository().join("crates")).expect("the crates are there") {
        let name = folder.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(text.contains(&format!("`crates/{name}`")), "ARCHITECTURE.md does not name `crates/{name}`");
    }
}
