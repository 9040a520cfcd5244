//! The only reader of files and of the environment.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::paths::join;
use super::schema_files::{self, Disk, Real, SchemaFiles};
use super::template::TemplateBody;
use super::{Environment, PipelineFile, parse};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

pub use cases::{load_tests, tested};

/// Bytes of a pipeline file or a template. The widest table PostgreSQL allows fits a tenth of it.
const MAX_TEXT: u64 = 1 << 20;
/// Bytes of a schema file.
const MAX_SCHEMA: u64 = 16 << 20;
/// How the names of files end whose text may be shown: pipeline files, schemas, test files and templates.
const KNOWN_ENDINGS: [&str; 4] = ["yaml", "yml", "json", "hbs"];

/// Every text that `compile` needs.
#[derive(Debug, Default)]
pub struct Files {
    /// The pipeline files, in the order they were named.
    pub pipelines: Vec<PipelineText>,
    /// What kept a file from being read at all.
    pub problems: Vec<Diagnostic>,
}

/// A pipeline file and the files it names.
#[derive(Debug)]
pub struct PipelineText {
    /// Its text.
    pub source: Arc<SourceText>,
    /// What could be read of it.
    pub file: Option<PipelineFile>,
    /// What is wrong in it.
    pub problems: Vec<Diagnostic>,
    /// Its schema and everything the schema refers to.
    pub schema: Option<SchemaFiles>,
    /// Template files by the path the pipeline file writes; why one can't be read.
    pub templates: BTreeMap<String, Result<Arc<SourceText>, String>>,
}

impl PipelineText {
    /// The pipeline's name: the file's, without its ending.
    pub fn name(&self) -> String {
        self.source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Reads pipeline files, and of folders every `*.yaml` and `*.yml` directly inside, but no `*.test.yaml`. A
/// file that is named twice, also by its folder, is read once.
pub fn load(paths: &[PathBuf], env: &Environment) -> Files {
    let mut files = Files::default();
    let mut seen = BTreeSet::new();
    for path in paths {
        match pipeline_paths(path) {
            Err(problem) => files.problems.push(problem),
            Ok(found) => {
                for path in found.into_iter().filter(|path| seen.insert(identity(path))) {
                    match read_named(&path, MAX_TEXT, &Real) {
                        Ok(source) => files.pipelines.push(load_text(source, env, &Real)),
                        Err(problem) => files.problems.push(problem),
                    }
                }
            }
        }
    }
    files
}

/// A pipeline text with the files it names, which `disk` gives.
pub fn load_text(source: Arc<SourceText>, env: &Environment, disk: &dyn Disk) -> PipelineText {
    let (file, problems) = parse(&source, env);
    let folder = source.path.parent().unwrap_or(Path::new("")).to_owned();
    let schema = file.as_ref().map(|file| {
        let parts = schema_files::parts(&file.schema, &folder, disk);
        schema_files::load(parts, disk, &|path| read_named(path, MAX_SCHEMA, disk))
    });
    let templates = file.as_ref().map(|file| templates(file, &folder, disk)).unwrap_or_default();
    PipelineText { source, file, problems, schema, templates }
}

fn templates(file: &PipelineFile, folder: &Path, disk: &dyn Disk) -> BTreeMap<String, Result<Arc<SourceText>, String>> {
    let mut texts = BTreeMap::new();
    for template in file.producer.iter().flat_map(|producer| &producer.templates.value) {
        if let TemplateBody::File(path) = &template.body {
            let text = read_named(&join(folder, path), MAX_TEXT, disk);
            texts.insert(path.clone(), text.map_err(|problem| problem.message));
        }
    }
    texts
}

fn pipeline_paths(path: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = pipelines_in(path).map_err(|error| {
        Diagnostic::new(Code::Unreadable, format!("can't read folder {}: {error}", path.display()), None)
    })?;
    if found.is_empty() {
        let message = format!("there is no pipeline file in {}", path.display());
        let help = "a pipeline file ends in `.yaml` or `.yml`";
        return Err(Diagnostic::new(Code::NoPipelines, message, None).help(help));
    }
    found.sort();
    Ok(found)
}

fn pipelines_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if is_pipeline(&path) && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The same for every way to write a file's path. A link is a file of its own: its name is another pipeline's name.
fn identity(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (folder.canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn is_pipeline(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let test = cases::ENDINGS.iter().any(|ending| name.ends_with(ending));
    !test && !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Reads a file whose text diagnostics may show. Another name than that of a configuration is a mistake, such as
/// `/etc/passwd`, and its text is shown to nobody.
fn read_named(path: &Path, limit: u64, disk: &dyn Disk) -> Result<Arc<SourceText>, Diagnostic> {
    let source = read_text(path, limit, disk)?;
    let target = disk.target(path).map_err(|error| unreadable(path, &error.to_string()))?;
    if has_known_ending(path) && has_known_ending(&target) {
        return Ok(source);
    }
    let link = if has_known_ending(path) { format!(" (a link to {})", target.display()) } else { String::new() };
    let help = format!(
        "it is read only if its name ends in {}",
        KNOWN_ENDINGS.map(|ending| format!("`.{ending}`")).join(", ")
    );
    Err(unreadable(path, &format!("its name is not that of a configuration file{link}")).help(help))
}

fn has_known_ending(path: &Path) -> bool {
    path.extension().is_some_and(|ending| KNOWN_ENDINGS.iter().any(|known| ending == *known))
}

fn unreadable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::Unreadable, format!("can't read {}: {why}", path.display()), None)
}

fn read_text(path: &Path, limit: u64, disk: &dyn Disk) -> Result<Arc<SourceText>, Diagnostic> {
    let shown = path.display();
    let bytes = disk.read(path, limit).map_err(|error| unreadable(path, &error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(Diagnostic::new(Code::TooLarge, format!("{shown} is larger than {} KiB", limit >> 10), None));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(SourceText::new(path, &text)),
        Err(error) => Err(not_utf8(path, &error)),
    }
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let source = SourceText::new(path, &String::from_utf8_lossy(error.as_bytes()));
    let place = Place::new(&source, at..at + '\u{fffd}'.len_utf8());
    let message = format!("{} is not UTF-8", path.display());
    Diagnostic::new(Code::Syntax, message, place).label(format!("byte {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_pipeline_files_but_not_its_tests() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.yaml", "a.yml", "a.test.yaml", "readme.md", ".hidden.yaml"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = pipeline_paths(folder.path()).unwrap();
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["a.yml", "b.yaml"]);
    }

    #[test]
    fn a_file_named_twice_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, "").unwrap();
        let roundabout = folder.path().join("..").join(folder.path().file_name().unwrap()).join("a.yaml");
        let files = load(&[file.clone(), folder.path().to_owned(), file, roundabout], &Environment::new());
        assert_eq!((files.pipelines.len(), files.problems.len()), (1, 0));
    }

    #[test]
    fn what_cannot_be_read_is_a_diagnostic() {
        let folder = tempfile::tempdir().unwrap();
        let empty = load(&[folder.path().to_owned()], &Environment::new());
        assert_eq!(empty.problems[0].code, Code::NoPipelines);
        let missing = load(&[folder.path().join("x.yaml")], &Environment::new());
        assert_eq!(missing.problems[0].code, Code::Unreadable);
        let latin = folder.path().join("latin.yaml");
        std::fs::write(&latin, b"a: 1\nb: \xe9\n").unwrap();
        let latin = load(&[latin], &Environment::new());
        assert_eq!(latin.problems[0].place.as_ref().unwrap().start(), (2, 4));
    }
}
