//! Test files: which there are, and what they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{MAX_TEXT, PipelineText, Real, join, read_named, read_text};
use crate::config::parse_cases;
use crate::config::test_file::TestText;
use crate::diagnostic::{Code, Diagnostic, SourceText};

/// How a test file's name ends, after the name of its pipeline.
pub(super) const ENDINGS: [&str; 2] = [".test.yaml", ".test.yml"];

/// The test files beside pipeline files, and a problem for each in the folders that stands beside none.
pub fn load_tests(paths: &[PathBuf], pipelines: &[PipelineText]) -> (Vec<TestText>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut tests = Vec::new();
    for pipeline in pipelines.iter().map(|text| &text.source.path) {
        for path in ENDINGS.map(|ending| pipeline.with_extension(&ending[1..])).iter().filter(|path| path.exists()) {
            match read_named(path, MAX_TEXT, &Real) {
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
    let mut bodies = BTreeMap::new();
    for path in cases.iter().filter_map(|case| case.file.as_ref()) {
        let body = read_text(&join(folder, path), MAX_TEXT, &Real).map_err(|problem| problem.message);
        bodies.insert(path.value.clone(), body);
    }
    TestText { pipeline: pipeline.to_owned(), source, cases, problems, bodies }
}

/// Test files of a folder without their pipeline file; a folder that can't be read was reported before.
fn lone_tests(folder: &Path) -> Vec<Diagnostic> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    let mut problems = Vec::new();
    for path in paths {
        if let Some(pipeline) = tested(&path).filter(|pipeline| !pipeline.exists()) {
            let message = format!("the test file {} has no pipeline file beside it", path.display());
            let help = format!("it tests {}, which does not exist: rename the test file", pipeline.display());
            problems.push(Diagnostic::new(Code::LoneTest, message, None).help(help));
        }
    }
    problems
}

/// The pipeline file that a test file is about; `None` when the path is not a test file's.
pub fn tested(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    if stem.is_empty() || stem.starts_with('.') {
        return None;
    }
    let [usual, short] = [".yaml", ".yml"].map(|ending| path.with_file_name(format!("{stem}{ending}")));
    Some(if short.exists() && !usual.exists() { short } else { usual })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_file_is_about_the_pipeline_file_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.yml"), "").unwrap();
        let pipeline = |name: &str| tested(&folder.path().join(name)).map(|path| path.file_name().unwrap().to_owned());
        assert_eq!(pipeline("a.test.yaml").unwrap(), "a.yaml");
        assert_eq!(pipeline("b.test.yaml").unwrap(), "b.yml");
        assert_eq!(pipeline("b.v2.test.yml").unwrap(), "b.v2.yaml");
        assert_eq!((pipeline("b.yml"), pipeline(".test.yaml")), (None, None));
    }
}
