//! The endpoint of a process: what its pipelines do, for Prometheus, for a supervisor and for people.
//!
//! It has a thread and a runtime of its own, so that no busy pipeline delays an answer. It reads the figures that the
//! pipelines write, and asks neither queue nor database; only the backlog of the queues is asked for, and actions are done,
//! by calls and connections of their own.

mod about;
mod actions;
mod address;
mod answer;
mod collector;
mod history;
pub mod metrics;
mod page;
mod readiness;
mod recent;
mod routes;
mod server;
mod status;

use std::sync::Arc;

use engine::Figures;
use pipeline::Pipeline;

use about::About;

pub use actions::{InvalidToken, Token};
pub use address::{AddressError, ListenAddress};
pub(crate) use server::{Bound, Server};

/// A pipeline that the endpoint shows.
#[derive(Debug, Clone)]
pub(crate) struct Watched {
    /// Its name.
    pub(crate) name: String,
    /// What it counts.
    pub(crate) figures: Arc<Figures>,
    pipeline: Arc<Pipeline>,
    about: About,
}

impl Watched {
    /// A pipeline with the figures that it writes.
    pub(crate) fn new(pipeline: &Arc<Pipeline>, figures: Arc<Figures>) -> Self {
        let about = About::new(pipeline);
        Self { name: pipeline.name().to_owned(), figures, pipeline: Arc::clone(pipeline), about }
    }
}
