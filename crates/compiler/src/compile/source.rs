//! `source:` compiled: queues that exist by SQS's rules, numbers inside SQS's limits.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::report::Report;
use crate::config;
use crate::config::{Seconds, Setting};
use crate::diagnostic::Code;
use pipeline::{QueueError, QueueRef, Source, shortest_visibility, too_short_visibility};

/// Thirty-two receive calls side by side bring 64,000 messages a second from a queue that answers in 5 ms. When a process is
/// killed, the queue delivers what these calls asked for to nobody, and counts it as a receive: with 200 of them, ten kills
/// in a row brought hundreds of good messages beyond `max_receives`.
const POLLERS: u32 = 32;
/// At 50 messages a second an answer has two of them, at 200 eight. Of the 50 ms from send to commit that are meant to be
/// enough for most, it leaves eight for everything else.
const LINGER: Duration = Duration::from_millis(42);
/// The longest wait SQS has; an idle queue then costs three calls a minute.
const WAIT: Duration = Duration::from_secs(20);
/// Messages per write; larger batches measured no faster.
const BATCH: u32 = 500;
/// Messages in memory. At SQS's largest message, 1 MiB, this is also the most that memory can be asked for.
const IN_FLIGHT: u32 = 2_000;
/// Bytes of bodies and rows in memory: 64 MiB.
const IN_FLIGHT_BYTES: u32 = 64 << 20;
/// A parent row, a forgotten partition or a lock usually comes within minutes.
const HOLD: Duration = Duration::from_mins(10);
/// Far more than any write takes that makes progress.
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// Two writers, and two connections for rows that are examined or tried again meanwhile.
const CONNECTIONS: u32 = 4;

/// Checks everything, also after a first error; `None` when a queue is not valid.
pub(super) fn compile(source: &config::Source, report: &mut Report<'_>) -> Option<Source> {
    let queue = queue(&source.queue, report);
    let dlq = queue_pair(queue.as_ref(), &source.dlq, report);
    let pollers = number(source.pollers.as_ref(), 1..=10_000, report);
    let wait = duration(source.wait.as_ref(), Duration::ZERO, Duration::from_secs(20), report).unwrap_or(WAIT);
    let linger = linger(source.linger.as_ref(), report).unwrap_or(LINGER);
    let visibility = duration(source.visibility.as_ref(), Duration::from_secs(1), Duration::from_hours(12), report);
    let max_receives = number(source.max_receives.as_ref(), 1..=1_000, report);
    let batch = number(source.batch.as_ref(), 1..=10_000, report);
    let in_flight = number(source.in_flight.as_ref(), 10..=100_000, report);
    let in_flight_bytes =
        number(source.in_flight_bytes.as_ref(), (1 << 20)..=u32::MAX, report).unwrap_or(IN_FLIGHT_BYTES);
    let hold = duration(source.hold.as_ref(), Duration::from_secs(1), Duration::from_hours(6), report);
    let write_timeout =
        duration(source.write_timeout.as_ref(), Duration::from_secs(1), Duration::from_mins(10), report);
    let in_flight_or_default = in_flight.unwrap_or(IN_FLIGHT.max(batch.unwrap_or(0))) as usize;
    can_renew(source, visibility, in_flight_or_default, report);
    let connections = number(source.connections.as_ref(), 1..=100, report);
    fits(source, batch, in_flight, report);
    Some(Source {
        queue: queue?,
        dlq: dlq?,
        pollers: pollers.unwrap_or(POLLERS) as usize,
        wait,
        linger,
        visibility,
        max_receives,
        batch: batch.unwrap_or(BATCH.min(in_flight.unwrap_or(BATCH))) as usize,
        in_flight: in_flight_or_default,
        in_flight_bytes: in_flight_bytes as usize,
        hold: hold.unwrap_or(HOLD),
        write_timeout: write_timeout.unwrap_or(WRITE_TIMEOUT),
        connections: connections.unwrap_or(CONNECTIONS),
    })
}

fn queue(setting: &Setting<String>, report: &mut Report<'_>) -> Option<QueueRef> {
    let parsed: Result<QueueRef, QueueError> = setting.parse();
    match parsed {
        Ok(queue) => Some(queue),
        Err(error) => {
            report.push(report.at(Code::QueueName, &setting.range, error.to_string()));
            None
        }
    }
}

