//! Runs pipelines: receives from the queue, writes rows, settles messages.
//!
//! The modules in reading order:

pub mod fault;

mod backoff;
pub mod stop;

pub mod dlq;
pub mod sink;
pub mod source;

mod doubt;
mod in_flight;
mod lease;
mod receive;
mod reject;
mod run;
mod settle;
mod stats;
mod write;

pub mod produce;

pub use run::{Ending, Seams, WRITERS, run};
pub use stats::{Reading, Stats};
