//! Message ids and other identifiers that must not repeat.

use uuid::{Builder, Uuid};

/// A source of identifiers: seeded from the system once, then a counter through `SplitMix64`.
/// Asking the system for randomness at every message would cost a system call each.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn seeded() -> Self {
        Self { state: Uuid::new_v4().as_u64_pair().0 }
    }

    /// A well mixed number; sixty-four bits are visited once each before any repeats.
    pub(crate) fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.number().to_be_bytes());
        bytes[8..].copy_from_slice(&self.number().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid().to_string()
    }
}
