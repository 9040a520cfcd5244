//! Sends letters back to their queue, if the pipeline as it is now would accept them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::dead_letter::DeadLetter;
use super::held::Held;
use super::kind::{Kind, Kinds};
use super::look::{Next, Visitor};
use super::resend::Resender;
use crate::backoff::Backoff;
use crate::fault::{Class, Fault};
use crate::source::{MAX_BATCH, Source};
use crate::stop::Stop;
use pipeline::Pipeline;
use pipeline::producer::Pace;

/// A letter that was redriven so often is left alone, unless it is asked for.
pub const MOST_REDRIVES: u32 = 3;
/// Attempts at sending, after which the queue counts as away.
const ATTEMPTS: u32 = 8;

/// How letters are redriven.
#[derive(Debug, Clone, Copy)]
pub struct RedriveOptions {
    /// How fast they are sent.
    pub pace: Pace,
    /// Decide, and send nothing.
    pub dry_run: bool,
    /// Also what was redriven [`MOST_REDRIVES`] times.
    pub again: bool,
    /// Also what another pipeline rejected: several may share a dead-letter queue.
    pub of_others: bool,
}

/// What became of the selected letters.
#[derive(Debug, Default)]
pub struct Redriven {
    /// The letters that the pipeline accepts now, by the kind they had.
    pub passing: Kinds,
    /// Those of them that were sent.
    pub sent: u64,
    /// The letters that it still rejects, by the kind they would have now.
    pub still_failing: Kinds,
    /// Letters that were redriven too often already.
    pub left_alone: u64,
    /// Letters that another pipeline rejected.
    pub of_others: u64,
    /// Letters that the queue refuses.
    pub refused: u64,
    /// Why it refused the first of them.
    pub refusal: Option<String>,
}

/// A redrive that is under way.
#[derive(Debug)]
pub struct Redrive<'a> {
    pipeline: &'a Pipeline,
    to: Resender,
    options: RedriveOptions,
    stop: &'a Stop,
    began: Instant,
    /// Letters that have had their turn in the pace.
    turns: AtomicU64,
    result: Mutex<Redriven>,
}

impl<'a> Redrive<'a> {
    /// Redrives letters of a pipeline.
    pub fn new(pipeline: &'a Pipeline, to: Resender, options: RedriveOptions, stop: &'a Stop) -> Self {
        let (began, turns, result) = (Instant::now(), AtomicU64::new(0), Mutex::default());
        Self { pipeline, to, options, stop, began, turns, result }
    }

