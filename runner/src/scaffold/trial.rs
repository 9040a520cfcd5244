//! Templates put to the pipeline itself: what they render is validated and mapped as a message would be.

use serde_json::Value;

use super::choices::{Choices, search};
use super::node::Node;
use crate::message::{Metadata, Rejection};
use crate::plan::Pipeline;
use crate::producer::{Generator, Template};

/// Renderings of each try, as many and of the same seed as the compiler tries.
const RENDERINGS: usize = 20;

/// The text of a template whose events the pipeline stores; of the most natural one, when none is found.
pub(super) fn find(pipeline: &Pipeline, make: impl FnMut(&mut Choices) -> Node) -> String {
    let refuse = |made: &Node| refused(pipeline, &made.text(0));
    let (node, _) = search(make, refuse, String::as_str);
    node.text(0)
}

/// Where the first event that is not stored is wrong.
fn refused(pipeline: &Pipeline, text: &str) -> Option<String> {
    let Ok(template) = Template::compile("new", text) else {
        return Some(String::new());
    };
    let mut generator = Generator::seeded(0);
    (0..RENDERINGS).find_map(|_| {
        let body = template.render(&mut generator).ok();
        match body.and_then(|body| serde_json::from_str(&body).ok()) {
            Some(event) => decide(pipeline, &event).err().map(|rejection| rejection.instance_path.unwrap_or_default()),
            None => Some(String::new()),
        }
    })
}

/// What the pipeline does with an event.
pub(super) fn decide(pipeline: &Pipeline, event: &Value) -> Result<(), Rejection> {
    pipeline.validator().check(event)?;
    pipeline.mapping().rows(event, &metadata()).map(drop)
}

/// What the queue would say of it.
pub(super) fn metadata() -> Metadata {
    Metadata {
        message_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        sent_at: Some(0),
        received_at: 0,
        receive_count: 1,
        ..Metadata::default()
    }
}
