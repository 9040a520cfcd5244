//! Changes a live PostgreSQL schema to match what the pipeline files declare.
//!
//! [`plan`] compares, [`up`] applies and records, [`status`] reports, [`down`] undoes the last step, and [`fit`]
//! finds how a running pipeline can write, or what prevents it. [`describe`] reads a table that others made. Only additive
//! steps are ever applied: a change that would lose or rewrite data is a [`Refusal`], with the SQL to run by hand.
//!
//! The modules in reading order:

mod merge;
mod reserved;

mod assignment;
mod catalog;
mod declared_type;
mod existing;
mod live;
mod query;
mod view;

mod difference;
mod grant;
mod misfit;
mod needed;
mod rights;

mod ddl;
mod index_name;
mod resolve;
mod step;

mod error;
mod install;
mod ledger;
mod session;
mod transaction;

mod down;
mod plan;
mod status;
mod up;

pub use down::down;
pub use error::{Cause, Error, Holder};
pub use existing::describe;
pub use grant::{Grant, Missing, Object, Privilege, to_create, to_write};
pub use ledger::Entry;
pub use misfit::{Fit, LossyColumn, Misfit, fit};
pub use needed::needed_to_write;
pub use plan::{Plan, plan};
pub use rights::needed_to_apply;
pub use session::LOCK_TIMEOUT;
pub use status::{State, Status, TableStatus, status};
pub use step::{Action, Loss, Refusal, Step, Undo};
pub use up::{Report, up};
