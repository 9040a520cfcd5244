//! The integration suite of `runner`: one binary, one module per subject.

mod any_yaml;
mod broken;
mod casts;
mod containers;
mod crash;
mod cross_check;
mod decide;
mod dev;
mod events;
mod examples;
mod faults;
mod imports;
mod messages;
mod migrate;
mod outage;
mod produce;
mod readme;
mod reference;
mod sample_events;
mod several;
mod stack;
mod startup;
mod tables;
mod upserts;
mod validate_config;
