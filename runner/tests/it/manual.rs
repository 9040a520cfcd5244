//! What the binary knows about itself: its version, its manual, completions and codes.

use std::process::{Command, Output};

fn runner(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .args(args)
        .env_clear()
        .output()
        .expect("the binary was built for this test")
}

fn text(args: &[&str]) -> String {
    let output = runner(args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&["completions", shell]);
        for command in ["validate-config", "completions", "migrate"] {
            assert!(script.contains(command), "{shell} completes no {command}");
        }
    }
}

/// bash itself reads them, and completes with them.
#[test]
fn bash_completes_with_its_completions() {
    let script = format!(
        "{}\nCOMP_WORDS=(runner val); COMP_CWORD=1; _runner runner val runner; echo \"${{COMPREPLY[@]}}\"",
        text(&["completions", "bash"])
    );
    let output = Command::new("bash").args(["--norc", "-c", &script]).output().expect("bash is there");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out.trim(), "validate-config", "{err}");
}

#[test]
fn the_manual_has_a_page_for_the_program_and_for_each_command() {
    let page = text(&["man"]);
    assert!(page.starts_with(".ie") && page.contains(".TH runner 1") && page.contains("SQS_ENDPOINT"), "{page}");
    let page = text(&["man", "run"]);
    assert!(page.contains("until\\-empty") && page.contains("runner"), "{page}");
    assert_eq!(runner(&["man", "fly"]).status.code(), Some(2));
}

#[test]
fn a_code_is_explained_with_its_example() {
    let explained = text(&["explain", "E0113"]);
    assert!(explained.starts_with("E0113 (error): A NOT NULL column is filled"), "{explained}");
    assert!(explained.contains("```yaml E0113"), "{explained}");
    let json: serde_json::Value = serde_json::from_str(&text(&["explain", "w0201", "--format", "json"])).expect("JSON");
    assert_eq!((json["code"].as_str(), json["level"].as_str()), (Some("W0201"), Some("warning")));
}

/// A checkout without git has no commit to show.
#[test]
fn the_version_names_the_commit() {
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=10", "HEAD"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let commit = git.output().ok().filter(|output| output.status.success());
    let version = text(&["--version"]);
    match commit.and_then(|output| String::from_utf8(output.stdout).ok()) {
        Some(commit) => assert_eq!(version.trim(), format!("runner {} ({})", env!("CARGO_PKG_VERSION"), commit.trim())),
        None => assert!(version.starts_with(&format!("runner {}", env!("CARGO_PKG_VERSION"))), "{version}"),
    }
}

#[test]
fn the_help_names_the_environment() {
    let help = text(&["--help"]);
    for name in ["AWS_REGION", "SQS_ENDPOINT", "DATABASE_URL", "DB_PASSWORD", "RUST_LOG", "LOG_FORMAT", "docs/"] {
        assert!(help.contains(name), "{name} is not in\n{help}");
    }
}
