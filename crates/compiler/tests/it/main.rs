//! The compiler's suite: one binary, one module per subject. Nothing here needs a queue or a database.

mod any_yaml;
mod broken;
mod computed;
mod conditions;
mod cross_check;
mod doubts;
mod examples;
mod judged;
mod sample_events;
mod schema_references;
mod several;
