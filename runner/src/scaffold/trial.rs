//! Templates put to the pipeline itself: what they render is validated and mapped as a message would be.

use super::choices::{Choices, search};
use super::node::Node;
use crate::message::{Delivery, Metadata, Receipt, Rejection};
use crate::plan::Pipeline;
use crate::producer::{Generator, Template};

/// Renderings of each try, as many and of the same seed as the compiler tries.
const RENDERINGS: usize = 20;

/// The message id of every event that is tried.
pub(super) const MESSAGE_ID: &str = "m-1";

/// The text of a template whose events the pipeline stores; of the most natural one, when none is found.
pub(super) fn find(pipeline: &Pipeline, make: impl FnMut(&mut Choices) -> Node) -> String {
    search(make, |made| refused(pipeline, &made.text(0))).text(0)
}

/// Where the first event that is not stored is wrong.
fn refused(pipeline: &Pipeline, text: &str) -> Option<String> {
    let Ok(template) = Template::compile("new", text) else {
        return Some(String::new());
    };
    let mut generator = Generator::seeded(0);
    (0..RENDERINGS).find_map(|_| {
        let decided = template.render(&mut generator).map(|body| decide(pipeline, &body));
        match decided {
            Ok(Ok(())) => None,
            Ok(Err(rejection)) => Some(rejection.instance_path.unwrap_or_default()),
            Err(_) => Some(String::new()),
        }
    })
}

/// What the pipeline does with a body.
pub(super) fn decide(pipeline: &Pipeline, body: &str) -> Result<(), Rejection> {
    let receipt = Receipt(String::new());
    let delivery = Delivery { body: body.to_owned(), metadata: metadata(), receipt };
    pipeline.decider().decide(&delivery).map(drop)
}

/// What the queue would say of it.
pub(super) fn metadata() -> Metadata {
    Metadata {
        message_id: MESSAGE_ID.to_owned(),
        sent_at: Some(0),
        received_at: 0,
        receive_count: 1,
        ..Metadata::default()
    }
}
