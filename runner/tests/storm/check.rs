//! What has to be true after a storm.

use aws_sdk_sqs::types::Message;
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde::Serialize;

use crate::event::{Event, Flaw, number_of};
use crate::plan::Plan;
use crate::stage::{QUEUES, REPLICAS, Stage, dlq};

/// Violations that are reported in full.
const REPORTED: usize = 20;

/// What became of each event.
#[derive(Debug)]
struct Outcome<'p> {
    plan: &'p Plan,
    /// How often each is stored in its table.
    stored: Vec<u8>,
    /// How many dead letters each has.
    letters: Vec<u8>,
    report: Report,
}

/// The figures of a storm, and everything that is wrong.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) events: usize,
    pub(crate) messages: usize,
    pub(crate) stored: usize,
    pub(crate) dead_lettered: usize,
    /// Dead letters beyond the first of an event.
    pub(crate) repeated_letters: usize,
    /// States that were written again after a later one: after a crash a group starts again at its first message that was
    /// not deleted.
    pub(crate) replayed_states: i64,
    /// Lines in the logs about messages whose visibility timeout ended too early: on a machine that is too busy.
    pub(crate) lost_leases: usize,
    pub(crate) lost: usize,
    pub(crate) accused_wrongly: usize,
    pub(crate) out_of_order: i64,
    pub(crate) violations: usize,
    /// The first violations.
    #[serde(skip)]
    pub(crate) details: Vec<String>,
}

impl Report {
    /// Notes something that must not be.
    pub(crate) fn violate(&mut self, what: String) {
        self.violations += 1;
        if self.details.len() < REPORTED {
            self.details.push(what);
        }
    }
}

/// Compares tables and dead-letter queues with the plan.
pub(crate) async fn check(stage: &Stage, plan: &Plan) -> Report {
    let (stored, letters) = (vec![0; plan.events.len()], vec![0; plan.events.len()]);
    let report = Report { events: plan.events.len(), messages: plan.len(), ..Report::default() };
    let mut outcome = Outcome { plan, stored, letters, report };
    outcome.read_tables(stage).await;
    for queue in QUEUES {
        outcome.read_letters(stage, queue).await;
    }
    outcome.check_order(stage).await;
    for number in 0..plan.events.len() {
        outcome.check_event(number);
    }
    outcome.report
}

impl Outcome<'_> {
    async fn read_tables(&mut self, stage: &Stage) {
        for (query, fits) in STORED {
            let ids: Vec<i64> =
                sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&stage.pool).await.expect("the query runs");
            for id in ids {
                let number = usize::try_from(id).expect("a number of an event");
                if fits(self.plan.events[number]) {
                    self.stored[number] = self.stored[number].saturating_add(1);
                } else {
                    self.report.violate(format!("{query}: {number} is {:?}", self.plan.events[number]));
                }
            }
        }
        let changed = "SELECT count(*) FROM orders WHERE amount <> id % 1000 + 0.9 OR tag IS DISTINCT FROM 'a'";
        let changed = stage.scalar(changed).await;
        if changed > 0 {
            self.report.violate(format!("{changed} orders are stored with other values"));
        }
    }

    async fn read_letters(&mut self, stage: &Stage, queue: &str) {
        let url = stage.url(&dlq(queue));
        loop {
            let request = stage.client.receive_message().queue_url(&url).max_number_of_messages(10);
            let request = request.message_attribute_names("All");
            let letters = request.send().await.expect("the queue answers").messages.unwrap_or_default();
            if letters.is_empty() {
                return;
            }
            for letter in letters {
                // Else a FIFO queue holds back the others of its group.
                let receipt = letter.receipt_handle().expect("a receipt");
                let delete = stage.client.delete_message().queue_url(&url).receipt_handle(receipt);
                delete.send().await.expect("the letter is deleted");
                let (code, reason) = (attribute(&letter, "runner.code"), attribute(&letter, "runner.reason"));
                self.note_letter(letter.body().unwrap_or_default(), code, reason);
            }
        }
    }

    fn note_letter(&mut self, body: &str, code: &str, reason: &str) {
        let number = number_of(body).filter(|number| (*number as usize) < self.plan.events.len());
        let Some(number) = number else {
            return self.report.violate(format!("a dead letter has a body that was never sent: {body}"));
        };
        let event = self.plan.events[number as usize];
        if event.body(number) != body {
            self.report.violate(format!("the dead letter of {number} has another body: {body}"));
        }
        let expected = match event {
            Event::Contested { .. } => Some("constraint"),
            event => event.flaw().map(Flaw::code),
        };
        match expected {
            None => {
                self.report.accused_wrongly += 1;
                self.report.violate(format!("{event:?} {number} is dead-lettered with {code}: {reason}"));
            }
            Some(expected) if expected != code => {
                self.report.violate(format!("{event:?} {number} is dead-lettered with {code}: {reason}"));
            }
            Some(_) => {}
        }
        let letters = &mut self.letters[number as usize];
        *letters = letters.saturating_add(1);
    }

    fn check_event(&mut self, number: usize) {
        let event = self.plan.events[number];
        let (stored, letters) = (self.stored[number], self.letters[number]);
        self.report.stored += usize::from(stored > 0);
        self.report.dead_lettered += usize::from(letters > 0);
        self.report.repeated_letters += usize::from(letters.saturating_sub(1));
        if stored == 0 && letters == 0 {
            self.report.lost += 1;
        }
        let right = match event {
            Event::Contested { key } => self.check_pair(number, key),
            event if event.flaw().is_some() => stored == 0 && letters > 0,
            _ => stored == 1 && letters == 0,
        };
        if !right {
            self.report.violate(format!("{event:?} {number} is stored {stored} times and has {letters} dead letters"));
        }
    }

    /// One of the two is stored, the other dead-lettered.
    fn check_pair(&self, number: usize, key: u32) -> bool {
        let key = key as usize;
        (self.stored[number] == 1) != (self.letters[number] > 0) && self.stored[key] + self.stored[key + 1] == 1
    }

    async fn check_order(&mut self, stage: &Stage) {
        let overtaken = stage.scalar(OVERTAKEN).await;
        let not_last = stage.scalar(NOT_LAST).await;
        self.report.lost_leases = lost_leases(stage);
        // A group whose lease is lost starts again at its first message that was not deleted, also in the same process.
        let backwards = if self.report.lost_leases == 0 { stage.scalar(BACKWARDS_IN_ONE_PROCESS).await } else { 0 };
        self.report.replayed_states = stage.scalar(REPLAYED).await;
        self.report.out_of_order = overtaken + not_last + backwards;
        for (count, what) in [
            (overtaken, "steps were stored before an earlier one of their group"),
            (not_last, "groups do not show their last step"),
            (backwards, "states went back to an earlier step, written by the process that wrote the later one"),
        ] {
            if count > 0 {
                self.report.violate(format!("{count} {what}"));
            }
        }
    }
}

