//! The local stack, seen from outside.
//!
//! `sqs` is a conformance suite: it runs through the AWS SDK on the endpoint of this crate, or on the
//! server at `SQS_ENDPOINT`. See its `conformance` module.

mod faults;
mod postgres;
mod proxy;
mod sqs;
