//! Why messages that were given back to the queue could not be stored.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use crate::fault::Fault;

/// Messages remembered, at most: about 3 MB.
const REMEMBERED: usize = 10_000;

/// The last fault of each message given back, for the reason of a dead letter in the end. It lives as long as the process;
/// another one that receives the message does not know it.
#[derive(Debug, Default)]
pub(crate) struct LastFaults(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    faults: HashMap<String, String>,
    /// Message ids, oldest first.
    order: VecDeque<String>,
}

impl LastFaults {
    pub(crate) fn remember(&self, message_id: &str, fault: &Fault) {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.faults.insert(message_id.to_owned(), fault.to_string()).is_none() {
            remembered.order.push_back(message_id.to_owned());
        }
        if remembered.order.len() > REMEMBERED
            && let Some(oldest) = remembered.order.pop_front()
        {
            remembered.faults.remove(&oldest);
        }
    }

    pub(crate) fn of(&self, message_id: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).faults.get(message_id).cloned()
    }
}
