//! The pure crates depend on no runtime, no SDK, no database and no web server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Crates that decide, and neither wait nor connect.
const PURE: [&str; 4] = ["jq", "pipeline", "schema", "compiler"];

/// Whether a package waits or connects; the families also have packages named `aws-...`, `sqlx-...` and so on.
fn is_impure(name: &str) -> bool {
    const FAMILIES: [&str; 5] = ["tokio", "aws", "sqlx", "sea-orm", "axum"];
    FAMILIES.iter().any(|family| name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// For each package of the workspace's dependency graph, by its id: its name, and the ids it needs outside of tests and
/// build scripts.
fn packages() -> BTreeMap<String, (String, Vec<String>)> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        // A build downloads nothing for other platforms.
        .args(["--filter-platform", &host()])
        .current_dir(workspace)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let mut packages = BTreeMap::new();
    for package in list(&metadata["packages"]) {
        packages.insert(text(&package["id"]), (text(&package["name"]), Vec::new()));
    }
    for node in list(&metadata["resolve"]["nodes"]) {
        let (_, needs) = packages.get_mut(&text(&node["id"])).expect("a node is a package");
        for dependency in list(&node["deps"]) {
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                needs.push(text(&dependency["pkg"]));
            }
        }
    }
    packages
}

/// The platform of this machine, as rustc names it.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc starts");
    let text = String::from_utf8(output.stdout).expect("rustc prints text");
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// The names of the packages that a package of the workspace needs, directly or not.
fn needed_by(name: &str) -> BTreeSet<String> {
    let packages = packages();
    let mut waiting: Vec<&String> = packages.iter().filter(|(_, (own, _))| own == name).map(|(id, _)| id).collect();
    assert_eq!(waiting.len(), 1, "one package is named `{name}`");
    let mut seen = BTreeSet::new();
    let mut names = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        let (own, needs) = &packages[id];
        if seen.insert(id) {
            names.insert(own.clone());
            waiting.extend(needs);
        }
    }
    names
}

#[test]
fn what_decides_neither_waits_nor_connects() {
    for name in PURE {
        let impure: Vec<String> = needed_by(name).into_iter().filter(|needed| is_impure(needed)).collect();
        assert_eq!(impure, [""; 0], "`{name}` depends on them; `cargo tree -p {name} -i PACKAGE` shows by which way");
    }
}

/// The same search finds them where they are.
#[test]
fn what_runs_a_pipeline_waits_and_connects() {
    let needed = needed_by("engine");
    for name in ["tokio", "aws-sdk-sqs", "sqlx", "sea-orm"] {
        assert!(needed.contains(name) && is_impure(name), "`engine` needs {name}");
    }
    assert!(!needed.contains("compiler"));
}
