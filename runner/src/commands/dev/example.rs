//! Which pipeline `dev` runs when none is named; in a folder without pipelines, a built-in example.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::exit::Failure;

/// The first of the project's own pipelines.
const USUAL: &str = "pipelines/transactions.yaml";
/// The same as files of the binary.
const FILES: [(&str, &str); 3] = [
    (USUAL, include_str!("../../../../pipelines/transactions.yaml")),
    ("pipelines/transaction_approved.json.hbs", include_str!("../../../../pipelines/transaction_approved.json.hbs")),
    ("schemas/transaction.schema.json", include_str!("../../../../schemas/transaction.schema.json")),
];

/// The pipeline file to run.
pub(super) struct Chosen {
    pub(super) path: PathBuf,
    /// The folder of the example, which goes away with this.
    example: Option<TempDir>,
}

impl Chosen {
    /// The named file; else the usual one, the only one in `pipelines/`; without that folder, the built-in example.
    pub(super) fn new(named: Option<&Path>) -> Result<Self, Failure> {
        let path = match named {
            Some(named) => named,
            None if Path::new(USUAL).exists() => Path::new(USUAL),
            None if Path::new("pipelines").exists() => Path::new("pipelines"),
            None => return Self::example(),
        };
        Ok(Self { path: path.to_owned(), example: None })
    }

    /// Whether it is the built-in one.
    pub(super) fn is_example(&self) -> bool {
        self.example.is_some()
    }

    fn example() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| Failure::Unwritable { path: std::env::temp_dir(), error })?;
        for (name, text) in FILES {
            write(&folder.path().join(name), text)?;
        }
        Ok(Self { path: folder.path().join(USUAL), example: Some(folder) })
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let parent = path.parent().expect("it is in a folder");
    let written = fs::create_dir_all(parent).and_then(|()| fs::write(path, text));
    written.map_err(|error| Failure::Unwritable { path: path.to_owned(), error })
}
