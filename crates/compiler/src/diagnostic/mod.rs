//! What the compiler of pipeline files reports: errors and warnings, each with its code and its exact place.

mod codes;
mod json;
mod place;
mod render;

pub use codes::{Code, Level};
pub use json::{Record, records};
pub use place::{Place, SourceText};
pub use render::{Style, render};

/// One error or warning.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    /// Its code, which determines its level.
    pub code: Code,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// Where; `None` only when it concerns no file (an empty folder).
    pub place: Option<Place>,
    /// What stands at the place, as a short label under the source line.
    pub label: String,
    /// Further places that explain it, each with its label.
    pub related: Vec<(Place, String)>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic at a place.
    pub fn new(code: Code, message: impl Into<String>, place: impl Into<Option<Place>>) -> Self {
        Self {
            code,
            message: message.into(),
            place: place.into(),
            label: String::new(),
            related: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Puts a label under the source line.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds "did you mean", when one of the names is close to what was written.
    #[must_use]
    pub fn suggest<'a>(self, written: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(written, names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// Whether it stops the compilation.
    pub fn is_error(&self) -> bool {
        self.code.level() == Level::Error
    }

    /// For sorting: file, then position, then code.
    pub fn sort_key(&self) -> (String, usize, &'static str) {
        let (file, start) = self
            .place
            .as_ref()
            .map_or_else(Default::default, |place| (place.file().display().to_string(), place.range().start));
        (file, start, self.code.id())
    }
}

/// The name closest to what was written, if it is close enough to be meant.
pub fn closest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = written.to_lowercase();
    let limit = (written.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (distance(&written, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Optimal string alignment distance: Levenshtein's, with a swap of neighbours counted as one slip.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (rows[i][j] + usize::from(x != y)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closest_finds_slips_and_leaves_strangers() {
        assert_eq!(closest("emial", ["name", "email"]), Some("email"));
        assert_eq!(closest("Pollers", ["wait", "pollers"]), Some("pollers"));
        assert_eq!(closest("zebra", ["name", "email"]), None);
        assert_eq!(closest("x", []), None);
    }
}
