//! docs/errors.md: each example is reported with the code it stands for, and each code is shown or explained.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::{Code, SourceText, Style, render};

use crate::documents::{Block, blocks_in, page};

const PAGE: &str = "docs/errors.md";

/// The text's parts by top-level key.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.starts_with([' ', '-']), sections.last_mut()) {
            (true, Some((_, section))) => section.extend([line, "\n"]),
            _ => sections.push((line.split(':').next().unwrap_or(line).to_owned(), format!("{line}\n"))),
        }
    }
    sections
}

/// The base file with the example's keys in place of its own.
fn merged(base: &str, example: &str) -> String {
    let example = sections(example);
    let kept = sections(base).into_iter().filter(|(key, _)| !example.iter().any(|(new, _)| new == key));
    let kept: String = kept.map(|(_, text)| text).collect();
    kept + &example.into_iter().map(|(_, text)| text).collect::<String>()
}

fn problems(pipeline: &str, schema: &str) -> Vec<compiler::diagnostic::Diagnostic> {
    let read = |path: &Path, _: u64| match path.to_str() {
        Some("order.schema.json") => Ok(schema.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let text = load_text(SourceText::new("p.yaml", pipeline), &Environment::new(), &read);
    match compiler::compile(&Files { pipelines: vec![text], problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    }
}

#[test]
fn each_example_is_reported_with_its_code_and_no_other() {
    let (examples, schemas) = (blocks_in(PAGE, "yaml"), blocks_in(PAGE, "json"));
    let base = &examples.iter().find(|example| example.label == "base").expect("the base file").text;
    let schema = &schemas[0].text;
    assert_eq!(render(&problems(base, schema), Style::Plain), "", "the base file is right");
    let mut wrong = Vec::new();
    for Block { label: code, text, .. } in examples.iter().filter(|example| example.label != "base") {
        let found = problems(&merged(base, text), schema);
        let codes: BTreeSet<&str> = found.iter().map(|problem| problem.code.id()).collect();
        if codes != BTreeSet::from([code.as_str()]) {
            wrong.push(format!("{code} gave {codes:?}:\n{}", render(&found, Style::Plain)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn each_code_is_shown_or_explained() {
    let document = page(PAGE);
    let (below, table) = document.split_once("### Not shown by one file").expect("the table of the others");
    for code in Code::ALL {
        let shown = below.contains(&format!("```yaml {}\n", code.id()));
        let explained = table.contains(&format!("`{}`", code.id()));
        assert!(shown || explained, "{} is neither shown nor explained", code.id());
    }
}
