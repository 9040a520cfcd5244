//! `runner dev`: the whole loop on this machine, with nothing prepared.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::connection;
use super::exit::Failure;
use super::format::Format;
use super::summary::Summary;
use super::{load, pipeline, signals};
use crate::config::settings::{DatabaseUrl, Settings};
use crate::engine::{Ending, Stats};
use crate::plan::{Pipeline, QueueRef};
use crate::producer::{Events, Generator, Pace, Production, Share, Totals};
use crate::source::{Access, Clients};

/// Run the whole loop on this machine: queue, PostgreSQL, producer and pipeline
#[derive(Debug, Clone, clap::Args)]
pub struct DevArgs {
    /// The pipeline file
    #[arg(default_value = "pipelines/transactions.yaml")]
    pub pipeline: PathBuf,
    /// Produce this many events at once, wait until each is settled, and exit [default: run until Ctrl-C]
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Time from one event to the next, as 15s or 500ms [default: the pipeline file's]
    #[arg(long, value_name = "DURATION", value_parser = Pace::every, conflicts_with = "rate")]
    pub every: Option<Pace>,
    /// Events per second, as 500/s
    #[arg(long, value_name = "RATE", value_parser = Pace::rate)]
    pub rate: Option<Pace>,
    /// Share of the events to make invalid on purpose, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub invalid: Share,
    /// Keep the database in this folder, and start from it the next time
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// How to print the summary
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}
