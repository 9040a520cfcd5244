//! The operations, a file for each group of them.

mod attributes;
mod batch;
mod delete;
mod move_tasks;
mod queues;
mod receive;
mod send;
mod tags;
mod visibility;

use std::sync::Arc;

use axum::body::Bytes;

use super::account::Service;
use super::error::Result;
use super::faults::CallPlan;
use super::protocol::{Answer, Operation, parse};

/// Carries out one call.
pub(crate) async fn dispatch(
    service: &Arc<Service>,
    operation: Operation,
    body: &Bytes,
    plan: &CallPlan,
) -> Result<Answer> {
    Ok(match operation {
        Operation::SendMessage => Answer::of_one(&send::one(service, parse(body)?)?),
        Operation::SendMessageBatch => Answer::of_batch(&send::batch(service, parse(body)?, plan)?),
        Operation::ReceiveMessage => receive::receive(service, parse(body)?).await?,
        Operation::DeleteMessage => Answer::of_one(&delete::one(service, parse(body)?)?),
        Operation::DeleteMessageBatch => Answer::of_batch(&delete::batch(service, parse(body)?, plan)?),
        Operation::ChangeMessageVisibility => Answer::of_one(&visibility::one(service, parse(body)?)?),
        Operation::ChangeMessageVisibilityBatch => Answer::of_batch(&visibility::batch(service, parse(body)?, plan)?),
        Operation::CreateQueue => Answer::plain(&queues::create(service, parse(body)?)?),
        Operation::GetQueueUrl => Answer::plain(&queues::url(service, parse(body)?)?),
        Operation::ListQueues => Answer::plain(&queues::list(service, &parse(body)?)?),
        Operation::DeleteQueue => Answer::plain(&queues::delete(service, &parse(body)?)?),
        Operation::PurgeQueue => Answer::plain(&queues::purge(service, &parse(body)?)?),
        Operation::GetQueueAttributes => Answer::plain(&attributes::get(service, &parse(body)?)?),
        Operation::SetQueueAttributes => Answer::plain(&attributes::set(service, &parse(body)?)?),
        Operation::TagQueue => Answer::plain(&tags::tag(service, parse(body)?)?),
        Operation::UntagQueue => Answer::plain(&tags::untag(service, &parse(body)?)?),
        Operation::ListQueueTags => Answer::plain(&tags::list(service, &parse(body)?)?),
        Operation::ListDeadLetterSourceQueues => Answer::plain(&queues::sources(service, &parse(body)?)?),
        Operation::StartMessageMoveTask => Answer::plain(&move_tasks::start(service, parse(body)?)?),
        Operation::ListMessageMoveTasks => Answer::plain(&move_tasks::list(service, parse(body)?)?),
        Operation::CancelMessageMoveTask => Answer::plain(&move_tasks::cancel(service, parse(body)?)?),
    })
}
