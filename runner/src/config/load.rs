//! The only reader of files and of the environment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::schema_files::{self, Disk, Real, SchemaFiles};
use super::template::TemplateBody;
use super::test_file::TestText;
use super::{Environment, PipelineFile, parse, parse_cases};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};

/// Bytes of a pipeline file or a template. The widest table PostgreSQL allows fits a tenth of it.
const MAX_TEXT: u64 = 1 << 20;
/// Bytes of a schema file.
const MAX_SCHEMA: u64 = 16 << 20;

/// How a test file's name ends, after the name of its pipeline.
const TEST_ENDINGS: [&str; 2] = [".test.yaml", ".test.yml"];

/// Every text that `plan::compile` needs.
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

/// Why a `.env` file is no use. Never shows what is in the file: passwords are.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// It can't be read.
    #[error("can't read .env: {0}")]
    Unreadable(io::Error),
    /// A line of it is not `NAME=VALUE`.
    #[error(
        "the line after {after} in .env is no NAME=VALUE; put a value with spaces, quotes or `#` into single quotes"
    )]
    Line {
        /// The variable before it, or the start of the file.
        after: String,
    },
}

/// The environment of this process, with what a `.env` file here adds to it. A variable that is set wins over the file.
pub fn environment() -> Result<Environment, EnvFileError> {
    let mut env: Environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match dotenvy::dotenv_iter() {
        Ok(entries) => add_env_file(&mut env, entries)?,
        Err(error) if error.not_found() => {}
        Err(error) => return Err(env_file_error(error, "its start")),
    }
    Ok(env)
}

fn add_env_file(
    env: &mut Environment,
    entries: impl Iterator<Item = dotenvy::Result<(String, String)>>,
) -> Result<(), EnvFileError> {
    let mut last = "its start".to_owned();
    for entry in entries {
        let (name, value) = entry.map_err(|error| env_file_error(error, &last))?;
        last = format!("{name}=...");
        env.entry(name).or_insert(value);
    }
    Ok(())
}

fn env_file_error(error: dotenvy::Error, last: &str) -> EnvFileError {
    match error {
        dotenvy::Error::Io(error) => EnvFileError::Unreadable(error),
        _ => EnvFileError::Line { after: last.to_owned() },
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
                    match read_text(&path, MAX_TEXT, &Real) {
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
        schema_files::load(parts, disk, &|path| read_text(path, MAX_SCHEMA, disk))
    });
    let templates = file.as_ref().map(|file| templates(file, &folder, disk)).unwrap_or_default();
    PipelineText { source, file, problems, schema, templates }
}

fn templates(file: &PipelineFile, folder: &Path, disk: &dyn Disk) -> BTreeMap<String, Result<Arc<SourceText>, String>> {
    let listed = file.producer.iter().flat_map(|producer| &producer.templates.value);
    let paths = listed.filter_map(|template| match &template.body {
        TemplateBody::File(path) => Some(path),
        TemplateBody::Inline(_) => None,
    });
    paths
        .map(|path| {
            let text = read_text(&join(folder, path), MAX_TEXT, disk);
            (path.clone(), text.map_err(|problem| problem.message))
        })
        .collect()
}

