//! The compiler reports, and never panics or hangs, whatever the files hold; the same each time, at places that exist.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;

use super::config;
use super::edit::{TOKENS, edited, edits};
use super::tree::tree;
use compiler::config::load::load_text;
use compiler::config::{Disk, Entry, Environment, Files};
use compiler::diagnostic::{Diagnostic, Place, SourceText, Style, records, render};

const PIPELINES: [&str; 2] = [include_str!("../../broken/types.yaml"), include_str!("../../broken/wrong_kinds.yaml")];

pub(crate) const SCHEMAS: [&str; 3] = [
    include_str!("../../../../../schemas/order.schema.json"),
    include_str!("../../../../../schemas/reading.schema.json"),
    include_str!("../../broken/schemas/order.schema.json"),
];

pub(crate) const TEMPLATE: &str = include_str!("../../../../../pipelines/order_placed.json.hbs");

/// A guard against work without an end, not a measure of speed: what takes this long on any machine hangs for a user.
const FOREVER: Duration = Duration::from_mins(1);

/// Files in memory, below the root of the repository; nothing else is ever read.
#[derive(Debug, Default)]
struct Repository(BTreeMap<PathBuf, String>);

impl Disk for Repository {
    fn read(&self, path: &Path, _limit: u64) -> io::Result<Vec<u8>> {
        let text = self.0.get(&normalized(path));
        text.map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let folder = normalized(folder);
        let mut entries = Vec::new();
        for path in self.0.keys() {
            let Ok(inside) = path.strip_prefix(&folder) else { continue };
            let mut steps = inside.components();
            let Some(first) = steps.next() else { continue };
            entries.push(Entry { path: folder.join(first), is_folder: steps.next().is_some() });
        }
        entries.dedup();
        Ok(entries)
    }
}

/// The path without `.` and `..`.
fn normalized(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for step in path.components() {
        match step {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            step => plain.push(step),
        }
    }
    plain
}

/// The examples and the event families of others, with all their files.
fn repository() -> &'static Repository {
    static REPOSITORY: OnceLock<Repository> = OnceLock::new();
    REPOSITORY.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut repository = Repository::default();
        for folder in ["pipelines", "schemas", "runner/tests/families"] {
            collect(&root, Path::new(folder), &mut repository);
        }
        repository
    })
}

fn collect(root: &Path, folder: &Path, repository: &mut Repository) {
    for entry in std::fs::read_dir(root.join(folder)).expect("the folder is there") {
        let entry = entry.expect("an entry");
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            collect(root, &path, repository);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            repository.0.insert(path, text);
        }
    }
}

/// Every pipeline file of the repository.
pub(super) fn pipelines() -> Vec<&'static Path> {
    let mut found = Vec::new();
    for path in repository().0.keys() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let is_example =
            path.parent() == Some(Path::new("pipelines")) && path.extension().is_some_and(|it| it == "yaml");
        if name == "pipeline.yaml" || (is_example && !name.contains(".test.")) {
            found.push(path.as_path());
        }
    }
    found
}

pub(super) fn text_of(path: &Path) -> &'static str {
    &repository().0[path]
}

/// The compiler's report on one pipeline file.
fn report(path: &Path, pipeline: &str, disk: &dyn Disk) -> Vec<Diagnostic> {
    let text = load_text(SourceText::new(path, pipeline), &Environment::new(), disk);
    let files = Files { pipelines: vec![text], problems: Vec::new() };
    match compiler::compile(&files) {
        Ok(compiled) => {
            assert_eq!(compiled.pipelines.len(), 1);
            compiled.warnings
        }
        Err(problems) => {
            assert!(problems.iter().any(Diagnostic::is_error));
            problems
        }
    }
}

/// Compiles a pipeline file twice, and checks what holds for any report.
fn compile(path: &Path, pipeline: &str, disk: &dyn Disk) {
    let started = Instant::now();
    let problems = report(path, pipeline, disk);
    let rendered = render(&problems, Style::Plain);
    assert!(started.elapsed() < FOREVER, "compiling took {:?}", started.elapsed());
    assert_eq!(records(&problems).len(), problems.len());
    assert_eq!(rendered, render(&report(path, pipeline, disk), Style::Plain), "the second report is another one");
    for problem in &problems {
        let related = problem.related.iter().map(|(place, _)| place);
        for place in problem.place.iter().chain(related) {
            check_place(place, path, pipeline, disk);
        }
    }
}

/// A place lies inside a file that was read, as it was read.
fn check_place(place: &Place, path: &Path, pipeline: &str, disk: &dyn Disk) {
    let text = if place.file() == path {
        pipeline.to_owned()
    } else {
        String::from_utf8(disk.read(place.file(), u64::MAX).expect("the file was read")).expect("a text")
    };
    assert_eq!(place.source().text, text.strip_prefix('\u{feff}').unwrap_or(&text), "{place}");
    let (start, end) = (place.start(), place.end());
    assert!(start <= end && text.get(place.range()).is_some() | text.starts_with('\u{feff}'), "{place}");
    assert!(end.0 <= text.split('\n').count(), "{place} to line {}", end.0);
}

/// Compiles a pipeline file whose schema and templates are the given texts.
pub(crate) fn check(pipeline: &str, schema: &str, template: &str) {
    let read = |path: &Path, _: u64| match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(schema.as_bytes().to_vec()),
        Some("hbs") => Ok(template.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    compile(Path::new("pipelines/p.yaml"), pipeline, &read);
}

/// A pipeline file of the repository, or a broken one.
fn pipeline_text() -> impl Strategy<Value = &'static str> {
    let real = pipelines().into_iter().map(text_of);
    select(real.chain(PIPELINES).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes), SCHEMAS[0], TEMPLATE);
    }

    #[test]
    fn any_tokens(tokens in proptest::collection::vec(select(&TOKENS[..]), 0..60)) {
        check(&tokens.concat(), SCHEMAS[0], TEMPLATE);
    }

    #[test]
    fn edited_pipelines(path in select(pipelines()), edits in edits(8)) {
        compile(path, &edited(text_of(path), &edits), repository());
    }

    #[test]
    fn edited_pipelines_with_any_schema(text in pipeline_text(), schema in select(&SCHEMAS[..]), edits in edits(8)) {
        check(&edited(text, &edits), schema, TEMPLATE);
    }

    #[test]
    fn edited_schemas_and_templates(
        text in pipeline_text(),
        schema in select(&SCHEMAS[..]),
        edits in edits(4),
        slips in edits(3),
    ) {
        check(text, &edited(schema, &edits), &edited(TEMPLATE, &slips));
    }

    #[test]
    fn any_tree(tree in tree()) {
        check(&tree, SCHEMAS[0], TEMPLATE);
    }
}
