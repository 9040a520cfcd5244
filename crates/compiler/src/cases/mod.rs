//! Test cases: messages with the result that is expected of each, decided without a queue and without a database.

mod align;
mod cell;
mod compare;
mod compile;
mod delivery;
mod expected;
mod report;
mod spelling;
mod written;

use std::sync::Arc;

use crate::diagnostic::Place;
use pipeline::Pipeline;
use pipeline::message::{Delivery, Rejection};
use pipeline::row::Rows;

pub use cell::value;
pub use compare::Difference;
pub use compile::compile;
pub use expected::{Expected, ExpectedRow, Reason};
pub use written::{outcome, written};

/// One message and what is expected of it.
#[derive(Debug)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// Where it stands in the test file.
    pub place: Place,
    /// The message as the queue would deliver it.
    pub delivery: Delivery,
    /// The expected result.
    pub expected: Expected,
}

/// The result of a case.
#[derive(Debug)]
pub struct Outcome {
    /// What the pipeline made of the message.
    pub result: Result<Rows, Rejection>,
    /// Where the result differs from the expected one; the case passed when there is no difference.
    pub differences: Vec<Difference>,
}

impl Case {
    /// Decides the message and compares the result.
    pub fn run(&self, pipeline: &Arc<Pipeline>) -> Outcome {
        let result = pipeline.decider().trace(&self.delivery).result;
        let differences = compare::differences(&self.expected, &result, pipeline);
        Outcome { result, differences }
    }
}
