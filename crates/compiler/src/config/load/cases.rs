//! Test files: which there are, and what they name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{MAX_TEXT, PipelineText, Real, join, read_text};
use crate::config::parse_cases;
use crate::config::test_file::TestText;
use crate::diagnostic::{Code, Diagnostic, SourceText};

/// How a test file's name ends, after the name of its pipeline.
pub(super) const ENDINGS: [&str; 2] = [".test.yaml", ".test.yml"];

/// The test files beside pipeline files, and those in the folders that stand beside none.
pub fn load_tests(paths: &[PathBuf], pipelines: &[PipelineText]) -> (Vec<TestText>, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let mut tests = Vec::new();
    for pipeline in pipelines.iter().map(|text| &text.source.path) {
        for path in ENDINGS.map(|ending| pipeline.with_extension(&ending[1..])).iter().filter(|path| path.exists()) {
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
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    if stem.is_empty() || stem.starts_with('.') {
        return None;
    }
    let named = |ending: &str| path.with_file_name(format!("{stem}{ending}"));
    Some([named(".yaml"), named(".yml")]).map(|[yaml, yml]| if yml.exists() && !yaml.exists() { yml } else { yaml })
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
