//! The cases beside a pipeline file: `orders.test.yaml` for `orders.yaml`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;

use super::json::Json;
use super::{Environment, Keyed, Spanned, de, yaml};
use crate::diagnostic::{Diagnostic, SourceText};

/// A test file and the files it names.
#[derive(Debug)]
pub struct TestText {
    /// The pipeline file it tests.
    pub pipeline: PathBuf,
    /// Its text.
    pub source: Arc<SourceText>,
    /// Its cases, as far as they could be read.
    pub cases: Vec<Spanned<Case>>,
    /// What is wrong in it.
    pub problems: Vec<Diagnostic>,
    /// The bodies in files of their own, by the path a case writes; why one can't be read.
    pub bodies: BTreeMap<String, Result<Arc<SourceText>, String>>,
}

/// A message, and its expected result. One of `message`, `file` and `body`; one of `rows`, `rejected` and `skipped`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct Case {
    /// What it shows, in words.
    pub name: Spanned<String>,
    /// The body, as YAML or JSON; it is sent as JSON on one line.
    pub message: Option<Spanned<Json>>,
    /// The body is this file's text; a path from the test file.
    pub file: Option<Spanned<String>>,
    /// The body, as it is: for what is not JSON.
    pub body: Option<Spanned<String>>,
    /// Message attributes of type String.
    pub attributes: Option<Keyed<Spanned<String>>>,
    /// The queue's metadata of the message.
    pub sqs: Option<SqsFields>,
    /// Which columns `rows` have to list.
    pub columns: Option<Columns>,
    /// The rows of each table, in their order; a table that is not named gets none.
    pub rows: Option<Spanned<ExpectedRows>>,
    /// Why the message is dead-lettered.
    pub rejected: Option<Spanned<Rejected>>,
    /// `true`: it is settled without a row and without a dead letter.
    pub skipped: Option<Spanned<bool>>,
}

/// Tables, their rows, the values by column.
pub type ExpectedRows = Keyed<Vec<Spanned<Keyed<Spanned<Json>>>>>;

/// `sqs:`, everything with a default. Times are RFC 3339.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct SqsFields {
    /// `$sqs.message_id`
    pub message_id: Option<Spanned<String>>,
    /// `$sqs.sent_at`
    pub sent_at: Option<Spanned<String>>,
    /// `$sqs.received_at`; when it was sent, if not written.
    pub received_at: Option<Spanned<String>>,
    /// `$sqs.receive_count`
    pub receive_count: Option<Spanned<u32>>,
    /// `$sqs.group_id`
    pub group_id: Option<Spanned<String>>,
    /// `$sqs.dedup_id`
    pub dedup_id: Option<Spanned<String>>,
    /// `$sqs.trace_header`
    pub trace_header: Option<Spanned<String>>,
}

/// `columns:` of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Columns {
    /// Every row lists every column.
    #[default]
    All,
    /// Only the columns a row lists are compared.
    Listed,
}

/// `rejected:`, compared as far as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct Rejected {
    /// The word in `runner.code`.
    pub code: Spanned<String>,
    /// JSON Pointer into the document.
    pub path: Option<Spanned<String>>,
    /// `table.column`
    pub column: Option<Spanned<String>>,
    /// The failing JSON Schema keyword.
    pub keyword: Option<Spanned<String>>,
    /// JSON Pointer into the schema.
    pub schema_path: Option<Spanned<String>>,
    /// A part of the message.
    pub message: Option<Spanned<String>>,
}

/// Reads a test file's text. Everything wrong in it is reported; the cases that could be read are there nevertheless.
pub fn parse_cases(source: &Arc<SourceText>) -> (Vec<Spanned<Case>>, Vec<Diagnostic>) {
    let (root, mut problems) = yaml::parse(source, yaml::PIPELINE);
    let Some(root) = root else {
        return (Vec::new(), problems);
    };
    let (cases, found) = de::read(&root, source, &Environment::new());
    problems.extend(found);
    (cases.unwrap_or_default(), problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let (_, problems) = parse_cases(&SourceText::new("p.test.yaml", text));
        problems.iter().map(|p| format!("{} {} {}", p.code.id(), p.place.as_ref().unwrap(), p.message)).collect()
    }

    #[test]
    fn every_mistake_is_reported_at_its_place_and_the_other_cases_are_kept() {
        let text =
            "- name: a\n  mesage: {}\n- message: {}\n- name: c\n  message: {n: +1, m: 1.}\n  skipped: yes\n- name: d\n";
        assert_eq!(
            problems(text),
            [
                "E0103 p.test.yaml:2:3 unknown key `mesage`",
                "E0104 p.test.yaml:3:3 `name` is missing",
                "E0106 p.test.yaml:5:16 `+1` is a number in YAML, but not in JSON",
                "E0105 p.test.yaml:6:12 expected `true` or `false`, found the text `yes`",
            ]
        );
        let (cases, _) = parse_cases(&SourceText::new("p.test.yaml", text));
        assert_eq!(cases.iter().map(|case| case.name.value.as_str()).collect::<Vec<_>>(), ["a", "c", "d"]);
    }

    #[test]
    fn an_empty_file_and_a_mapping_are_no_list_of_cases() {
        assert_eq!(problems(""), ["E0105 p.test.yaml:1:1 expected a list, found nothing"]);
        assert_eq!(problems("name: a\n"), ["E0105 p.test.yaml:1:1 expected a list, found a mapping"]);
    }
}
