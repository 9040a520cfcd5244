//! Where files come from, and the patterns that choose among them.

use std::io;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::config::paths::join;
use crate::config::read_file::read_file;

/// The real files, or some in memory. A closure that reads files is a disk without folders.
pub trait Disk {
    /// Reads one file, up to one byte more than the limit.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;

    /// What a folder holds.
    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>>;

    /// The file that a path leads to when all links are followed.
    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}

/// A file or folder inside a folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The folder's path and the name.
    pub path: PathBuf,
    /// A folder, not a link to one.
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
        read_file(path, limit)
    }

    fn target(&self, path: &Path) -> io::Result<PathBuf> {
        path.canonicalize()
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Entry>> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let path = if folder == Path::new(".") { entry.file_name().into() } else { entry.path() };
            // A link to a folder may lead back up; a pipe would be waited for.
            let ty = entry.file_type()?;
            if ty.is_dir() || ty.is_file() || path.is_file() {
                found.push(Entry { path, is_folder: ty.is_dir() });
            }
        }
        Ok(found)
    }
}

/// Folders within folders that are looked into.
const MAX_DEPTH: usize = 16;
/// Entries looked at below one folder: a schema catalogue has fewer, a home folder may have more.
const MAX_ENTRIES: usize = 20_000;
/// Folders with other people's files.
const LEFT_OUT: [&str; 2] = ["node_modules", "target"];

/// The schema files below a folder.
#[derive(Debug, Default)]
pub(super) struct Below {
    /// By their endings, in their order. What can't be listed has none.
    pub(super) files: Vec<PathBuf>,
    /// Whether there is more than is looked at.
    pub(super) ended: bool,
    /// Entries looked at.
    entries: usize,
}

pub(super) fn below(disk: &dyn Disk, folder: &Path) -> Below {
    let mut below = Below::default();
    below.collect(disk, folder, 0);
    below.files.sort();
    below
}

impl Below {
    fn collect(&mut self, disk: &dyn Disk, folder: &Path, depth: usize) {
        let mut entries = disk.list(folder).unwrap_or_default();
        entries.sort();
        for entry in entries.into_iter().filter(|entry| is_looked_at(&entry.path)) {
            self.entries += 1;
            match entry.is_folder {
                _ if self.entries > MAX_ENTRIES || depth > MAX_DEPTH => self.ended = true,
                true => self.collect(disk, &entry.path, depth + 1),
                false if is_schema(&entry.path) => self.files.push(entry.path),
                false => {}
            }
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

/// The files whose path, from a folder, matches: `*` and `?` within a name, `**` for any folders. Or why they are unknown.
pub(super) fn matches(disk: &dyn Disk, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let options =
        MatchOptions { require_literal_separator: true, require_literal_leading_dot: true, ..MatchOptions::new() };
    let (start, rest) = literal(pattern);
    let start = join(folder, start);
    // A folder's own name may have brackets in it.
    let whole = Path::new(&Pattern::escape(&start.to_string_lossy())).join(rest);
    let compiled = Pattern::new(&whole.to_string_lossy());
    let compiled = compiled.map_err(|error| format!("`{pattern}` is not a valid pattern: {}", error.msg))?;
    let Below { mut files, ended, .. } = below(disk, &start);
    if ended {
        return Err(format!("`{pattern}` starts above more than {MAX_ENTRIES} files: start it in a folder further in"));
    }
    files.retain(|path| compiled.matches_path_with(path, options));
    Ok(files)
}

/// A pattern in two: the folders it names, and the rest from the first one that it only describes.
fn literal(pattern: &str) -> (&str, &str) {
    let described = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    pattern.split_at(pattern[..described].rfind('/').map_or(0, |slash| slash + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_files_in_their_order() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().join("v[2]");
        for path in ["a/x.json", "a/b/y.json", "a/b/z.yaml", "a/node_modules/n.json", "a/.hidden/h.json", "a/x.txt"] {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&home, home.join("a/b/up")).unwrap();
        #[cfg(unix)]
        let _no_file = std::os::unix::net::UnixListener::bind(home.join("a/s.json")).unwrap();
        let chosen = |pattern: &str| -> Vec<String> {
            let found = matches(&Real, &home.join("p"), &format!("../{pattern}")).unwrap();
            found.iter().map(|path| path.strip_prefix(&home).unwrap().display().to_string()).collect()
        };
        assert_eq!(chosen("a/*.json"), ["a/x.json"]);
        assert_eq!(chosen("a/**/*.json"), ["a/b/y.json", "a/x.json"]);
        assert_eq!(chosen("a/b/?.*"), ["a/b/y.json", "a/b/z.yaml"]);
        assert_eq!(chosen("none/*.json"), Vec::<String>::new());
        assert!(matches(&Real, &home, "a/***/x").is_err());
    }
}
