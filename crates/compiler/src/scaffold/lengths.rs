//! How long a text may be.

use serde_json::Value;

/// Characters of a text of which the schema leaves the length open.
const USUAL: usize = 8;

/// The lengths a conjunction of schemas allows.
pub(super) struct Lengths {
    least: usize,
    most: usize,
}

impl Lengths {
    /// The greatest `minLength` and the smallest `maxLength`.
    pub(super) fn of(schemas: &[&Value]) -> Self {
        let mut lengths = Self { least: 0, most: usize::MAX };
        for schema in schemas {
            lengths.least = lengths.least.max(length(schema, "minLength").unwrap_or(0));
            lengths.most = lengths.most.min(length(schema, "maxLength").unwrap_or(usize::MAX));
        }
        lengths
    }

    /// The allowed length nearest to the usual one.
    pub(super) fn wanted(&self) -> usize {
        USUAL.max(self.least).min(self.most)
    }

    /// Whether a text may be this long.
    pub(super) fn fit(&self, length: usize) -> bool {
        (self.least..=self.most).contains(&length)
    }
}

fn length(schema: &Value, key: &str) -> Option<usize> {
    usize::try_from(schema.get(key)?.as_u64()?).ok()
}
