//! The local stack for `runner dev` and the tests: an SQS-compatible endpoint and a private
//! PostgreSQL. Neither needs anything started by hand, and nothing of either outlives the process.
//!
//! - [`sqs`]: the endpoint, in this process.
//! - [`postgres`]: a server run from the machine's own binaries.

pub mod postgres;
pub mod sqs;
