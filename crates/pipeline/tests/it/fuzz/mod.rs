//! Any input at all: `scripts/fuzz` runs these for as long as one likes, `cargo test` a few hundred cases of each.

mod json_body;
mod schema;