/// The dead-letter queue, and that it fits the source queue.
fn queue_pair(source: Option<&QueueRef>, dlq: &Setting<String>, report: &mut Report<'_>) -> Option<QueueRef> {
    let dead = queue(dlq, report)?;
    let source = source?;
    if dead.may_be(source) {
        let problem = report.at(Code::DeadLetterQueue, &dlq.range, "the dead-letter queue is the source queue itself");
        report.push(problem.help("a rejected message would be received again and again: name another queue"));
    } else if let (QueueRef::Arn { region: here, .. }, QueueRef::Arn { region: there, .. }) = (source, &dead)
        && here != there
    {
        let message = format!("the queue is in {here}, its dead-letter queue in {there}");
        report.push(report.at(Code::DeadLetterQueue, &dlq.range, message).help("name a queue of the same region"));
    } else if dead.is_fifo() != source.is_fifo() {
        let (kind, dead_kind) = (kind(source), kind(&dead));
        let message = format!("`{source}` is {kind}, but its dead-letter queue is {dead_kind}");
        let problem = report.at(Code::DeadLetterQueue, &dlq.range, message);
        report.push(problem.help("use a FIFO queue (`.fifo`) for both, or for neither"));
    }
    Some(dead)
}

fn kind(queue: &QueueRef) -> &'static str {
    if queue.is_fifo() { "a FIFO queue" } else { "a standard queue" }
}

fn number(setting: Option<&Setting<i64>>, allowed: RangeInclusive<u32>, report: &mut Report<'_>) -> Option<u32> {
    let setting = setting?;
    let allowed = i64::from(*allowed.start())..=i64::from(*allowed.end());
    in_range(setting.value, &allowed, setting, report).and_then(|value| u32::try_from(value).ok())
}

fn duration(
    setting: Option<&Setting<Seconds>>,
    least: Duration,
    most: Duration,
    report: &mut Report<'_>,
) -> Option<Duration> {
    let setting = setting?;
    let range = Written(least)..=Written(most);
    let duration = in_range(Written(setting.value.0), &range, setting, report)?.0;
    if duration.subsec_nanos() > 0 {
        report.push(report.at(Code::BadValue, &setting.range, "SQS accepts whole seconds only"));
    }
    Some(duration)
}

/// Not for SQS, so it may be less than a second.
fn linger(setting: Option<&Setting<Seconds>>, report: &mut Report<'_>) -> Option<Duration> {
    let setting = setting?;
    let allowed = Written(Duration::ZERO)..=Written(Duration::from_secs(10));
    Some(in_range(Written(setting.value.0), &allowed, setting, report)?.0)
}

fn in_range<N: PartialOrd + fmt::Display, T>(
    value: N,
    allowed: &RangeInclusive<N>,
    setting: &Setting<T>,
    report: &mut Report<'_>,
) -> Option<N> {
    if allowed.contains(&value) {
        return Some(value);
    }
    let message = format!("{value} is out of range: {} to {}", allowed.start(), allowed.end());
    report.push(report.at(Code::BadValue, &setting.range, message));
    None
}

/// With more messages in flight than can be renewed, each would be delivered again while it is being worked on.
fn can_renew(source: &config::Source, visibility: Option<Duration>, in_flight: usize, report: &mut Report<'_>) {
    let (Some(visibility), Some(setting)) = (visibility, &source.visibility) else {
        return;
    };
    if visibility < shortest_visibility(in_flight) {
        let problem = report.at(Code::BadValue, &setting.range, too_short_visibility(in_flight, visibility));
        report.push(problem.help("raise `visibility` or lower `in_flight`"));
    }
}

/// A batch that can never be full would wait for messages that do not fit into memory.
fn fits(source: &config::Source, batch: Option<u32>, in_flight: Option<u32>, report: &mut Report<'_>) {
    let (Some(batch), Some(in_flight), Some(setting)) = (batch, in_flight, &source.in_flight) else {
        return;
    };
    if in_flight < batch {
        let message = format!("`in_flight` is {in_flight}, less than one batch of {batch}");
        report.push(
            report
                .at(Code::BadValue, &setting.range, message)
                .help("a batch can't have more messages than are in flight: raise `in_flight` or lower `batch`"),
        );
    }
}

/// A duration as the file writes it.
#[derive(PartialEq, PartialOrd)]
struct Written(Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_nanos()) {
            (seconds, 0) if seconds >= 3600 && seconds % 3600 == 0 => write!(f, "{}h", seconds / 3600),
            (seconds, 0) => write!(f, "{seconds}s"),
            _ => write!(f, "{:?}", self.0),
        }
    }
}
