//! The sending loop: events at a pace, in batches, several calls side by side.

mod batch;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use self::batch::{Destination, MAX_BYTES, MAX_ENTRIES, Numbered};
use crate::fault::Fault;
use crate::stop::Stop;
use pipeline::producer::{Event, Events, Pace, TemplateError, Totals};

/// Calls in flight side by side: at 20 ms a call that is 16,000 events a second, at 5 ms 64,000.
const IN_FLIGHT: usize = 32;

/// How long calls in flight may take after a stop.
const DRAIN: Duration = Duration::from_secs(5);

/// Why producing ended early.
#[derive(Debug, thiserror::Error)]
pub enum ProduceError {
    /// A template does not render.
    #[error("a template does not render")]
    Template(#[from] TemplateError),
    /// The queue can't be used, and waiting would not help.
    #[error("queue {0} can't be used")]
    Queue(String, #[source] Fault),
    /// The queue will never take an event like this.
    #[error("the queue refuses the event: {0}")]
    Refused(String),
    /// A sending task died.
    #[error("a sending task died")]
    Task(#[from] JoinError),
}

/// What to send, where and how fast.
#[derive(Debug)]
pub struct Production {
    /// Signs and sends the calls.
    pub client: Client,
    /// The queue's URL; a name that ends in `.fifo` gets group and deduplication ids.
    pub queue_url: String,
    /// The events.
    pub events: Events,
    /// How fast.
    pub pace: Pace,
    /// How many; `None` until stopped.
    pub count: Option<u64>,
}

impl Production {
    /// Sends until `count` events are accepted, or until stopped: then what is in flight may finish. Outages and a
    /// missing queue are waited out. An event whose answer was lost is sent again, so it may arrive twice.
    /// `sent` hears the totals after every accepted batch.
    pub async fn run(self, stop: Stop, sent: impl FnMut(&Totals)) -> Result<Totals, ProduceError> {
        let mut sender = Sender::new(self, stop, sent);
        sender.feed().await?;
        sender.drain().await?;
        Ok(sender.totals)
    }
}

struct Sender<F> {
    destination: Destination,
    events: Events,
    /// Drawn, but too large for the batch it would have gone with.
    held: Option<Event>,
    schedule: Schedule,
    count: u64,
    drawn: u64,
    in_flight: JoinSet<Result<Vec<Event>, ProduceError>>,
    stop: Stop,
    totals: Totals,
    sent: F,
}

impl<F: FnMut(&Totals)> Sender<F> {
    fn new(production: Production, stop: Stop, sent: F) -> Self {
        let fifo = production.queue_url.strip_suffix(".fifo").is_some();
        Self {
            destination: Destination {
                client: production.client,
                queue_url: production.queue_url,
                trouble: Arc::default(),
                fifo_run: fifo.then(|| uuid::Uuid::new_v4().to_string()),
            },
            totals: production.events.totals(),
            events: production.events,
            held: None,
            schedule: Schedule::new(production.pace),
            count: production.count.unwrap_or(u64::MAX),
            drawn: 0,
            in_flight: JoinSet::new(),
            stop,
            sent,
        }
    }

    /// Starts calls until all events are drawn, or until stopped.
    async fn feed(&mut self) -> Result<(), ProduceError> {
        while self.drawn < self.count && !self.stop.is_draining() {
            self.make_room().await?;
            let due = self.schedule.due(Instant::now()).min(self.count - self.drawn);
            if due > 0 {
                self.start_batch(due)?;
                continue;
            }
            let stop = self.stop.clone();
            tokio::select! {
                () = stop.draining() => return Ok(()),
                () = tokio::time::sleep_until(self.schedule.next()) => {}
                Some(done) = self.in_flight.join_next() => self.account(done?)?,
            }
        }
        Ok(())
    }

    /// Takes in what is done, and waits while too much is in flight.
    async fn make_room(&mut self) -> Result<(), ProduceError> {
        // A FIFO queue's order is the order of the calls, so they go one after another.
        let limit = if self.destination.fifo_run.is_some() { 1 } else { IN_FLIGHT };
        while let Some(done) = self.in_flight.try_join_next() {
            self.account(done?)?;
        }
        while self.in_flight.len() >= limit {
            if let Some(done) = self.in_flight.join_next().await {
                self.account(done?)?;
            }
        }
        Ok(())
    }

    fn start_batch(&mut self, due: u64) -> Result<(), ProduceError> {
        let batch = self.draw_batch(due)?;
        self.schedule.released += batch.len() as u64;
        let send = self.destination.clone().send(batch, self.stop.clone());
        self.in_flight.spawn(send);
        Ok(())
    }

    fn draw_batch(&mut self, due: u64) -> Result<Vec<Numbered>, ProduceError> {
        let entries = usize::try_from(due).map_or(MAX_ENTRIES, |due| due.min(MAX_ENTRIES));
        let mut batch = Vec::with_capacity(entries);
        let mut bytes = 0;
        while batch.len() < entries {
            let event = match self.held.take() {
                Some(event) => event,
                None => self.events.draw()?,
            };
            bytes += event.size();
            if bytes > MAX_BYTES && !batch.is_empty() {
                self.held = Some(event);
                break;
            }
            self.drawn += 1;
            batch.push(Numbered { number: self.drawn, event });
        }
        Ok(batch)
    }

    fn account(&mut self, done: Result<Vec<Event>, ProduceError>) -> Result<(), ProduceError> {
        for event in done? {
            self.totals.add(&event);
        }
        (self.sent)(&self.totals);
        Ok(())
    }

    /// Waits for the calls in flight: as long as it takes, but after a stop only so long.
    async fn drain(&mut self) -> Result<(), ProduceError> {
        let stop = self.stop.clone();
        let cut_off = async {
            stop.draining().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::pin!(cut_off);
        loop {
            tokio::select! {
                done = self.in_flight.join_next() => match done {
                    Some(done) => self.account(done?)?,
                    None => return Ok(()),
                },
                () = &mut cut_off => {
                    tracing::warn!(calls = self.in_flight.len(), "gave up on calls without an answer");
                    return Ok(());
                }
            }
        }
    }
}

/// When events are due.
#[derive(Debug)]
struct Schedule {
    pace: Pace,
    start: Instant,
    /// Events handed out since `start`.
    released: u64,
}

impl Schedule {
    fn new(pace: Pace) -> Self {
        Self { pace, start: Instant::now(), released: 0 }
    }

    /// How many events may go now. After an outage the pace goes on from here: what was missed is not made up for in a burst.
    fn due(&mut self, now: Instant) -> u64 {
        let due = self.pace.due(now - self.start).saturating_sub(self.released);
        if due <= self.pace.in_a_second() {
            return due;
        }
        self.start = now;
        self.released = 0;
        self.pace.due(Duration::ZERO)
    }

    /// When the next event is due, if none is now.
    fn next(&self) -> Instant {
        let day = Duration::from_hours(24);
        // A pace of centuries is beyond the clock: look again tomorrow.
        self.start.checked_add(self.pace.offset(self.released)).unwrap_or_else(|| Instant::now() + day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_keeps_the_pace() {
        let mut schedule = Schedule::new(Pace::rate("1000/s").unwrap());
        let start = schedule.start;
        let mut now = start;
        while schedule.released < 2_500 {
            schedule.released += schedule.due(now).min(1);
            now = schedule.next();
        }
        assert_eq!(now - start, Duration::from_millis(2_500));
    }

    #[test]
    fn a_gap_is_not_made_up_for() {
        let mut schedule = Schedule::new(Pace::rate("100/s").unwrap());
        let late = schedule.start + Duration::from_mins(1);
        assert_eq!(schedule.due(late), 1);
        schedule.released += 1;
        assert_eq!(schedule.next(), late + Duration::from_millis(10));

        let mut schedule = Schedule::new(Pace::every("15s").unwrap());
        assert_eq!(schedule.due(schedule.start + Duration::from_secs(61)), 1);
    }
}
