//! What is done with letters, beside redriving them: group them, look for one, write them to a file.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::dead_letter::DeadLetter;
use super::held::Held;
use super::kind::{Kind, Kinds};
use super::look::{Next, Visitor};
use crate::fault::{Class, Fault};
use crate::source::Source;

/// Groups letters by their kind.
#[derive(Debug, Default)]
pub struct Listing(Mutex<Kinds>);

impl Listing {
    /// The kinds.
    pub fn into_kinds(self) -> Kinds {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor for Listing {
    async fn visit<S: Source>(&self, letters: Vec<DeadLetter>, _: &Held<'_, S>) -> Result<Next, Fault> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for letter in letters {
            kinds.add(Kind::of(&letter), &letter, letter.message());
        }
        Ok(Next::More)
    }
}

/// Looks for one letter.
#[derive(Debug)]
pub struct Search {
    id: String,
    found: Mutex<Option<DeadLetter>>,
}

impl Search {
    /// Looks for the letter with this id, or the letter of the message with this id.
    pub fn new(id: String) -> Self {
        Self { id, found: Mutex::default() }
    }

    /// The letter, if it was found.
    pub fn into_found(self) -> Option<DeadLetter> {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor for Search {
    async fn visit<S: Source>(&self, letters: Vec<DeadLetter>, _: &Held<'_, S>) -> Result<Next, Fault> {
        let Some(letter) = letters.into_iter().find(|letter| letter.is(&self.id)) else { return Ok(Next::More) };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(letter);
        Ok(Next::Enough)
    }
}

/// Collects the ids of letters, and writes each letter as a line of JSON.
#[derive(Debug, Default)]
pub struct Collection<W>(Mutex<Collected<W>>);

/// What was collected.
#[derive(Debug, Default)]
pub struct Collected<W> {
    /// Where the lines go, if anywhere.
    pub lines: Option<W>,
    /// The ids of the letters.
    pub ids: Vec<String>,
}

impl<W: Write> Collection<W> {
    /// Writes to `lines`.
    pub fn new(lines: Option<W>) -> Self {
        Self(Mutex::new(Collected { lines, ids: Vec::new() }))
    }

    /// What was collected.
    pub fn into_collected(self) -> Collected<W> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Visitor for Collection<W> {
    async fn visit<S: Source>(&self, letters: Vec<DeadLetter>, _: &Held<'_, S>) -> Result<Next, Fault> {
        let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for letter in letters {
            if let Some(lines) = &mut collected.lines {
                let written = writeln!(lines, "{}", letter.exact());
                written
                    .map_err(|error| Fault::new(Class::Fatal, format!("can't write a letter to the file: {error}")))?;
            }
            collected.ids.push(letter.id().to_owned());
        }
        Ok(Next::More)
    }
}
