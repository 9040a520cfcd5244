//! Finds the PostgreSQL that is installed on this machine.

use std::cmp::Reverse;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::error::{PostgresError, Result};

/// The programs a cluster needs.
const NEEDED: [&str; 3] = ["postgres", "initdb", "createdb"];

/// Folders with one folder per version in them: the parent, the start of the child's name, and the path below it.
const VERSIONED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
];

/// A folder with `postgres`, `initdb` and `createdb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the first of: the folders on `PATH`, the one of `pg_config`, the usual folders, newest version first.
    /// Data that exist need their own major version.
    pub(crate) fn find(data: &Path) -> Result<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        Self::find_in(candidates(&path), data, &path)
    }

    fn find_in(candidates: impl Iterator<Item = PathBuf>, data: &Path, path: &OsStr) -> Result<Self> {
        let wanted = fs::read_to_string(data.join("PG_VERSION")).ok();
        let wanted = wanted.as_deref().map(str::trim);
        let mut is_installed = false;
        for folder in candidates.filter(|folder| is_complete(folder)) {
            is_installed = true;
            if wanted.is_none_or(|wanted| version(&folder).as_deref() == Some(wanted)) {
                return Ok(Self { folder });
            }
        }
        if !is_installed {
            return Err(PostgresError::NotInstalled { install: install_line(path) });
        }
        let wanted = wanted.unwrap_or_default().to_owned();
        Err(PostgresError::WrongVersion { data: data.to_owned(), wanted })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn candidates(path: &OsStr) -> impl Iterator<Item = PathBuf> {
    let on_path: Vec<_> = env::split_paths(path).filter_map(|folder| real(&folder)).collect();
    on_path.into_iter().chain(pg_config()).chain(usual())
}

/// The folder itself, or the one a link to `postgres` in it leads to: `createdb` may be there only.
fn real(folder: &Path) -> Option<PathBuf> {
    let postgres = fs::canonicalize(folder.join("postgres")).ok()?;
    let behind = postgres.parent()?.to_owned();
    if is_complete(&behind) { Some(behind) } else { Some(folder.to_owned()) }
}

fn pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(folder.trim()))
}

fn usual() -> impl Iterator<Item = PathBuf> {
    VERSIONED.iter().flat_map(|&(parent, prefix, rest)| versions(parent, prefix, rest))
}

/// Newest first.
fn versions(parent: &str, prefix: &str, rest: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        if let Some(version) = version_in_name(&entry.file_name(), prefix) {
            found.push((version, entry.path().join(rest)));
        }
    }
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn version_in_name(name: &OsStr, prefix: &str) -> Option<u32> {
    name.to_str()?.strip_prefix(prefix)?.parse().ok()
}

fn is_complete(folder: &Path) -> bool {
    NEEDED.iter().all(|program| folder.join(program).is_file())
}

/// The major version, as in `PG_VERSION`.
fn version(folder: &Path) -> Option<String> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // `postgres (PostgreSQL) 15.13 (Debian ...)`
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let major = number.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(major.to_owned())
}

/// The line for the package manager that is on `path`.
fn install_line(path: &OsStr) -> String {
    if is_on_path("brew", path) {
        return "brew install postgresql@17".to_owned();
    }
    let line = [
        ("dnf", "dnf install -y postgresql-server"),
        ("apk", "apk add postgresql"),
        ("pacman", "pacman -S --noconfirm postgresql"),
    ]
    .into_iter()
    .find_map(|(manager, line)| is_on_path(manager, path).then_some(line));
    let sudo = if is_on_path("sudo", path) { "sudo " } else { "" };
    format!("{sudo}{}", line.unwrap_or("apt-get install -y postgresql"))
}

fn is_on_path(program: &str, path: &OsStr) -> bool {
    env::split_paths(path).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_come_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["pgsql-9", "pgsql-17", "pgsql-15", "pgsql-", "other-18"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let found = versions(parent.path().to_str().unwrap(), "pgsql-", "bin");
        let names: Vec<_> =
            found.iter().map(|folder| folder.strip_prefix(parent.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["pgsql-17/bin", "pgsql-15/bin", "pgsql-9/bin"]);
    }

    #[test]
    fn a_folder_counts_when_it_holds_all_programs() {
        let folder = tempfile::tempdir().unwrap();
        for program in NEEDED {
            assert!(!is_complete(folder.path()));
            fs::write(folder.path().join(program), "").unwrap();
        }
        assert!(is_complete(folder.path()));
    }

    #[test]
    fn without_postgres_the_error_names_the_line_that_installs_it() {
        let folder = tempfile::tempdir().unwrap();
        let text = || {
            let nowhere = std::iter::empty();
            let path = folder.path().as_os_str();
            let error = Binaries::find_in(nowhere, Path::new("data"), path);
            error.unwrap_err().to_string()
        };
        assert_eq!(
            text(),
            "no PostgreSQL server found on this machine; install one with: \
             apt-get install -y postgresql"
        );
        for (program, line) in [
            ("sudo", "with: sudo apt-get install -y postgresql"),
            ("dnf", "with: sudo dnf install -y postgresql-server"),
            ("brew", "with: brew install postgresql@17"),
        ] {
            fs::write(folder.path().join(program), "").unwrap();
            assert!(text().ends_with(line), "{}", text());
        }
    }

    #[test]
    fn data_of_a_version_that_is_not_installed_are_refused() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("PG_VERSION"), "8\n").unwrap();
        let error = Binaries::find(data.path()).unwrap_err();
        assert!(error.to_string().contains("were written by PostgreSQL 8"), "{error}");
    }
}
