//! The plain counters of a pipeline. One line of the list at the end is the whole of a counter: what counts, what is read of
//! it, and how readings are added and compared.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts upwards, from any thread.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, by: usize) {
        self.0.fetch_add(by as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[$meaning:meta])* $name:ident,)*) => {
        /// What counts while a pipeline runs.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $($(#[$meaning])* pub(crate) $name: Counter,)*
        }

        /// What the counters held at one moment.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct Counts {
            $($(#[$meaning])* pub $name: u64,)*
        }

        impl Counts {
            pub(super) fn add(&mut self, counters: &Counters) {
                $(self.$name += counters.$name.get();)*
            }

            /// What was counted after an earlier reading.
            pub(super) fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name - earlier.$name,)* }
            }
        }
    };
}

counters! {
    /// Deliveries received.
    received,
    /// Messages whose rows are committed.
    stored,
    /// Messages dropped because the pipeline file says so.
    skipped,
    /// Settled messages that could not be deleted: they will be delivered again.
    undeleted,
    /// Deliveries given back to the queue.
    released,
}
