//! Which events to send, and how fast: flags, then the pipeline file's `producer`.

use crate::exit::Failure;
use compiler::sample_metadata;
use pipeline::decide::Decider;
use pipeline::producer::{Attributes, Events, Generator, Pace, Share, Templates};
use pipeline::{Pipeline, Producer};

/// Flags of every command that produces events.
#[derive(Debug, Clone, clap::Args)]
pub struct EventFlags {
    /// Wait this long from one event to the next, such as 15s or 500ms [default: the pipeline file's]
    #[arg(long, value_name = "DURATION", value_parser = Pace::every, conflicts_with = "rate")]
    pub every: Option<Pace>,
    /// Send this many events per second (500/s), minute (30/m) or hour (10/h); max sends as fast as the queue accepts
    #[arg(long, value_name = "RATE", value_parser = Pace::rate)]
    pub rate: Option<Pace>,
    /// Make this share of the events invalid on purpose, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub invalid: Share,
}

impl EventFlags {
    /// `--every` or `--rate`, else the default.
    pub(crate) fn pace(&self, default: Pace) -> Pace {
        self.every.or(self.rate).unwrap_or(default)
    }

    /// Events of these templates. The requested share of them is invalid: the pipeline itself would reject them.
    pub(crate) fn events(&self, templates: Templates, generator: Generator, decider: Decider) -> Events {
        let is_valid = move |body: &str, attributes: &Attributes| decider.accepts(body, &sample_metadata(attributes));
        Events::new(templates, generator).breaking(self.invalid, is_valid)
    }
}

/// The pipeline's producer. Without one there is nothing to send.
pub(crate) fn producer(pipeline: &Pipeline) -> Result<&Producer, Failure> {
    pipeline.producer().ok_or_else(|| Failure::NoProducer(pipeline.file().to_owned()))
}
