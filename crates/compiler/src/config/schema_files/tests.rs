use std::io;

use super::*;
use crate::config::load::load_text;
use crate::config::{Environment, PipelineText};

/// Files in memory, in folders.
struct Memory(Vec<(&'static str, &'static str)>);

impl Disk for Memory {
    fn read(&self, path: &Path, _limit: u64) -> io::Result<Vec<u8>> {
        let found = self.0.iter().find(|(known, _)| Path::new(known) == path);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let inside = self.0.iter().filter_map(|(path, _)| Path::new(path).strip_prefix(folder).ok());
        let mut entries: Vec<Entry> = inside
            .filter_map(|rest| {
                let name = rest.components().next()?;
                Some(Entry { path: folder.join(name), is_folder: rest.components().count() > 1 })
            })
            .collect();
        entries.dedup();
        Ok(entries)
    }
}

fn load_schema(schema: &str, files: Vec<(&'static str, &'static str)>) -> SchemaFiles {
    load_from(schema, &Memory(files))
}

fn load_from(schema: &str, disk: &dyn Disk) -> SchemaFiles {
    let text = format!("source: {{ queue: q, dlq: d }}\nschema: {schema}\ntables: {{}}\n");
    let source = SourceText::new("p/p.yaml", &text);
    let PipelineText { schema, problems, .. } = load_text(source, &Environment::new(), disk);
    assert!(problems.is_empty(), "{problems:?}");
    schema.unwrap()
}

fn paths(files: &SchemaFiles) -> Vec<&str> {
    files.documents.keys().filter_map(|path| path.to_str()).collect()
}

#[test]
fn references_are_followed_once_even_in_a_circle() {
    let files = load_schema(
        "../s/a.json",
        vec![
            ("s/a.json", r##"{"$ref": "sub/b.json#/x", "items": {"$ref": "#/y"}}"##),
            ("s/sub/b.json", r#"{"x": {"$ref": "../a.json"}, "items": {"$ref": "c.json"}}"#),
        ],
    );
    assert_eq!(paths(&files), ["s/a.json", "s/sub/b.json"]);
    assert_eq!(files.target(Path::new("s/a.json"), "sub/b.json#/x").unwrap().path, Path::new("s/sub/b.json"));
    let [unresolved] = &files.unresolved[..] else { panic!("{:?}", files.unresolved) };
    assert_eq!((unresolved.file.to_str(), unresolved.reference.text.as_str()), (Some("s/sub/b.json"), "c.json"));
    assert!(unresolved.problem.as_ref().unwrap().contains("c.json"), "{unresolved:?}");
}

#[test]
fn an_id_is_found_in_the_folders_of_the_schemas_with_or_without_its_ending() {
    let files = load_schema(
        "../s/events/a.json",
        vec![
            (
                "s/events/a.json",
                r#"{"$id": "https://x.test/events/a.json", "properties": {
                    "b": {"$ref": "https://x.test/types/b"}, "c": {"$ref": "inner/c"}, "d": {"$ref": "d.json"}}}"#,
            ),
            ("s/events/types/b.schema.json", r#"{"$id": "https://x.test/types/b.json"}"#),
            ("s/events/other.json", r#"{"$id": "https://x.test/events/inner/c"}"#),
            ("s/events/d.json", r#"{"$id": "https://elsewhere.test/d"}"#),
            ("s/events/broken.json", "{"),
            ("s/unused.json", r#"{"$id": "https://x.test/unused"}"#),
        ],
    );
    assert_eq!(files.unresolved, []);
    let expected = ["s/events/a.json", "s/events/d.json", "s/events/other.json", "s/events/types/b.schema.json"];
    assert_eq!(paths(&files), expected);
    let absolute: Vec<_> = files.absolute().map(|(_, value)| value["properties"].clone()).collect();
    let expected = ["https://x.test/types/b.json", "https://x.test/events/inner/c", "https://elsewhere.test/d"];
    assert_eq!(["b", "c", "d"].map(|name| absolute[0][name]["$ref"].as_str().unwrap()), expected);
}

#[test]
fn what_is_elsewhere_is_named_by_refs() {
    let catalogue = || {
        vec![
            ("s/a.json", r#"{"$ref": "https://x.test/b"}"#),
            ("lib/deep/b.json", r#"{"$id": "https://x.test/b", "$ref": "urn:c"}"#),
            ("lib/c.json", r#"{"$id": "urn:c"}"#),
        ]
    };
    assert_eq!(load_schema("../s/a.json", catalogue()).unresolved[0].reference.uri, "https://x.test/b");
    let files = load_schema("{ file: ../s/a.json, refs: '../lib/**/*.json' }", catalogue());
    assert_eq!((files.unresolved.len(), files.documents.len()), (0, 3));
}

#[test]
fn data_and_names_are_no_references() {
    let files = load_schema(
        "../s/a.json",
        vec![(
            "s/a.json",
            r#"{"const": {"$ref": "no.json"}, "examples": [{"$ref": "no.json"}],
                "properties": {"$ref": {"type": "string"}, "$id": {"const": 1}, "enum": {"$ref": "https://json-schema.org/draft/x"}}}"#,
        )],
    );
    assert_eq!(files.unresolved, []);
}

#[test]
fn an_embedded_schema_is_found_by_its_id() {
    let files = load_schema(
        "../s/a.json",
        vec![("s/a.json", r#"{"$ref": "https://x.test/b", "$defs": {"b": {"$id": "https://x.test/b"}}}"#)],
    );
    let target = files.target(Path::new("s/a.json"), "https://x.test/b").unwrap();
    assert_eq!(target.pointer, "/$defs/b");
}

#[test]
fn one_id_in_two_files_is_noted() {
    let files = load_schema(
        "{ discriminator: .t, mapping: { a: ../s/a.json, b: ../s/b.json } }",
        vec![("s/a.json", r#"{"$id": "https://x.test/x"}"#), ("s/b.json", r#"{"$id": "https://x.test/x"}"#)],
    );
    assert_eq!(files.ambiguous.len(), 1);
}

#[test]
fn one_file_named_in_two_ways_is_one() {
    let absolute: &str = std::path::absolute("s/a.json").unwrap().display().to_string().leak();
    let text = r#"{"$id": "https://x.test/x"}"#;
    let schema = format!("{{ discriminator: .t, mapping: {{ a: ../s/a.json, b: {absolute} }} }}");
    assert_eq!(load_schema(&schema, vec![("s/a.json", text), (absolute, text)]).ambiguous, []);
}

/// A folder without end: each file refers to the next one.
struct Endless;

impl Disk for Endless {
    fn read(&self, path: &Path, _limit: u64) -> io::Result<Vec<u8>> {
        let at: usize = path.file_stem().and_then(|name| name.to_str()?.parse().ok()).unwrap();
        Ok(format!(r#"{{"$ref": "{}.json"}}"#, at + 1).into_bytes())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let names = (0..10_002).map(|at| folder.join(format!("{at}.json")));
        Ok(names.map(|path| Entry { path, is_folder: false }).collect())
    }
}

#[test]
fn too_many_files_are_reported_once() {
    let chain = load_from("0.json", &Endless);
    assert_eq!((chain.documents.len(), chain.unresolved.len()), (10_000, 1));
    assert_eq!(chain.unresolved[0].problem.as_deref(), Some("the schemas are more than 10000 files"));
    let pattern = load_from("{ discriminator: .t, files: '*.json' }", &Endless);
    let messages: Vec<&str> = pattern.problems.iter().map(|(_, problem)| problem.message.as_str()).collect();
    assert_eq!(messages, ["the schemas are more than 10000 files"]);
}
