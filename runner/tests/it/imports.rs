//! Who may import whom. The map is ARCHITECTURE.md's; what it does not allow is a failed test.

use std::fs;
use std::path::Path;

use crate::stack::repository;

/// Module, and the modules it may name. `cli` may name all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("message", &[]),
    ("row", &[]),
    ("diagnostic", &[]),
    ("backoff", &[]),
    ("stop", &[]),
    ("fault", &["message"]),
    ("config", &["diagnostic", "message"]),
    ("map", &["message", "row"]),
    ("validate", &["message"]),
    ("decide", &["map", "message", "row", "validate"]),
    ("producer", &["backoff", "fault", "stop"]),
    ("plan", &["config", "decide", "diagnostic", "map", "message", "producer", "validate"]),
    ("cases", &["config", "decide", "diagnostic", "map", "message", "plan", "row"]),
    ("scaffold", &["config", "diagnostic", "map", "message", "plan", "producer", "validate"]),
    ("source", &["fault", "message", "plan"]),
    ("sink", &["fault", "plan", "row"]),
    ("dlq", &["fault", "message"]),
    ("engine", &["backoff", "dlq", "fault", "message", "plan", "row", "sink", "source", "stop"]),
    ("telemetry", &["config"]),
];

/// These decide and compile; nothing in them waits, connects or stores.
const PURE: &[&str] =
    &["message", "row", "diagnostic", "config", "map", "validate", "decide", "plan", "cases", "scaffold"];
const IMPURE_CRATES: &[&str] = &["tokio", "aws_sdk_sqs", "aws_config", "sea_orm", "devstack"];

/// Every source file of `runner`, with the module it belongs to.
fn sources() -> Vec<(String, String, String)> {
    fn collect(folder: &Path, module: Option<&str>, into: &mut Vec<(String, String, String)>) {
        for entry in fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let module = module.unwrap_or(&stem).to_owned();
            if path.is_dir() {
                collect(&path, Some(&module), into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push((module, path.display().to_string(), fs::read_to_string(&path).expect("UTF-8")));
            }
        }
    }
    let mut all = Vec::new();
    collect(&repository().join("runner/src"), None, &mut all);
    all
}

/// The words that follow `prefix` in code; comments and tests may name what they like.
fn names_after<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let words = lines.flat_map(|line| line.split(prefix).skip(1));
    words.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()).collect()
}

#[test]
fn modules_import_only_what_the_map_allows() {
    let sources = sources();
    assert!(sources.len() > 50, "the sources were found");
    for (module, file, text) in &sources {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| name == module) else {
            assert!(["cli", "lib", "main"].contains(&module.as_str()), "{file}: say in MAY_IMPORT what it may import");
            continue;
        };
        for name in names_after(text, "crate::") {
            assert!(name == module || allowed.contains(&name), "{file} imports `{name}`");
        }
    }
}

#[test]
fn what_decides_does_no_input_and_no_output() {
    for (module, file, text) in sources() {
        for name in IMPURE_CRATES {
            let used = !names_after(&text, &format!("{name}::")).is_empty();
            let pure = PURE.contains(&module.as_str());
            assert!(!(used && pure), "{file} uses `{name}`");
            let allowed = *name != "devstack" || file.ends_with("cli/dev.rs");
            assert!(!used || allowed, "{file} uses `{name}`, which is for `runner dev` alone");
        }
    }
}
