//! Single entries of batch calls that fail.

use aws_sdk_sqs::types::{
    BatchResultErrorEntry, ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message,
    SendMessageBatchRequestEntry,
};
use devstack::sqs::{ErrorCode, Fault, Operation};

use super::Stack;
use crate::sqs::conformance::handle;

/// Id, code and `SenderFault` of each entry that failed.
fn failures(failed: &[BatchResultErrorEntry]) -> Vec<(&str, &str, bool)> {
    failed.iter().map(|entry| (entry.id(), entry.code(), entry.sender_fault())).collect()
}

impl Stack {
    async fn send_batch(&self, bodies: &[&str]) -> Vec<BatchResultErrorEntry> {
        let mut call = self.client.send_message_batch().queue_url(&self.queue);
        for body in bodies {
            let entry = SendMessageBatchRequestEntry::builder().id(*body).message_body(*body);
            call = call.entries(entry.build().unwrap());
        }
        call.send().await.unwrap().failed
    }

    async fn delete_batch(&self, messages: &[Message]) -> Vec<BatchResultErrorEntry> {
        let mut call = self.client.delete_message_batch().queue_url(&self.queue);
        for (index, message) in messages.iter().enumerate() {
            let entry = DeleteMessageBatchRequestEntry::builder().id(index.to_string());
            call = call.entries(entry.receipt_handle(handle(message)).build().unwrap());
        }
        call.send().await.unwrap().failed
    }

    /// Makes the messages visible again.
    async fn give_back_batch(&self, messages: &[Message]) -> Vec<BatchResultErrorEntry> {
        let mut call = self.client.change_message_visibility_batch().queue_url(&self.queue);
        for (index, message) in messages.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
            call = call.entries(entry.receipt_handle(handle(message)).visibility_timeout(0).build().unwrap());
        }
        call.send().await.unwrap().failed
    }
}

#[tokio::test]
async fn a_failed_entry_of_a_send_is_not_stored_and_the_others_are() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::failed_entries([1], ErrorCode::InternalFailure));
    let failed = stack.send_batch(&["a", "b", "c"]).await;
    assert_eq!(failures(&failed), [("b", "InternalFailure", false)]);
    assert_eq!(stack.counts().await, (2, 0));
}

#[tokio::test]
async fn a_failed_entry_of_a_delete_is_not_deleted_and_the_others_are() {
    let stack = Stack::start().await;
    let messages = stack.received(&["a", "b", "c"]).await;
    stack.sqs.faults().inject(Fault::failed_entries([0], ErrorCode::InvalidParameterValue));
    let failed = stack.delete_batch(&messages).await;
    assert_eq!(failures(&failed), [("0", "InvalidParameterValue", true)]);
    assert_eq!(stack.counts().await, (0, 1));
}

#[tokio::test]
async fn a_failed_entry_of_a_visibility_change_stays_hidden_and_the_others_are_shown() {
    let stack = Stack::start().await;
    let messages = stack.received(&["a", "b", "c"]).await;
    stack.sqs.faults().inject(Fault::failed_entries([2], ErrorCode::ServiceUnavailable));
    let failed = stack.give_back_batch(&messages).await;
    assert_eq!(failures(&failed), [("2", "ServiceUnavailable", false)]);
    assert_eq!(stack.counts().await, (2, 1));
}

#[tokio::test]
async fn the_sender_fault_of_a_failed_entry_can_be_chosen() {
    let stack = Stack::start().await;
    for sender_fault in [true, false] {
        for code in [ErrorCode::InternalFailure, ErrorCode::InvalidParameterValue] {
            let fault = Fault::failed_entries([0], code).with_sender_fault(sender_fault);
            stack.sqs.faults().inject(fault.on(Operation::SendMessageBatch).times(1));
            let failed = stack.send_batch(&["a"]).await;
            assert_eq!(failures(&failed), [("a", code.as_str(), sender_fault)]);
        }
    }
    assert_eq!(stack.counts().await, (0, 0));
}

#[tokio::test]
async fn entries_may_fail_at_random_and_the_others_are_applied() {
    let stack = Stack::start().await;
    stack.sqs.faults().inject(Fault::random_failed_entries(0.5, ErrorCode::InternalFailure));
    let mut failed = 0;
    for _ in 0..20 {
        failed += stack.send_batch(&["a", "b", "c", "d", "e"]).await.len();
    }
    assert!((30..70).contains(&failed), "{failed}");
    assert_eq!(stack.counts().await, (100 - failed, 0));
}
