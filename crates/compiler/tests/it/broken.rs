//! Every broken pipeline file in `tests/broken` is reported exactly as its snapshot says.

use std::path::{Path, PathBuf};

use compiler::config::{Environment, load};
use compiler::diagnostic::{Style, render};

/// Paths in reports are as they were named, so the snapshots name no machine's folders; tests run in the package's folder.
const FOLDER: &str = "tests/broken";

fn files(ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).expect("the folder is part of the package");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files
}

fn report(path: &Path) -> String {
    match compiler::compile(&load(&[path.to_owned()], &Environment::new())) {
        Ok(compiled) => render(&compiled.warnings, Style::Plain),
        Err(problems) => render(&problems, Style::Plain),
    }
}

#[test]
fn each_broken_file_has_its_snapshot() {
    let files = files("yaml");
    assert!(files.len() >= 25, "only {} broken files", files.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../broken");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for file in files {
            let name = file.file_stem().expect("a file").to_string_lossy().into_owned();
            insta::assert_snapshot!(name, report(&file));
        }
    });
}

#[test]
fn each_snapshot_has_its_broken_file() {
    for snapshot in files("snap") {
        assert!(snapshot.with_extension("yaml").exists(), "{} is left over", snapshot.display());
    }
}
