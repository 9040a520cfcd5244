//! The local stack for `runner dev` and the tests: an SQS-compatible endpoint and a private
//! PostgreSQL. Neither needs anything started by hand, and nothing of either outlives the process.
//!
//! - [`sqs`]: the endpoint, in this process, in memory. `sqs::Sqs` is a running one,
//!   `sqs::Faults` makes it fail on purpose.
//! - [`postgres`]: a server run from the machine's own binaries. `postgres::Postgres` is a running
//!   one.
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
//! What the endpoint promises is written down as a conformance suite in `tests/it/sqs`, which goes
//! through the AWS SDK. The same suite runs on a server written by others, so that it says what SQS
//! does and not what this crate does:
//!
//! ```sh
//! cargo test -p devstack
//! devstack/tests/with-ministack cargo test -p devstack --test it sqs::
//! ```

pub mod postgres;
pub mod proxy;
pub mod sqs;
