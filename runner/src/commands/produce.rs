//! `runner produce`: send sample events.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::connection::QueueFlags;
use crate::exit::Failure;
use crate::output::format::Format;
use crate::settings::Settings;
use crate::{load, output, signals};
use compiler::sample_metadata;
use engine::produce::{ProduceError, Production};
use engine::source::{Clients, Queue, resolve};
use engine::stop::{Stop, stop_pair};
use pipeline::decide::Decider;
use pipeline::producer::{Attributes, Events, Generator, Pace, Share, Templates, Totals};
use pipeline::{Pipeline, Producer, QueueRef};

/// How long to the next look for a queue that is not there yet.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Send sample events, rendered from a pipeline file's producer templates
#[derive(Debug, Clone, clap::Args)]
pub struct ProduceArgs {
    /// The pipeline file
    pub pipeline: PathBuf,
    /// How many events to send [default: until stopped]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,
    /// What to send, and how fast
    #[command(flatten)]
    pub events: EventFlags,
    /// Print the events, one a line, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Draw the same random values for the same seed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// How to print the summary
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where the queue is
    #[command(flatten)]
    pub queue: QueueFlags,
}

/// Flags of the commands that make events.
#[derive(Debug, Clone, clap::Args)]
pub struct EventFlags {
    /// Time from one event to the next, as 15s or 500ms [default: the pipeline file's]
    #[arg(long, value_name = "DURATION", value_parser = Pace::every, conflicts_with = "rate")]
    pub every: Option<Pace>,
    /// Events per second (500/s), minute (30/m) or hour; max for as fast as the queue takes them
    #[arg(long, value_name = "RATE", value_parser = Pace::rate)]
    pub rate: Option<Pace>,
    /// Share of the events to make invalid on purpose, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0")]
    pub invalid: Share,
}

impl EventFlags {
    /// `--every` or `--rate`, else the default.
    pub(crate) fn pace(&self, default: Pace) -> Pace {
        self.every.or(self.rate).unwrap_or(default)
    }

    /// Events of these templates, the asked share of them invalid by the pipeline's own word.
    pub(crate) fn events(&self, templates: Templates, generator: Generator, decider: Decider) -> Events {
        let is_valid = move |body: &str, attributes: &Attributes| decider.accepts(body, &sample_metadata(attributes));
        Events::new(templates, generator).breaking(self.invalid, is_valid)
    }
}

/// The pipeline's producer; a file without one has nothing to send.
pub(crate) fn producer(pipeline: &Pipeline) -> Result<&Producer, Failure> {
    pipeline.producer().ok_or_else(|| {
        let file = pipeline.file().display();
        Failure::Config(format!("error: {file} has no `producer`: nothing to send\n  help: add one with a template"))
    })
}

/// Sends events, or prints them.
pub(crate) fn run(args: &ProduceArgs) -> Result<(), Failure> {
    let settings = load::settings()?;
    let pipeline = load::one(&args.pipeline, &settings)?;
    let producer = producer(&pipeline)?;
    let pace = args.events.pace(producer.pace);
    let generator = args.seed.map_or_else(Generator::from_entropy, Generator::seeded);
    let events = args.events.events(producer.templates.clone(), generator, pipeline.decider().clone());
    crate::cli::runtime()?.block_on(async {
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
            () = signals::watch(stopper) => unreachable!("the watch never ends"),
        }
    })
}

/// Waits for the queue, then sends until `--count` is reached or `stop` says so, and prints the summary.
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
        return output::result(summary(&events.totals(), args.format));
    };
    let queue = queue?;
    tracing::info!("sending to {}, {pace}", queue.url);
    let progress = progress(args.count);
    let production = Production { client: clients.calls, queue_url: queue.url, events, pace, count: args.count };
    let result = production.run(stop, |totals: &Totals| progress.set_position(totals.produced)).await;
    progress.finish_and_clear();
    let totals = result.map_err(|error| failure(&error))?;
    output::result(summary(&totals, args.format))
}

