//! What the example pipelines' own templates render goes through the pipeline: rows for a valid event, a rejection for
//! one that was broken on purpose.

use std::path::PathBuf;

use compiler::config::{Environment, load};
use compiler::sample_metadata;
use pipeline::Pipeline;
use pipeline::message::{Code, Delivery, Receipt};
use pipeline::producer::{Breakage, Event, Events, Generator};

/// Enough that every branch of every template comes up.
const EVENTS: usize = 200;

fn examples() -> Vec<Pipeline> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../pipelines");
    let files = load(&[folder], &Environment::new());
    compiler::compile(&files).unwrap().pipelines
}

fn events(pipeline: &Pipeline, invalid: &str) -> Vec<Event> {
    let templates = pipeline.producer().unwrap().templates.clone();
    let decider = pipeline.decider().clone();
    let mut events = Events::new(templates, Generator::seeded(11))
        .breaking(invalid.parse().unwrap(), move |body, attributes| {
            decider.accepts(body, &sample_metadata(attributes))
        });
    (0..EVENTS).map(|_| events.draw().unwrap()).collect()
}

fn delivery(event: &Event) -> Delivery {
    Delivery {
        body: event.body.clone(),
        metadata: sample_metadata(&event.attributes),
        receipt: Receipt("receipt".to_owned()),
    }
}

#[test]
fn every_valid_event_becomes_one_row() {
    for pipeline in examples() {
        for event in events(&pipeline, "0") {
            let rows = pipeline.decider().decide(&delivery(&event));
            let rows = rows.unwrap_or_else(|reason| panic!("{}: {reason:?}: {}", pipeline.name(), event.body));
            assert_eq!(rows.tables.iter().map(Vec::len).collect::<Vec<_>>(), [1], "{}", pipeline.name());
        }
    }
}

#[test]
fn every_broken_event_is_rejected_the_way_it_was_broken() {
    for pipeline in examples() {
        for event in events(&pipeline, "1") {
            let rejection = pipeline.decider().decide(&delivery(&event)).unwrap_err();
            let expected = match event.breakage.unwrap() {
                Breakage::NotJson => Code::NotJson,
                _ => Code::Schema,
            };
            assert_eq!(rejection.code, expected, "{}: {}", pipeline.name(), event.body);
        }
    }
}
