//! Paths as files name them.

use std::path::{Component, Path, PathBuf};

/// A path as a file names it, relative to that file's folder, with `..` resolved.
pub fn join(folder: &Path, path: &str) -> PathBuf {
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
}