/// The test files beside pipeline files, and those in the folders that stand beside none.
pub fn load_tests(paths: &[PathBuf], pipelines: &[PipelineText]) -> (Vec<TestText>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut tests = Vec::new();
    for pipeline in pipelines.iter().map(|text| &text.source.path) {
        for path in TEST_ENDINGS.map(|ending| pipeline.with_extension(&ending[1..])).iter().filter(|path| path.exists())
        {
            match read_text(path, MAX_TEXT, &Real) {
                Ok(source) => tests.push(test_text(pipeline, source)),
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.extend(paths.iter().flat_map(|path| lone_tests(path)));
    (tests, problems)
}

fn test_text(pipeline: &Path, source: Arc<SourceText>) -> TestText {
    let (cases, problems) = parse_cases(&source);
    let folder = source.path.parent().unwrap_or(Path::new(""));
    let named = cases.iter().filter_map(|case| case.file.as_ref());
    let body = |path: &str| read_text(&join(folder, path), MAX_TEXT, &Real).map_err(|problem| problem.message);
    let bodies = named.map(|path| (path.value.clone(), body(path))).collect();
    TestText { pipeline: pipeline.to_owned(), source, cases, problems, bodies }
}

/// Test files of a folder whose pipeline file is not there; a folder that can't be read was reported before.
fn lone_tests(folder: &Path) -> Vec<Diagnostic> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let lone = paths.iter().filter(|path| tested(path).is_some_and(|pipeline| !pipeline.exists()));
    lone.map(|path| {
        let message = format!("{} stands beside no pipeline file of its name", path.display());
        let wanted = tested(path).unwrap_or_default();
        Diagnostic::new(Code::LoneTest, message, None)
            .help(format!("it tests {}, which does not exist", wanted.display()))
    })
    .collect()
}

/// The pipeline file that a test file is about; `None` when the path is no test file's.
pub fn tested(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem =
        TEST_ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).filter(|stem| !stem.starts_with('.'))?;
    let named = |ending: &str| path.with_file_name(format!("{stem}{ending}"));
    Some([named(".yaml"), named(".yml")]).map(|[yaml, yml]| if yml.exists() && !yaml.exists() { yml } else { yaml })
}

fn pipeline_paths(path: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: &io::Error| {
        Diagnostic::new(Code::Unreadable, format!("can't read folder {}: {error}", path.display()), None)
    };
    let entries = std::fs::read_dir(path).map_err(|error| unreadable(&error))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        if is_pipeline(&path) && path.is_file() {
            found.push(path);
        }
    }
    if found.is_empty() {
        let message = format!("no pipeline file in {}", path.display());
        let help = "a pipeline file ends in `.yaml` or `.yml`";
        return Err(Diagnostic::new(Code::NoPipelines, message, None).help(help));
    }
    found.sort();
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
    let test = TEST_ENDINGS.iter().any(|ending| name.ends_with(ending));
    !test && !name.starts_with('.') && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

fn read_text(path: &Path, limit: u64, disk: &dyn Disk) -> Result<Arc<SourceText>, Diagnostic> {
    let problem = |code, message| Err(Diagnostic::new(code, message, None));
    let shown = path.display();
    let bytes = match disk.read(path, limit) {
        Ok(bytes) => bytes,
        Err(error) => return problem(Code::Unreadable, format!("can't read {shown}: {error}")),
    };
    if bytes.len() as u64 > limit {
        return problem(Code::TooLarge, format!("{shown} is larger than {} KiB", limit >> 10));
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

/// A path as a file names it, relative to that file's folder, with `..` taken out for reading.
pub(crate) fn join(folder: &Path, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(joined.components().next_back(), Some(Component::Normal(_))) => {
                joined.pop();
            }
            part => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_that_names_them() {
        let joined = |path| join(Path::new("pipelines"), path).display().to_string();
        assert_eq!(joined("../schemas/a.json"), "schemas/a.json");
        assert_eq!(joined("./a.hbs"), "pipelines/a.hbs");
        assert_eq!(joined("../../a"), "../a");
        assert_eq!(joined("/etc/a"), "/etc/a");
    }

    #[test]
    fn an_env_file_adds_variables_and_its_errors_keep_its_secrets() {
        let mut env = Environment::from([("A".to_owned(), "set".to_owned())]);
        let read = |text: &'static str| dotenvy::from_read_iter(text.as_bytes());
        add_env_file(&mut env, read("A=file\nB='two # words'\n")).unwrap();
        assert_eq!((env["A"].as_str(), env["B"].as_str()), ("set", "two # words"));
        let error = add_env_file(&mut env, read("DB_USER=me\nDB_PASSWORD=\"secret\n")).unwrap_err();
        assert!(error.to_string().starts_with("the line after DB_USER=... in .env"), "{error}");
    }

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
