//! Event families as others publish them, with a pipeline file alone: what `runner` decides of every sample, what a
//! second validator says of it, and what arrives in the database.

mod samples;

use std::collections::BTreeSet;

use aws_sdk_sqs::types::Message;
use compiler::diagnostic::Code;
use pipeline::decide::Verdict;
use pipeline::message::{Delivery, Rejection};
use pipeline::row::{Row, Rows};
use serde_json::{Value, json};

use crate::stack::{Stack, attribute};
use samples::{FAMILIES, Family, Recorded, Sample, edited, folder};

impl Family {
    fn rejection(&self, sample: &Sample) -> Rejection {
        let decided = self.compiled.pipelines[0].decider().decide(&sample.delivery());
        decided.expect_err(&format!("{} {} is invalid", self.name, sample.name))
    }

    /// The verdict of `runner` in the second validator's words, which ends where the mapping begins.
    fn verdict(&self, delivery: &Delivery) -> String {
        let decider = self.compiled.pipelines[0].decider();
        let verdict = decider.body(&delivery.body).and_then(|body| {
            decider.within(&body, &delivery.metadata, |context| decider.verdict(context, &delivery.metadata))
        });
        match verdict {
            Ok(Verdict::Valid) => "valid".to_owned(),
            Ok(Verdict::Unwanted) => "skip".to_owned(),
            Err(rejection) => rejection.code.as_str().to_owned(),
        }
    }
}

/// What others publish leaves things open that a column has to know. That is worth a warning, and nothing else is.
const LEFT_OPEN: [Code; 2] = [Code::FieldNotListed, Code::MayNotFit];
/// A mistake of the schemas' own authors, found.
const MISSPELLED: &str = "`additonalProperties` is ignored: JSON Schema has no such keyword";

#[test]
fn there_are_many_families_and_each_compiles() {
    assert!(FAMILIES.len() >= 9, "{}", FAMILIES.len());
    for family in FAMILIES.iter() {
        let others = family.compiled.warnings.iter().filter(|warning| !LEFT_OPEN.contains(&warning.code));
        let others: Vec<&str> = others.map(|warning| warning.message.as_str()).collect();
        let expected: &[&str] = if family.name == "eiffel" { &[MISSPELLED] } else { &[] };
        assert_eq!(others, expected, "{}", family.name);
    }
}

#[test]
fn every_valid_sample_becomes_rows() {
    for family in FAMILIES.iter() {
        let recorded = family.recorded();
        for sample in family.valid() {
            let rows = family.compiled.pipelines[0].decider().decide(&sample.delivery());
            let rows = rows.unwrap_or_else(|reason| panic!("{} {}: {reason:?}", family.name, sample.name));
            let dropped = recorded[&sample.name].verdict == "skip";
            assert_eq!(rows.is_empty(), dropped, "{} {}", family.name, sample.name);
        }
    }
}

