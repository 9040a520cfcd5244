//! Files that are referred to by their `$id` alone.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::links::{Loader, MAX_FILES};
use super::{Disk, Target, Unresolved, disk};

/// An `$id` of a file that is not read yet.
struct Known {
    id: String,
    target: Target,
}

impl Loader<'_> {
    /// Looks for the open references' `$id`s among all files at hand.
    pub(super) fn search(&mut self, refs: Vec<PathBuf>, disk: &dyn Disk) {
        let candidates = self.candidates(refs, disk);
        let ids = self.ids(candidates);
        let mut known = usize::MAX;
        while known != self.uris.len() {
            known = self.uris.len();
            for reference in std::mem::take(&mut self.open) {
                let left = self.find(reference, &ids);
                self.open.extend(left);
            }
            self.follow();
        }
    }

    /// The files that `refs` names, and all in the folders of the schemas and below.
    fn candidates(&mut self, refs: Vec<PathBuf>, disk: &dyn Disk) -> BTreeSet<PathBuf> {
        let folders: BTreeSet<PathBuf> =
            self.files.parts.iter().filter_map(|part| part.path.parent()).map(PathBuf::from).collect();
        for folder in &folders {
            // A folder inside another one is searched with it.
            if !folders.iter().any(|outer| folder != outer && folder.starts_with(outer)) {
                self.files.searched.push(folder.clone());
            }
        }
        let mut found: BTreeSet<PathBuf> = refs.into_iter().collect();
        for folder in &self.files.searched {
            let below = disk::below(disk, folder);
            self.files.search_ended |= below.ended;
            found.extend(below.files);
        }
        found.retain(|path| !self.files.documents.contains_key(path));
        while found.len() > MAX_FILES {
            self.files.search_ended = true;
            found.pop_last();
        }
        found
    }

    /// The `$id`s of files; those that are not schemas have none.
    fn ids(&self, candidates: BTreeSet<PathBuf>) -> Vec<Known> {
        let mut known = Vec::new();
        for path in candidates {
            let Ok(document) = self.read(&path) else {
                continue;
            };
            for (id, pointer) in document.ids {
                known.push(Known { id, target: Target { path: path.clone(), pointer } });
            }
        }
        known
    }

    /// Reads the file with the reference's `$id`: exactly, or but for the ending of its name.
    fn find(&mut self, open: Unresolved, ids: &[Known]) -> Option<Unresolved> {
        let uri = &open.reference.uri;
        let mut found: Vec<&Known> = ids.iter().filter(|known| known.id == *uri).collect();
        if found.is_empty() {
            found = ids.iter().filter(|known| stem(&known.id) == stem(uri)).collect();
        }
        found.retain(|known| self.add(&known.target.path).is_ok());
        let [first, others @ ..] = found.as_slice() else {
            return Some(open);
        };
        for other in others {
            self.distinct(uri, &first.target, other.target.clone());
        }
        self.link(&open, first.target.clone());
        None
    }
}

/// A URI without the ending of its name.
fn stem(uri: &str) -> &str {
    let endings = [".schema.json", ".json", ".schema.yaml", ".yaml", ".yml"];
    endings.iter().find_map(|ending| uri.strip_suffix(ending)).unwrap_or(uri)
}
