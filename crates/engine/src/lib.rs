//! Runs pipelines: receives from the queue, writes rows, settles messages.
//!
//! The modules in reading order:

pub mod fault;

mod backoff;
mod bytes;
mod company;
pub mod stop;

mod figures;

pub mod dlq;
pub mod sink;
pub mod source;

mod evidence;
mod examine;
mod fullness;
mod gate;
mod give_back;
mod groups;
mod in_flight;
mod last_faults;
mod lease;
mod look;
mod measured;
mod memory;
mod receive;
mod reject;
mod run;
mod settle;
mod store;
mod waiting;
mod write;

#[cfg(test)]
mod scripted_queue;

pub mod produce;

pub use figures::{
    Away, CallReading, CallResult, Counts, Details, Figures, Health, HistogramReading, Interval, NewestKey, Progress,
    QueueCall, QueueRole, Reading, RejectionReading, Service, ServiceReading, Stage, StageReading, TableDetails,
    TableReading,
};
pub use run::{Ending, Services, run};
