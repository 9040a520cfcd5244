//! What `dev` prints while it works: the counts, and each kind of rejection once.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crate::output;
use crate::output::escape::on_one_line;
use crate::output::live_line;
use engine::dlq::Kind;
use engine::{Figures, Reading, RejectionReading};

/// Time between two lines of counts.
const LINES: Duration = Duration::from_secs(1);
/// Time between two looks when the counts are redrawn in place.
const IN_PLACE: Duration = Duration::from_millis(200);

/// The printed counts of a run.
pub(super) struct Counts<'a> {
    figures: &'a Figures,
    in_place: bool,
    /// How many messages had ended when the counts were printed last.
    shown: Cell<u64>,
    /// The kinds of rejections that were printed.
    kinds: RefCell<HashSet<Kind>>,
}

impl<'a> Counts<'a> {
    pub(super) fn new(figures: &'a Figures) -> Self {
        let in_place = io::stderr().is_terminal();
        Self { figures, in_place, shown: Cell::new(0), kinds: RefCell::default() }
    }

    /// Prints until it is dropped: in place on a terminal, else a line when the counts have changed.
    pub(super) async fn keep_printing(&self) {
        loop {
            tokio::time::sleep(if self.in_place { IN_PLACE } else { LINES }).await;
            self.print_new_kinds();
            self.print_counts();
        }
    }

    /// Prints what was not printed yet, and leaves the place of the counts to the summary.
    pub(super) fn finish(&self) {
        live_line::clear();
        self.print_new_kinds();
    }

    fn print_counts(&self) {
        let ended = self.figures.ended();
        if self.in_place {
            live_line::show(counts(&self.figures.read()));
        } else if self.shown.replace(ended) != ended {
            output::to_stderr(counts(&self.figures.read()));
        }
    }

    fn print_new_kinds(&self) {
        for rejection in self.figures.rejections() {
            let is_new = self.kinds.borrow_mut().insert(rejection.kind.clone());
            if is_new {
                output::to_stderr(rejected(&rejection));
            }
        }
    }
}

fn counts(reading: &Reading) -> String {
    let skipped =
        if reading.counts.skipped == 0 { String::new() } else { format!(", {} skipped", reading.counts.skipped) };
    let duplicates =
        if reading.duplicates == 0 { String::new() } else { format!(" ({} duplicate rows)", reading.duplicates) };
    format!(
        "  {} received, {} stored{duplicates}, {} dead-lettered{skipped}",
        reading.counts.received, reading.counts.stored, reading.dead_lettered
    )
}

/// The first rejection of a kind. Reasons quote what is in a message, which may be anything.
fn rejected(rejection: &RejectionReading) -> String {
    format!("  rejected    {}: {}", rejection.kind, on_one_line(&rejection.reason))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_rejection_is_one_line_that_a_terminal_does_not_obey() {
        let kind = Kind {
            code: "schema".to_owned(),
            place: Some("/n\u{1b}[2J".to_owned()),
            keyword: Some("type".to_owned()),
            sqlstate: None,
        };
        let (now, reason) = (SystemTime::now(), "`/n` is \u{202e}\n\"x\"".to_owned());
        let reading = RejectionReading { kind, count: 1, first: now, last: now, message_id: "m".to_owned(), reason };
        assert_eq!(rejected(&reading), "  rejected    schema /n\\u{1b}[2J type: `/n` is \\u{202e}\\n\"x\"");
    }
}
