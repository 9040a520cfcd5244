//! Faults on purpose, for tests of clients.
//!
//! ```
//! use devstack::sqs::{ErrorCode, Fault, Operation, RandomFaults, Sqs, SqsOptions};
//!
//! let sqs = Sqs::start(SqsOptions::default())?;
//! // The next two deletes are throttled.
//! let fault = Fault::error(ErrorCode::RequestThrottled);
//! sqs.faults().inject(fault.on(Operation::DeleteMessageBatch).times(2));
//! // Every twentieth call is answered with status 500.
//! sqs.faults().inject(Fault::error(ErrorCode::InternalFailure).share(0.05));
//! // Messages sent to one queue are stored, but the client never gets the answer.
//! let lost = sqs.faults().inject(Fault::lost_answer().on(Operation::SendMessage).on_queue("orders-dlq"));
//! sqs.faults().remove(lost);
//! // One call in a hundred meets a fault of some kind, at moments that the seed determines.
//! sqs.faults().seed(42);
//! sqs.faults().inject_random(&RandomFaults::transient(0.01));
//! # std::io::Result::Ok(())
//! ```

mod fault;
mod plan;
mod random;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::protocol::Operation;
use super::random_numbers::RandomNumbers;
pub use fault::Fault;
pub(crate) use plan::CallPlan;
pub use random::RandomFaults;

/// The faults of one endpoint. Clones share them. They can be changed at any time; a call meets the faults that were
/// there when it arrived.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    registry: Arc<Mutex<Registry>>,
}

/// A fault of an endpoint, to remove it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(u64);

#[derive(Debug)]
struct Registry {
    faults: Vec<(FaultId, Fault)>,
    next_id: u64,
    /// Gives each new fault a seed of its own, so that its decisions do not depend on those of other faults.
    seeds: RandomNumbers,
}

impl Default for Registry {
    fn default() -> Self {
        Self { faults: Vec::new(), next_id: 0, seeds: RandomNumbers::new(0) }
    }
}

impl Faults {
    /// Determines the random decisions of the faults injected after this call. Without it the seed is 0.
    ///
    /// The decision about the n-th call that matches a fault depends on the seed alone; the order of the calls is up
    /// to the clients.
    pub fn seed(&self, seed: u64) {
        self.lock().seeds = RandomNumbers::new(seed);
    }

    /// Adds a fault; faults add up.
    pub fn inject(&self, fault: Fault) -> FaultId {
        self.lock().add(fault)
    }

    /// Adds a mix of faults at random moments.
    pub fn inject_random(&self, mix: &RandomFaults) -> Vec<FaultId> {
        let mut registry = self.lock();
        mix.faults().into_iter().map(|fault| registry.add(fault)).collect()
    }

    /// Ends one fault; nothing happens if it is over already.
    pub fn remove(&self, id: FaultId) {
        self.lock().faults.retain(|(other, _)| *other != id);
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().faults.clear();
    }

    /// Whether some fault depends on the queue of a call.
    pub(crate) fn need_queue(&self) -> bool {
        self.lock().faults.iter().any(|(_, fault)| fault.needs_queue())
    }

