//! Conformance: what an SQS client may rely on, by group of operations.

pub(crate) mod conformance;

mod attributes;
mod batch;
mod dead_letters;
mod delay;
mod delete;
mod fifo;
mod known_gaps;
mod long_poll;
mod message_attributes;
mod move_tasks;
mod protocol;
mod queues;
mod receive;
mod send;
mod visibility;
