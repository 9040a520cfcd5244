//! The table of metrics, its documentation, the dashboard and the alerts name the same things.

use std::collections::BTreeSet;
use std::path::Path;

use compiler::config::Environment;
use runner::listen::metrics::{Kind, METRICS, Metric};
use serde_json::Value;

use crate::documents::page;
use crate::stack::{copy, repository};

/// Where metrics are used.
const USES: [&str; 3] = ["docs/metrics.md", "deploy/grafana/runner.json", "deploy/prometheus/alerts.yml"];

/// Every word that looks like a metric's name.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("runner_")).map(str::to_owned).collect()
}

/// The names of its series.
fn series(metric: &Metric) -> Vec<String> {
    let endings: &[&str] = if metric.kind == Kind::Histogram { &["", "_bucket", "_sum", "_count"] } else { &[""] };
    endings.iter().map(|ending| format!("{}{ending}", metric.name)).collect()
}

#[test]
fn every_name_in_use_is_a_metric() {
    let known: BTreeSet<String> = METRICS.iter().flat_map(series).collect();
    for path in USES {
        let used = names(&page(path));
        assert!(used.len() >= 5, "{path}: {used:?}");
        let unknown: Vec<_> = used.difference(&known).collect();
        assert!(unknown.is_empty(), "{path} names {unknown:?}");
    }
}

#[test]
fn every_metric_is_documented_with_its_type_and_its_labels_and_is_on_the_dashboard() {
    let docs = page("docs/metrics.md");
    let dashboard = names(&page("deploy/grafana/runner.json"));
    for metric in METRICS {
        let row = docs.lines().find(|line| line.starts_with(&format!("| `{}` |", metric.name)));
        let row = row.unwrap_or_else(|| panic!("docs/metrics.md has no row for {}", metric.name));
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let kind = format!("{:?}", metric.kind).to_lowercase();
        assert_eq!((cells[2], cells[3]), (kind.as_str(), labels.join(", ").as_str()), "{}", metric.name);
        assert!(!cells[4].is_empty() && !metric.help.is_empty(), "{row}");
        assert!(series(metric).iter().any(|name| dashboard.contains(name)), "{} is on no panel", metric.name);
    }
}

/// A counter ends in `_total`, an info in `_info`, and the unit is part of the name.
#[test]
fn names_are_what_openmetrics_wants() {
    let mut seen = BTreeSet::new();
    for metric in METRICS {
        assert!(seen.insert(metric.name), "{} is there twice", metric.name);
        assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
        assert_eq!(metric.kind == Kind::Info, metric.name.ends_with("_info"), "{}", metric.name);
        assert_eq!(metric.kind == Kind::Histogram, metric.unit() == Some("seconds") && metric.kind != Kind::Counter);
        assert!(!metric.help.contains('\n') && !metric.labels.contains(&"pipeline"), "{}", metric.name);
    }
}

/// The labels that a text uses in selectors and groupings.
fn labels(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in expression.split(['{', '(', ',', ' ']) {
        let word = part.split(['=', '!', ')', '}']).next().unwrap_or_default();
        let rest = &part[word.len()..];
        if !word.is_empty() && (rest.starts_with('=') || rest.starts_with("!=")) && !rest.starts_with("==") {
            found.insert(word.to_owned());
        }
    }
    found
}

#[test]
fn alerts_are_complete_and_select_by_labels_that_exist() {
    let rules: Value = serde_yaml::from_str(&page("deploy/prometheus/alerts.yml")).expect("YAML");
    let rules = rules["groups"][0]["rules"].as_array().expect("rules");
    let known: BTreeSet<&str> = METRICS.iter().flat_map(|metric| metric.labels).copied().chain(["pipeline"]).collect();
    assert!(rules.len() >= 5, "{rules:?}");
    for rule in rules {
        let text = |pointer: &str| rule.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{rule}"));
        for pointer in ["/alert", "/for", "/labels/severity", "/annotations/summary", "/annotations/description"] {
            assert!(!text(pointer).is_empty(), "{pointer} of {rule}");
        }
        assert!(!names(text("/expr")).is_empty(), "{rule}");
        for label in labels(text("/expr")) {
            assert!(known.contains(label.as_str()), "`{label}` in {rule}");
        }
    }
}

#[test]
fn the_dashboard_is_json_and_each_panel_has_a_query_and_a_description() {
    let dashboard: Value = serde_json::from_str(&page("deploy/grafana/runner.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 10);
    for panel in panels {
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{panel}");
        for target in panel["targets"].as_array().expect("targets") {
            assert!(!names(target["expr"].as_str().expect("a query")).is_empty(), "{panel}");
        }
    }
}

/// The hash of the first example in a folder.
fn config_hash(folder: &Path) -> String {
    let files = compiler::config::load(&[folder.join("pipelines/transactions.yaml")], &Environment::new());
    compiler::compile(&files).expect("the example compiles").pipelines[0].config_hash().to_owned()
}

#[test]
fn the_configuration_has_another_hash_once_its_schema_or_its_file_has_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["pipelines", "schemas"] {
        copy(&repository().join(name), &folder.path().join(name));
    }
    let mut seen = BTreeSet::from([config_hash(folder.path())]);
    assert_eq!(config_hash(repository()), config_hash(folder.path()), "the place makes no difference");
    for file in ["schemas/transaction.schema.json", "pipelines/transactions.yaml"] {
        let path = folder.path().join(file);
        let text = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(&path, format!("{text}\n")).expect("it is written");
        assert!(seen.insert(config_hash(folder.path())), "{file}");
    }
}
