//! Any input at all: `scripts/fuzz` runs these for as long as one likes, `cargo test` some cases of each.

mod dead_letter;

use proptest::prelude::ProptestConfig;

/// Each case sends up to ten letters, and some of a megabyte: fewer than elsewhere, unless `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { 64 };
    ProptestConfig { cases, ..config }
}
