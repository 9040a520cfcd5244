//! The queues of the one account the endpoint serves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call_counts::CallCounts;
use super::error::{Error, Result};
use super::faults::Faults;
use super::ids::Ids;
use super::message::Message;
use super::move_task::MoveTask;
use super::queue::Queue;
use super::time::Clock;

/// The account id in URLs and ARNs.
pub(crate) const ACCOUNT: &str = "000000000000";

/// All that changes. One lock guards it; a call holds it only while it works on its own few messages.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) move_tasks: Vec<MoveTask>,
    pub(crate) ids: Ids,
}

/// What every operation works on.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) account: Mutex<Account>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) call_counts: CallCounts,
    endpoint: String,
    region: String,
}

impl Service {
    pub(crate) fn new(endpoint: String, region: String) -> Self {
        let account = Account { queues: BTreeMap::new(), move_tasks: Vec::new(), ids: Ids::seeded() };
        Self {
            account: Mutex::new(account),
            clock: Clock::start(),
            faults: Faults::default(),
            call_counts: CallCounts::default(),
            endpoint,
            region,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Account> {
        // A panic while holding the lock is a bug; the state is still good enough for a test to
        // end with its own message rather than with a poisoned lock.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.endpoint)
    }

    pub(crate) fn arn(&self, name: &str) -> String {
        format!("arn:aws:sqs:{}:{ACCOUNT}:{name}", self.region)
    }

    /// The queue name of one of this account's ARNs.
    pub(crate) fn name_of_arn<'a>(&self, arn: &'a str) -> Option<&'a str> {
        arn.strip_prefix(&self.arn(""))
    }
}

/// The queue name in a URL: its last part. The host is ignored, so a URL with another address
/// of this endpoint works as well.
pub(crate) fn name_of_url(url: Option<&str>) -> Result<&str> {
    let url = url.filter(|url| !url.is_empty()).ok_or_else(|| Error::missing("QueueUrl"))?;
    Ok(url.rsplit('/').next().unwrap_or(url))
}

impl Account {
    pub(crate) fn queue(&mut self, url: Option<&str>) -> Result<&mut Queue> {
        self.queues.get_mut(name_of_url(url)?).ok_or_else(Error::no_such_queue)
    }

    /// The queue, and the source of identifiers beside it.
    pub(crate) fn queue_and_ids(&mut self, url: Option<&str>) -> Result<(&mut Queue, &mut Ids)> {
        let queue = self.queues.get_mut(name_of_url(url)?).ok_or_else(Error::no_such_queue)?;
        Ok((queue, &mut self.ids))
    }

    /// Moves messages that were received too often into the queue named `target`.
    pub(crate) fn move_to_dead_letter_queue(&mut self, messages: Vec<Message>, source_arn: &str, target: &str) {
        let Some(queue) = self.queues.get_mut(target) else {
            return;
        };
        let source = Arc::from(source_arn);
        for message in messages {
            let dead_letter_source = Some(Arc::clone(&source));
            queue.accept(Message { dead_letter_source, ..message });
        }
    }
}
