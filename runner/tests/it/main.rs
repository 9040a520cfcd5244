//! The integration suite of `runner`: one binary, one module per subject.

mod any_yaml;
mod broken;
mod casts;
mod containers;
mod crash;
mod cross_check;
mod decide;
mod dev;
mod editor_schema;
mod events;
mod examples;
mod faults;
mod imports;
mod migrate;
mod new;
mod outage;
mod produce;
mod readme;
mod reference;
mod sample_events;
mod several;
mod stack;
mod startup;
mod validate_config;
