//! Finding the queue to send to, or waiting until it is there.

use std::time::Duration;

use aws_sdk_sqs::Client;
use tokio::sync::watch;

use super::ProduceError;
use super::fault::{Fault, describe};

/// How long to the next look for a queue that is not there yet.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The queue, as the user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Looked up in `account`, or else in the account of the credentials.
    Name {
        /// The queue's name.
        name: String,
        /// The owner's account id.
        account: Option<String>,
    },
    /// Used as it is.
    Url(String),
}

/// The queue's URL, as soon as it exists. Each time it does not, `waiting` hears why. `None` when stopped before.
pub async fn wait_for_queue(
    client: &Client,
    address: &Address,
    mut stop: watch::Receiver<bool>,
    mut waiting: impl FnMut(&str),
) -> Result<Option<String>, ProduceError> {
    let (name, account) = match address {
        Address::Url(url) => return Ok(Some(url.clone())),
        Address::Name { name, account } => (name, account),
    };
    loop {
        let request = client.get_queue_url().queue_name(name).set_queue_owner_aws_account_id(account.clone());
        let answer = tokio::select! {
            answer = request.send() => answer,
            () = stopped(&mut stop) => return Ok(None),
        };
        match answer {
            Ok(found) => return Ok(found.queue_url),
            Err(error) => match Fault::of(&error) {
                Fault::Missing => waiting("it does not exist yet"),
                Fault::Transient => waiting(&describe(&error)),
                Fault::Fatal => {
                    return Err(ProduceError::Queue { queue: name.clone(), reason: describe(&error) });
                }
            },
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_AGAIN) => {}
            () = stopped(&mut stop) => return Ok(None),
        }
    }
}

/// Returns once `true` was sent, or the sender is gone.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that nobody can stop us any more: nobody waits for us either.
    let _ = stop.wait_for(|stop| *stop).await;
}
