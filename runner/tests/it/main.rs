//! The integration suite of `runner`: one binary, one module per subject.

mod any_yaml;
mod broken;
mod examples;
