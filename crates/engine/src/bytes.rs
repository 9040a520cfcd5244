//! Bounds of memory in bytes.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// Bytes that may be in use at once. A single charge may be larger than all of it: it passes alone.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    limit: usize,
    used: Mutex<usize>,
    freed: Notify,
}

/// Bytes in use, until it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    bytes: usize,
    budget: Arc<ByteBudget>,
}

impl ByteBudget {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, used: Mutex::default(), freed: Notify::new() })
    }

    /// Bytes in use.
    pub(crate) fn used(&self) -> usize {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Charges without asking: what is charged is in memory already.
    pub(crate) fn charge(self: &Arc<Self>, bytes: usize) -> Charge {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
        Charge { bytes, budget: Arc::clone(self) }
    }

    /// Waits until `bytes` more fit, or nothing is in use.
    pub(crate) async fn reserve(self: &Arc<Self>, bytes: usize) -> Charge {
        loop {
            // Listening begins before looking, so that nothing freed in between is missed.
            let freed = self.freed.notified();
            if let Some(charge) = self.try_reserve(bytes) {
                return charge;
            }
            freed.await;
        }
    }

    fn try_reserve(self: &Arc<Self>, bytes: usize) -> Option<Charge> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if *used > 0 && *used + bytes > self.limit {
            return None;
        }
        *used += bytes;
        Some(Charge { bytes, budget: Arc::clone(self) })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        *self.budget.used.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.freed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_charge_waits_for_room_and_the_largest_passes_alone() {
        let budget = ByteBudget::new(100);
        let first = budget.reserve(60).await;
        assert!(budget.try_reserve(50).is_none());
        let second = budget.reserve(40).await;
        assert!(budget.try_reserve(1).is_none());
        drop((first, second));
        let large = budget.try_reserve(1000).expect("nothing else is in use");
        assert!(budget.try_reserve(1).is_none());
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { drop(budget.reserve(1).await) }
        });
        tokio::task::yield_now().await;
        drop(large);
        waiting.await.expect("it gets its turn");
    }
}
