//! The compiler's suite: one binary, one module per subject. Nothing here needs a queue or a database.

mod alternatives;
mod broken;
mod computed;
mod conditions;
mod cross_check;
mod examples;
mod extremes;
mod fuzz;
mod known_values;
mod sample_events;
mod schema_references;
mod several;
