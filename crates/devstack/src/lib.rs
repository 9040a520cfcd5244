//! The local stack for `runner dev` and the tests: an SQS-compatible endpoint, a private PostgreSQL, and a proxy that
//! breaks connections. None needs anything started by hand, and nothing of them outlives the process.
//!
//! - [`sqs`]: the endpoint, in this process, in memory. `sqs::Sqs` is a running one,
//!   `sqs::Faults` makes it fail on purpose.
//! - [`postgres`]: a server run from the machine's own binaries. `postgres::Postgres` is a running
//!   one.
//! - [`proxy`]: a TCP proxy before either, or before another server. It cuts, stalls, delays, refuses
//!   and half-opens connections on command.
//!
//! ```no_run
//! use devstack::postgres::{Postgres, PostgresOptions};
//! use devstack::sqs::{Sqs, SqsOptions};
//!
//! let sqs = Sqs::start(SqsOptions::default())?;
//! let postgres = Postgres::start(&PostgresOptions::default())?;
//! println!("SQS_ENDPOINT={}", sqs.endpoint());
//! println!("DATABASE_URL={}", postgres.create_database("runner")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The conformance suite in `tests/it/sqs` describes the behaviour of the endpoint, through the AWS SDK. It also runs
//! on a server written by others, so that it describes SQS rather than this crate:
//!
//! ```sh
//! cargo test -p devstack
//! crates/devstack/tests/with-ministack cargo test -p devstack --test it sqs::
//! ```

pub mod postgres;
pub mod proxy;
pub mod sqs;
