//! `runner produce`: sends sample events.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::time::Instant;

use crate::connection::QueueFlags;
use crate::env_file::EnvFileFlags;
use crate::events::{EventFlags, producer};
use crate::exit::Failure;
use crate::output::format::Format;
use crate::output::totals;
use crate::settings::Settings;
use crate::signals::Signals;
use crate::{load, output};
use engine::produce::{ProduceError, Production};
use engine::source::{Clients, Queue, resolve};
use engine::stop::{Stop, stop_pair};
use pipeline::producer::{Events, Generator, Pace, Totals};
use pipeline::{Pipeline, QueueRef};

/// Time between two attempts to find a queue that does not exist yet.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Send sample events, rendered from a pipeline file's producer templates
#[derive(Debug, Clone, clap::Args)]
pub struct ProduceArgs {
    /// Read this pipeline file
    pub pipeline: PathBuf,
    /// Send this many events, then stop [default: send until stopped]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,
    /// What to send, and how fast
    #[command(flatten)]
    pub events: EventFlags,
    /// Print the events, one per line, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Draw the same random values for the same seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Print the summary in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where the queue is
    #[command(flatten)]
    pub queue: QueueFlags,
}

/// Sends events, or prints them.
pub(crate) fn run(args: &ProduceArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let settings = load::settings(env_file)?;
    let pipeline = load::one(&args.pipeline, &settings)?;
    let producer = producer(&pipeline)?;
    let pace = args.events.pace(producer.pace);
    let generator = args.seed.map_or_else(Generator::from_entropy, Generator::seeded);
    let events = args.events.events(producer.templates.clone(), generator, pipeline.decider().clone());
    crate::runtime::start()?.block_on(async {
        let (stopper, stop) = stop_pair();
        let work = async {
            if args.dry_run {
                print(events, pace, args.count, &stop).await
            } else {
                send(args, &settings, &pipeline, events, pace, stop).await
            }
        };
        tokio::select! {
            done = work => done,
            () = Signals::listen().watch(stopper) => unreachable!("the watch never ends"),
        }
    })
}

/// Waits for the queue, sends until `--count` is reached or until stopped, and prints the summary.
async fn send(
    args: &ProduceArgs,
    settings: &Settings,
    pipeline: &Pipeline,
    events: Events,
    pace: Pace,
    stop: Stop,
) -> Result<(), Failure> {
    let queue = &pipeline.source().queue;
    let clients = args.queue.clients(settings, queue).await?;
    let Some(queue) = stop.unless_draining(wait_for(&clients, queue)).await else {
        return output::result(totals::render(&events.totals(), args.format));
    };
    let queue = queue?;
    queue.warn_of_assumptions();
    tracing::info!("sending to {}, {pace}", queue.url);
    let progress = progress(args.count);
    let production = Production { client: queue.clients.calls, queue_url: queue.url, events, pace, count: args.count };
    let result = production.run(stop, |totals: &Totals| progress.set_position(totals.produced)).await;
    progress.finish_and_clear();
    output::result(totals::render(&result?, args.format))
}

/// Waits until the queue exists, since a producer is often started before its queue. Fails where waiting can't help.
async fn wait_for(clients: &Clients, queue: &QueueRef) -> Result<Queue, Failure> {
    let mut shown = String::new();
    loop {
        match resolve(clients, queue).await {
            Ok(queue) => return Ok(queue),
            Err(error) if error.may_pass() => {
                let reason = format!("{error}\n  help: {}", error.help());
                if shown != reason {
                    output::to_stderr(format_args!("waiting for queue `{queue}`: {reason}"));
                    shown = reason;
                }
            }
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// Prints the events of `--dry-run`, one per line: with `--count` all at once, else at the pace until stopped.
async fn print(mut events: Events, pace: Pace, count: Option<u64>, stop: &Stop) -> Result<(), Failure> {
    let start = Instant::now();
    for n in 0..count.unwrap_or(u64::MAX) {
        let due = if count.is_none() { start + pace.offset(n) } else { start };
        if stop.is_draining() || stop.unless_draining(tokio::time::sleep_until(due)).await.is_none() {
            break;
        }
        let event = events.draw().map_err(ProduceError::from)?;
        if !event.attributes.is_empty() {
            output::to_stderr(format_args!("  attributes {}", json!(*event.attributes)));
        }
        match writeln!(io::stdout(), "{}", event.body) {
            // The reader has seen enough, as in `runner produce --dry-run | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            other => other.map_err(Failure::Stdout)?,
        }
    }
    Ok(())
}

/// The progress bar: only with `--count`. indicatif draws it only on a terminal.
fn progress(count: Option<u64>) -> ProgressBar {
    let Some(count) = count else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(count).with_style(style.expect("the template is well-formed"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: ProduceArgs,
    }

    fn parse(words: &[&str]) -> Result<ProduceArgs, clap::Error> {
        let words = ["produce", "a.yaml"].iter().chain(words);
        Line::try_parse_from(words).map(|line| line.args)
    }

    #[test]
    fn flags_override_the_pace_of_the_file() {
        let pace = |words: &[&str]| parse(words).unwrap().events.pace(Pace::DEFAULT);
        assert_eq!(pace(&[]), Pace::DEFAULT);
        assert_eq!(pace(&["--every", "2s"]), Pace::every("2s").unwrap());
        assert_eq!(pace(&["--rate", "5/s"]), Pace::rate("5/s").unwrap());
    }

    #[test]
    fn invalid_flags_are_refused() {
        for words in [
            &["--every", "1s", "--rate", "1/s"][..],
            &["--every", "never"],
            &["--invalid", "2"],
            &["--count", "-1"],
            &["--format", "yaml"],
        ] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
