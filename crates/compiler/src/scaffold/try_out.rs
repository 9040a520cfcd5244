//! Templates tried out with the pipeline itself: what they render is validated and mapped as a message would be.

use super::choices::{Choices, search};
use super::node::Node;
use pipeline::Pipeline;
use pipeline::message::{Code, Delivery, Metadata, Receipt, Rejection};
use pipeline::producer::{Generator, Template};

/// Renderings of each try, as many and of the same seed as the compiler tries.
const RENDERINGS: usize = 20;

/// The message id of every event that is tried.
pub(super) const MESSAGE_ID: &str = "m-1";

/// A template, and why its events are not stored.
pub(super) struct Tried {
    pub(super) text: String,
    pub(super) rejection: Option<Rejection>,
}

/// A template of events that the pipeline stores; the most natural one, when none is found.
pub(super) fn find(pipeline: &Pipeline, make: impl FnMut(&mut Choices) -> Node) -> Tried {
    let found = search(make, |made| {
        let rejection = rejection(pipeline, &made.text(0))?;
        Some(rejection.instance_path.unwrap_or_default())
    });
    let text = found.text(0);
    Tried { rejection: rejection(pipeline, &text), text }
}

/// The rejection of the first event that is not stored.
fn rejection(pipeline: &Pipeline, text: &str) -> Option<Rejection> {
    let template = match Template::compile("new", text) {
        Ok(template) => template,
        Err(error) => return Some(Rejection::new(Code::NotJson, error.message)),
    };
    let mut generator = Generator::seeded(0);
    (0..RENDERINGS).find_map(|_| match template.render(&mut generator) {
        Ok(body) => decide(pipeline, &body).err(),
        Err(error) => Some(Rejection::new(Code::NotJson, error.message)),
    })
}

/// What the pipeline does with a body.
pub(super) fn decide(pipeline: &Pipeline, body: &str) -> Result<(), Rejection> {
    let receipt = Receipt(String::new());
    let delivery = Delivery { body: body.to_owned(), metadata: metadata(), receipt };
    pipeline.decider().decide(&delivery).map(drop)
}

/// The metadata that the queue would give it.
pub(super) fn metadata() -> Metadata {
    Metadata {
        message_id: MESSAGE_ID.to_owned(),
        sent_at: Some(0),
        received_at: 0,
        receive_count: 1,
        ..Metadata::default()
    }
}
