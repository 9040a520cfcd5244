//! Where files come from, and the patterns that choose among them.

use std::io;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern, PatternError};

/// The real files, or some in memory. A closure that reads is one without folders.
pub trait Disk {
    /// Reads one file, up to one byte more than the limit.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// What a folder holds.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;
}

/// A file or folder inside a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The folder's path and the name.
    pub path: PathBuf,
    /// A folder, and no link to one.
    pub is_folder: bool,
}

impl<F: Fn(&Path, u64) -> io::Result<Vec<u8>>> Disk for F {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        self(path, limit)
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<Entry>> {
        Ok(Vec::new())
    }
}

/// This machine's own files.
#[derive(Debug)]
pub struct Real;

impl Disk for Real {
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(folder)?;
        entries
            .map(|entry| {
                let entry = entry?;
                let path = if folder == Path::new(".") { entry.file_name().into() } else { entry.path() };
                // A link to a folder may lead back up.
                Ok(Entry { path, is_folder: entry.file_type()?.is_dir() })
            })
            .collect()
    }
}

/// Folders within folders that are looked into.
const MAX_DEPTH: usize = 16;
/// Entries looked at below one folder: a schema catalogue is smaller, somebody's home folder is not.
const MAX_ENTRIES: usize = 20_000;
/// Folders with other people's files.
const LEFT_OUT: [&str; 2] = ["node_modules", "target"];

/// Every schema file below a folder, by its ending, in their order. What can't be listed has none.
pub(super) fn below(disk: &dyn Disk, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = MAX_ENTRIES;
    collect(disk, folder, 0, &mut left, &mut found);
    found.sort();
    found
}

fn collect(disk: &dyn Disk, folder: &Path, depth: usize, left: &mut usize, found: &mut Vec<PathBuf>) {
    let mut entries = disk.list(folder).unwrap_or_default();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| is_looked_at(&entry.path)) {
        let Some(less) = left.checked_sub(1) else { return };
        *left = less;
        match entry.is_folder {
            true if depth < MAX_DEPTH => collect(disk, &entry.path, depth + 1, left, found),
            false if is_schema(&entry.path) => found.push(entry.path),
            _ => {}
        }
    }
}

fn is_looked_at(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !LEFT_OUT.contains(&&*name)
}

fn is_schema(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
}

/// The files whose path matches: `*` and `?` within a name, `**` for any folders.
pub(in crate::config) fn matches(disk: &dyn Disk, pattern: &Path) -> Result<Vec<PathBuf>, PatternError> {
    let options =
        MatchOptions { require_literal_separator: true, require_literal_leading_dot: true, ..MatchOptions::new() };
    let compiled = Pattern::new(&pattern.to_string_lossy())?;
    let is_literal = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let folder: PathBuf = pattern.parent().into_iter().flat_map(Path::components).take_while(is_literal).collect();
    let mut found = below(disk, &folder);
    found.retain(|path| compiled.matches_path_with(path, options));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_files_in_their_order() {
        let home = tempfile::tempdir().unwrap();
        for path in ["a/x.json", "a/b/y.json", "a/b/z.yaml", "a/node_modules/n.json", "a/.hidden/h.json", "a/x.txt"] {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(home.path(), home.path().join("a/b/up")).unwrap();
        let chosen = |pattern: &str| -> Vec<String> {
            let found = matches(&Real, &home.path().join(pattern)).unwrap();
            found.iter().map(|path| path.strip_prefix(home.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(chosen("a/*.json"), ["a/x.json"]);
        assert_eq!(chosen("a/**/*.json"), ["a/b/y.json", "a/x.json"]);
        assert_eq!(chosen("a/b/?.*"), ["a/b/y.json", "a/b/z.yaml"]);
        assert_eq!(chosen("none/*.json"), Vec::<String>::new());
        assert!(matches(&Real, Path::new("a/***/x")).is_err());
    }
}