    /// What became of the letters.
    pub fn into_result(self) -> Redriven {
        self.result.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a letter is to be sent; notes what becomes of one that is not.
    fn passes(&self, letter: &mut DeadLetter) -> bool {
        let mut result = self.result();
        if !self.options.of_others && letter.pipeline().is_some_and(|name| name != self.pipeline.name()) {
            result.of_others += 1;
            return false;
        }
        if letter.delivery.metadata.redriven >= MOST_REDRIVES && !self.options.again {
            result.left_alone += 1;
            return false;
        }
        self.to.prepare(letter);
        match self.pipeline.decider().decide(&letter.delivery) {
            Ok(_) => result.passing.add(Kind::of(letter), letter, letter.message()),
            Err(rejection) => {
                result.still_failing.add(Kind::of_rejection(&rejection), letter, &rejection.message);
                return false;
            }
        }
        true
    }

    /// Waits for the turn of so many letters; false when the redrive is stopped first.
    async fn turn(&self, letters: usize) -> bool {
        let turn = self.turns.fetch_add(letters as u64, Ordering::Relaxed);
        let due = self.began + self.options.pace.offset(turn);
        self.stop.unless_draining(tokio::time::sleep_until(due)).await.is_some()
    }

    /// Sends each letter until the queue has accepted or refused it, and discards it as soon as it is accepted.
    async fn send<S: Source>(&self, mut letters: Vec<DeadLetter>, held: &Held<'_, S>) -> Result<(), Fault> {
        let mut backoff = Backoff::quick();
        while !letters.is_empty() {
            let results = self.to.send(&letters).await;
            let together = results.len() > 1 && results.iter().all(Result::is_err);
            let (mut sent, mut failed, mut last_fault) = (Vec::new(), Vec::new(), None);
            for (letter, result) in letters.into_iter().zip(results) {
                match result {
                    Ok(()) => sent.push(letter.id().to_owned()),
                    // The call as a whole may be refused for one entry: each is sent alone before one is given up.
                    Err(fault) if fault.class == Class::Fatal && together => match self.send_alone(&letter).await {
                        Ok(()) => sent.push(letter.id().to_owned()),
                        Err(fault) => self.refused(&fault),
                    },
                    Err(fault) if fault.class == Class::Fatal => self.refused(&fault),
                    Err(fault) => {
                        failed.push(letter);
                        last_fault = Some(fault);
                    }
                }
            }
            self.result().sent += sent.len() as u64;
            held.discard(&sent).await;
            letters = failed;
            let Some(fault) = last_fault else { break };
            if fault.class != Class::Retry || backoff.attempts() >= ATTEMPTS || self.stop.is_draining() {
                return Err(fault);
            }
            tokio::time::sleep(backoff.next()).await;
        }
        Ok(())
    }

    async fn send_alone(&self, letter: &DeadLetter) -> Result<(), Fault> {
        let mut results = self.to.send(std::slice::from_ref(letter)).await;
        results.pop().expect("one result for one letter")
    }

    fn refused(&self, fault: &Fault) {
        let mut result = self.result();
        result.refused += 1;
        result.refusal.get_or_insert_with(|| fault.to_string());
    }

    fn result(&self) -> MutexGuard<'_, Redriven> {
        self.result.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor for Redrive<'_> {
    async fn visit<S: Source>(&self, letters: Vec<DeadLetter>, held: &Held<'_, S>) -> Result<Next, Fault> {
        let mut passing = Vec::new();
        for mut letter in letters {
            if self.passes(&mut letter) {
                passing.push(letter);
            }
        }
        if self.options.dry_run {
            return Ok(Next::More);
        }
        let most = usize::try_from(self.options.pace.in_a_second()).unwrap_or(MAX_BATCH).min(MAX_BATCH);
        while !passing.is_empty() {
            let wave = next_wave(&mut passing, most, self.to.is_ordered());
            if !self.turn(wave.len()).await {
                break;
            }
            self.send(wave, held).await?;
        }
        Ok(Next::More)
    }
}

/// Takes the letters of the next call, the first ones. To an ordered queue only one of each group: should it fail, the
/// next must not overtake it.
fn next_wave(waiting: &mut Vec<DeadLetter>, most: usize, ordered: bool) -> Vec<DeadLetter> {
    let (mut wave, mut rest, mut groups) = (Vec::new(), Vec::new(), HashSet::new());
    for letter in waiting.drain(..) {
        let group = letter.delivery.metadata.group_id.clone();
        if wave.len() < most && (!ordered || groups.insert(group)) {
            wave.push(letter);
        } else {
            rest.push(letter);
        }
    }
    *waiting = rest;
    wave
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::message::{Delivery, Metadata, Receipt};

    fn letter(group: &str, id: u32) -> DeadLetter {
        let metadata = Metadata { message_id: id.to_string(), group_id: Some(group.to_owned()), ..Metadata::default() };
        DeadLetter::from(Delivery { body: String::new(), metadata, receipt: Receipt(String::new()) })
    }

    fn waves(ordered: bool) -> Vec<Vec<String>> {
        let mut waiting: Vec<_> = [("a", 1), ("a", 2), ("b", 3), ("a", 4)].map(|(group, id)| letter(group, id)).into();
        let mut waves = Vec::new();
        while !waiting.is_empty() {
            let wave = next_wave(&mut waiting, 3, ordered);
            waves.push(wave.iter().map(|letter| letter.id().to_owned()).collect());
        }
        waves
    }

    #[test]
    fn one_letter_of_a_group_at_a_time_on_an_ordered_queue() {
        assert_eq!(waves(true), [vec!["1", "3"], vec!["2"], vec!["4"]]);
        assert_eq!(waves(false), [vec!["1", "2", "3"], vec!["4"]]);
    }
}
