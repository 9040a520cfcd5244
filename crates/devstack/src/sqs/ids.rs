//! Message ids and other identifiers that must not repeat.

use uuid::{Builder, Uuid};

use super::random_numbers::RandomNumbers;

/// A source of identifiers: seeded by the system once, then computed.
/// Asking the system for randomness at every message would cost a system call each.
#[derive(Debug)]
pub(crate) struct Ids {
    numbers: RandomNumbers,
}

impl Ids {
    pub(crate) fn seeded() -> Self {
        Self { numbers: RandomNumbers::new(Uuid::new_v4().as_u64_pair().0) }
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.numbers.next_number()
    }

    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number().to_be_bytes());
        bytes[8..].copy_from_slice(&self.number().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