/// Lines about lost leases in the logs of the replicas.
fn lost_leases(stage: &Stage) -> usize {
    let mut lines = 0;
    for index in 0..REPLICAS {
        let log = std::fs::read_to_string(stage.log(index)).unwrap_or_default();
        for line in log.lines() {
            let lost = line.contains("visibility timeout ended") || line.contains("settled but not deleted");
            lines += usize::from(lost);
        }
    }
    lines
}

/// Whether an event belongs into a table.
type Belongs = fn(Event) -> bool;

/// Selects the numbers of what is stored, and which events belong there.
const STORED: [(&str, Belongs); 5] = [
    ("SELECT id FROM orders", |event| event == Event::Order),
    ("SELECT id FROM payments", |event| matches!(event, Event::Payment { .. })),
    ("SELECT id FROM readings", |event| event == Event::Reading),
    ("SELECT owner FROM claims", |event| matches!(event, Event::Claim | Event::Contested { .. })),
    ("SELECT id FROM transitions", |event| matches!(event, Event::State { .. })),
];

/// A message attribute's text.
fn attribute<'l>(letter: &'l Message, name: &str) -> &'l str {
    let attribute = letter.message_attributes().and_then(|all| all.get(name));
    attribute.and_then(|attribute| attribute.string_value()).unwrap_or_default()
}

const OVERTAKEN: &str = "
SELECT count(*) FROM (
    SELECT step, lag(step) OVER (PARTITION BY group_id ORDER BY position) AS before FROM transitions
) AS steps WHERE step < before";

const NOT_LAST: &str = "
SELECT count(*) FROM (SELECT group_id, max(step) AS step FROM transitions GROUP BY group_id) AS last
FULL JOIN states ON states.id = last.group_id WHERE states.step IS DISTINCT FROM last.step";

const REPLAYED: &str = "
SELECT count(*) FROM (
    SELECT step, lag(step) OVER (PARTITION BY group_id ORDER BY position) AS before FROM history
) AS steps WHERE step < before";

const BACKWARDS_IN_ONE_PROCESS: &str = "
SELECT count(*) FROM (
    SELECT step, writer, lag(step) OVER groups AS before, lag(writer) OVER groups AS writer_before FROM history
    WINDOW groups AS (PARTITION BY group_id ORDER BY position)
) AS steps WHERE step < before AND writer = writer_before";