    /// What happens to the next call of `operation`; counts it against the faults that hit it.
    pub(crate) fn plan_call(&self, operation: Operation, queue: Option<&str>) -> CallPlan {
        let mut registry = self.lock();
        let mut plan = CallPlan::default();
        for (_, fault) in &mut registry.faults {
            fault.apply_to(operation, queue, &mut plan);
        }
        registry.faults.retain(|(_, fault)| !fault.is_over());
        plan
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn add(&mut self, mut fault: Fault) -> FaultId {
        fault.use_seed(self.seeds.next_number());
        let id = FaultId(self.next_id);
        self.next_id += 1;
        self.faults.push((id, fault));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqs::error::ErrorCode;

    fn loses_answer(faults: &Faults, operation: Operation, queue: Option<&str>) -> bool {
        faults.plan_call(operation, queue).lose_answer
    }

    #[test]
    fn times_and_operation_narrow_a_fault() {
        let faults = Faults::default();
        let fault = Fault::error(ErrorCode::OverLimit);
        faults.inject(fault.on(Operation::ReceiveMessage).times(1));
        assert_eq!(faults.plan_call(Operation::SendMessage, None).error_before, None);
        assert_eq!(faults.plan_call(Operation::ReceiveMessage, None).error_before, Some(ErrorCode::OverLimit));
        assert_eq!(faults.plan_call(Operation::ReceiveMessage, None).error_before, None);
    }

    #[test]
    fn a_fault_may_hit_several_operations() {
        let faults = Faults::default();
        faults.inject(Fault::lost_answer().on(Operation::SendMessage).on(Operation::DeleteMessage));
        assert!(loses_answer(&faults, Operation::SendMessage, None));
        assert!(loses_answer(&faults, Operation::DeleteMessage, None));
        assert!(!loses_answer(&faults, Operation::ReceiveMessage, None));
    }

    #[test]
    fn a_queue_narrows_a_fault_by_name_or_url() {
        for queue in ["orders", "http://127.0.0.1:1/000000000000/orders"] {
            let faults = Faults::default();
            faults.inject(Fault::lost_answer().on_queue(queue));
            assert!(faults.need_queue());
            assert!(loses_answer(&faults, Operation::SendMessage, Some("orders")));
            assert!(!loses_answer(&faults, Operation::SendMessage, Some("orders-dlq")));
            assert!(!loses_answer(&faults, Operation::ListQueues, None));
        }
    }

    #[test]
    fn a_share_is_spread_evenly() {
        let faults = Faults::default();
        faults.inject(Fault::lost_answer().share(0.05));
        let hit: Vec<_> = (1..=100).filter(|_| loses_answer(&faults, Operation::SendMessage, None)).collect();
        assert_eq!(hit, [20, 40, 60, 80, 100]);
    }

    fn random_hits(seed: u64, noise: bool) -> Vec<bool> {
        let faults = Faults::default();
        faults.seed(seed);
        faults.inject(Fault::lost_answer().on(Operation::SendMessage).probability(0.3));
        faults.inject(Fault::lost_request().on(Operation::ReceiveMessage).probability(0.5));
        let mut hits = Vec::new();
        for _ in 0..200 {
            if noise {
                faults.plan_call(Operation::ReceiveMessage, None);
            }
            hits.push(loses_answer(&faults, Operation::SendMessage, None));
        }
        hits
    }

    #[test]
    fn a_seed_determines_which_calls_are_hit_whatever_other_calls_come_between() {
        assert_eq!(random_hits(1, false), random_hits(1, true));
        assert_ne!(random_hits(1, false), random_hits(2, false));
        let hits = random_hits(1, false).into_iter().filter(|hit| *hit).count();
        assert!((40..80).contains(&hits), "{hits}");
    }

    #[test]
    fn a_removed_fault_is_over_and_the_others_stay() {
        let faults = Faults::default();
        let lost_answer = faults.inject(Fault::lost_answer());
        faults.inject(Fault::lost_request());
        faults.remove(lost_answer);
        let plan = faults.plan_call(Operation::SendMessage, None);
        assert!(!plan.lose_answer && plan.lose_request);
    }

    #[test]
    fn failed_entries_wait_for_a_batch_call() {
        let faults = Faults::default();
        faults.inject(Fault::failed_entries([1], ErrorCode::InternalFailure).times(1));
        assert_eq!(faults.plan_call(Operation::SendMessage, None).failing_entry(1), None);
        let plan = faults.plan_call(Operation::SendMessageBatch, None);
        assert_eq!(plan.failing_entry(0), None);
        assert_eq!(plan.failing_entry(1).unwrap().code, ErrorCode::InternalFailure);
    }

    #[test]
    fn random_latencies_stay_between_their_bounds() {
        let (shortest, longest) = (std::time::Duration::from_millis(10), std::time::Duration::from_millis(20));
        let faults = Faults::default();
        faults.inject(Fault::latency_between(shortest, longest));
        let mut seen = std::collections::HashSet::new();
        for _ in 0..100 {
            let wait = faults.plan_call(Operation::SendMessage, None).wait_before;
            assert!((shortest..=longest).contains(&wait), "{wait:?}");
            seen.insert(wait);
        }
        assert!(seen.len() > 50, "{}", seen.len());
    }
}
