//! Any input at all: `scripts/fuzz` runs these for as long as one likes, `cargo test` a few hundred cases of each.

mod edit;
mod expression;
pub(crate) mod pipeline_file;
mod tree;

use proptest::prelude::ProptestConfig;

/// As many cases as `PROPTEST_CASES` asks for, and no file beside the sources: the seed that failed is printed.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}