/// A producer is often started before its queue: it waits for what time can mend.
async fn wait_for(clients: &Clients, queue: &QueueRef) -> Result<Queue, Failure> {
    let mut told = String::new();
    loop {
        match resolve(clients, queue).await {
            Ok(queue) => return Ok(queue),
            Err(error) if error.may_pass() => {
                let reason = error.to_string();
                if told != reason {
                    output::tell(format_args!("waiting for queue `{queue}`: {reason}"));
                    told = reason;
                }
            }
            Err(error) => return Err(Failure::Running(format!("error: {error}"))),
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// `--dry-run`: prints the events, one a line. With `--count` at once, else at the pace until `stop` says so.
async fn print(mut events: Events, pace: Pace, count: Option<u64>, stop: &Stop) -> Result<(), Failure> {
    let start = Instant::now();
    for n in 0..count.unwrap_or(u64::MAX) {
        let due = if count.is_none() { start + pace.offset(n) } else { start };
        if stop.is_draining() || stop.unless_draining(tokio::time::sleep_until(due)).await.is_none() {
            break;
        }
        let event = events.draw().map_err(|error| failure(&ProduceError::from(error)))?;
        if !event.attributes.is_empty() {
            output::tell(format_args!("  attributes {}", json!(*event.attributes)));
        }
        match writeln!(io::stdout(), "{}", event.body) {
            // The reader has seen enough, as in `runner produce --dry-run | head`.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            other => other.map_err(|error| unprintable(&error))?,
        }
    }
    Ok(())
}

/// Only with `--count`, and indicatif draws it only on a terminal.
fn progress(count: Option<u64>) -> ProgressBar {
    let Some(count) = count else {
        return ProgressBar::hidden();
    };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(count).with_style(style.expect("the template is well-formed"))
}

fn failure(error: &ProduceError) -> Failure {
    let report = format!("error: {}", crate::cli::chain(error));
    match error {
        ProduceError::Template(_) => Failure::Config(report),
        _ => Failure::Running(report),
    }
}

fn unprintable(error: &io::Error) -> Failure {
    Failure::Running(format!("error: can't write to stdout: {error}"))
}

fn summary(totals: &Totals, format: Format) -> String {
    match format {
        Format::Human => human(totals),
        Format::Json => json(totals).to_string(),
    }
}

fn json(totals: &Totals) -> Value {
    let object = |pairs: Vec<(&str, u64)>| -> Map<String, Value> {
        let pairs = pairs.into_iter();
        pairs.map(|(name, n)| (name.to_owned(), n.into())).collect()
    };
    let templates = totals.templates.iter().map(|(name, n)| (name.as_str(), *n));
    let breakages = totals.breakages.iter().map(|(kind, n)| (kind.as_str(), *n));
    json!({
        "produced": totals.produced,
        "invalid": totals.invalid,
        "templates": object(templates.collect()),
        "breakages": object(breakages.collect()),
    })
}

fn human(totals: &Totals) -> String {
    let list = |pairs: Vec<(&str, u64)>| {
        let pairs = pairs.iter().map(|(name, n)| format!("{name} {n}"));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let templates = totals.templates.iter().map(|(name, n)| (name.as_str(), *n));
    let mut text = format!("produced  {}  ({})", totals.produced, list(templates.collect()));
    if totals.invalid > 0 {
        let breakages = totals.breakages.iter().map(|(kind, n)| (kind.as_str(), *n));
        let kinds = list(breakages.collect());
        let _ = write!(text, "\ninvalid   {}  ({kinds})", totals.invalid);
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use pipeline::producer::Template;

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
    fn wrong_words_are_refused() {
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

    #[test]
    fn the_summary_has_the_same_numbers_in_both_formats() {
        let template = Template::compile("a.hbs", "{\"n\": {{seq}}}").unwrap();
        let templates = Templates::new(vec![(template, 1)]).unwrap();
        let args = parse(&["--invalid", "0.5"]).unwrap();
        let mut events = Events::new(templates, Generator::seeded(1)).breaking(args.events.invalid, |body, _| {
            serde_json::from_str::<Value>(body).is_ok_and(|value| value["n"].is_u64())
        });
        let mut totals = events.totals();
        for _ in 0..4 {
            totals.add(&events.draw().unwrap());
        }
        assert_eq!(
            summary(&totals, Format::Json),
            r#"{"breakages":{"missing_field":1,"not_json":1},"invalid":2,"produced":4,"templates":{"a.hbs":4}}"#
        );
        assert_eq!(
            summary(&totals, Format::Human),
            "produced  4  (a.hbs 4)\ninvalid   2  (not_json 1, missing_field 1)"
        );
    }
}