#[test]
fn every_invalid_sample_is_rejected_with_its_code_at_its_place() {
    let mut wrong = Vec::new();
    for family in FAMILIES.iter() {
        let mut expected = family.expected();
        for sample in family.invalid() {
            let rejection = family.rejection(&sample);
            let found = (rejection.code.as_str(), rejection.instance_path);
            let wanted = expected.remove(&sample.name).map(|it| (it.code, it.path));
            if wanted.as_ref().is_none_or(|(code, path)| (&**code, path) != (found.0, &found.1)) {
                wrong.push(format!("{} {}: {found:?}, expected {wanted:?}", family.name, sample.name));
            }
        }
        wrong.extend(expected.keys().map(|name| format!("{} {name} is expected, but not there", family.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_second_validator_agrees_on_every_sample_and_on_every_edit_of_it() {
    let mut disagreements = Vec::new();
    for family in FAMILIES.iter() {
        let mut recorded = family.recorded();
        for sample in family.valid().into_iter().chain(family.invalid()) {
            let recorded = recorded.remove(&sample.name);
            let recorded = recorded.unwrap_or_else(|| panic!("{} {} is recorded", family.name, sample.name));
            let found = disagreement(family, &sample, &recorded);
            disagreements.extend(found.map(|what| format!("{} {}{what}", family.name, sample.name)));
        }
        assert!(recorded.is_empty(), "{}: recorded, but not there", family.name);
    }
    assert!(disagreements.is_empty(), "{} disagreements\n{}", disagreements.len(), disagreements.join("\n"));
}

/// Where the two validators differ on a sample, its errors' places, and its edits.
fn disagreement<'a>(
    family: &'a Family,
    sample: &'a Sample,
    recorded: &'a Recorded,
) -> impl Iterator<Item = String> + 'a {
    let whole = [(String::new(), sample.body.clone(), &*recorded.verdict)];
    let edits = recorded.edits.iter().map(|edit| {
        let (verdict, edit) = edit.split_last().expect("a verdict");
        let (pointer, value) = edit.split_first().expect("a pointer");
        let body = edited(&sample.body, pointer.as_str().expect("a text"), value.first());
        (format!(" edited {}", json!(edit)), body, verdict.as_str().expect("a word"))
    });
    let verdicts = whole.into_iter().chain(edits).filter_map(|(what, body, second)| {
        let own = family.verdict(&sample.delivery_of(body));
        (own != second).then(|| format!("{what}: {own}, but the second validator says {second}"))
    });
    let place = (recorded.verdict == "schema").then(|| family.rejection(sample).instance_path.unwrap_or_default());
    let misplaced = place.filter(|place| !recorded.paths.contains(place));
    verdicts.chain(misplaced.map(|place| format!(": at {place:?}, not in {:?}", recorded.paths)))
}

/// As a user has it: migrate, send everything, run, and look into the database and the dead-letter queue.
#[tokio::test]
async fn every_valid_sample_is_stored_and_every_invalid_one_dead_lettered() {
    for family in FAMILIES.iter() {
        let stack = Stack::new().await;
        let (valid, invalid) = (family.valid(), family.invalid());
        let pipeline = family.folder.join("pipeline.yaml");
        let pipeline = pipeline.to_str().expect("a path of the repository");
        stack.ends_with(0, &["migrate", pipeline]);
        for sample in valid.iter().chain(&invalid) {
            stack.send_one(&sample.body, sample.attributes.iter()).await;
        }
        let summary = stack.json(&["run", pipeline, "--until-empty", "--format", "json"]);
        assert_eq!(summary["received"], json!(valid.len() + invalid.len()), "{}: {summary}", family.name);
        assert_eq!(summary["dead_lettered"], json!(invalid.len()), "{}: {summary}", family.name);
        stores(&stack, family, &valid).await;
        dead_letters(&stack, family, &invalid).await;
    }
}

/// Each table has one row for each primary key that the valid samples give.
async fn stores(stack: &Stack, family: &Family, valid: &[Sample]) {
    let pipeline = &family.compiled.pipelines[0];
    let rows: Vec<_> = valid.iter().map(|it| pipeline.decider().decide(&it.delivery()).expect("it is valid")).collect();
    for (index, target) in pipeline.targets().iter().enumerate() {
        let of_sample = |(number, rows): (usize, &Rows)| -> Vec<String> {
            rows.tables[index].iter().map(|row| key(&target.table, row, number)).collect()
        };
        let keys: BTreeSet<String> = rows.iter().enumerate().flat_map(of_sample).collect();
        let name = target.table.name.to_string();
        assert!(!keys.is_empty(), "{}: some sample fills {name}", family.name);
        let stored = usize::try_from(stack.count(&name).await).expect("a count");
        assert_eq!(stored, keys.len(), "{}: rows of {name}", family.name);
    }
}

/// What tells a row from all others. The queue's own identity of a message is known only when it is sent; it is another
/// one for each.
fn key(table: &pipeline::Table, row: &Row, sample: usize) -> String {
    if table.primary_key == ["message_id"] {
        return sample.to_string();
    }
    let cells = table.columns.iter().zip(row).filter(|(column, _)| table.primary_key.contains(&column.name));
    format!("{:?}", cells.map(|(_, cell)| cell).collect::<Vec<_>>())
}

/// Each invalid sample is there byte for byte, with its code and its place.
async fn dead_letters(stack: &Stack, family: &Family, invalid: &[Sample]) {
    let letters = stack.drain(&stack.dlq).await;
    assert_eq!(letters.len(), invalid.len(), "{}", family.name);
    let expected = family.expected();
    for sample in invalid {
        let expected = &expected[&sample.name];
        let is_of = |letter: &&Message| {
            let reason: Value = serde_json::from_str(attribute(letter, "runner.reason")).expect("JSON");
            letter.body() == Some(&sample.body)
                && attribute(letter, "runner.code") == expected.code
                && reason.get("instance_path").and_then(Value::as_str) == expected.path.as_deref()
        };
        assert!(letters.iter().any(|letter| is_of(&letter)), "{} {} is dead-lettered", family.name, sample.name);
    }
}

/// Whoever takes schemas and samples from others says from where, and under which license.
#[test]
fn every_family_names_its_source_and_license() {
    for family in FAMILIES.iter() {
        let source = std::fs::read_to_string(family.folder.join("SOURCE.md")).expect("`SOURCE.md` is there");
        assert!(source.contains("License: ") || source.contains("this project's own license"), "{}", family.name);
        let listed = std::fs::read_to_string(folder().join("README.md")).expect("the README is there");
        assert!(listed.contains(&format!("| `{}/` |", family.name)), "{} is in the README", family.name);
    }
}
