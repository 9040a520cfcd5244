//! Suspects: refused messages of which only new rows of others show whether they are at fault.

use std::time::Instant;

use pipeline::row::Rows;

use super::{Store, Unstored};
use crate::fault::{Class, Fault};
use crate::in_flight::Storable;
use crate::sink::{Sink, Tried, Written};

/// Suspects that are tried beside one write, at most: each costs it three round trips.
const MOST_SUSPECTS: usize = 10;

impl Unstored {
    /// Whether only rows of others can show if it is at fault.
    pub(crate) fn is_suspect(&self) -> bool {
        !self.beside_others && self.fault.as_ref().is_some_and(|fault| fault.class == Class::Suspect)
    }
}

impl<K: Sink> Store<K> {
    /// Settles the suspects that were stored, and notes which are refused beside new rows of others.
    pub(super) fn settle_suspects(&self, tried: Vec<(usize, Tried)>, unstored: &mut Vec<Unstored>, began: Instant) {
        for (index, tried) in tried.into_iter().rev() {
            match tried {
                Tried::Stored(written) => self.commit(vec![unstored.remove(index).message], &written, began),
                Tried::Refused { fault, beside_new_rows } => {
                    let one = &mut unstored[index];
                    one.message.refused_now(&fault);
                    one.fault = Some(fault);
                    one.beside_others = beside_new_rows;
                }
            }
        }
    }

    /// Writes a part, and the suspects with these indexes beside it.
    pub(super) async fn write_once(
        &self,
        part: &[Storable],
        suspects: &[usize],
        unstored: &[Unstored],
    ) -> Result<(Written, Vec<Tried>), Fault> {
        let rows: Vec<&Rows> = part.iter().map(|message| &message.rows).collect();
        if suspects.is_empty() {
            return Ok((self.sink.write(&rows, || !self.has_lost_lease(part)).await?, Vec::new()));
        }
        let suspects: Vec<&Rows> = suspects.iter().map(|index| &unstored[*index].message.rows).collect();
        self.sink.write_beside(&rows, &suspects, || !self.has_lost_lease(part)).await
    }

    /// The indexes of a few suspects that may be written now.
    pub(super) fn suspects_to_try(&self, unstored: &[Unstored]) -> Vec<usize> {
        let mut indexes = Vec::new();
        for (index, one) in unstored.iter().enumerate() {
            let may_be_written = !self.has_lost_lease(std::slice::from_ref(&one.message));
            if indexes.len() < MOST_SUSPECTS && one.is_suspect() && may_be_written {
                indexes.push(index);
            }
        }
        indexes
    }
}
