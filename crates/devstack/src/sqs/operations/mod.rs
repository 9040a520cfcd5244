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

use axum::body::{Body, Bytes};
use axum::http::Response;

use super::account::Service;
use super::error::Result;
use super::faults::Plan;
use super::protocol::{Operation, parse, reply};

/// Carries out one call.
pub(crate) async fn dispatch(
    service: &Arc<Service>,
    operation: Operation,
    body: &Bytes,
    plan: &Plan,
) -> Result<Response<Body>> {
    Ok(match operation {
        Operation::SendMessage => reply(&send::one(service, parse(body)?)?),
        Operation::SendMessageBatch => reply(&send::batch(service, parse(body)?, plan)?),
        Operation::ReceiveMessage => receive::receive(service, parse(body)?).await?,
        Operation::DeleteMessage => reply(&delete::one(service, parse(body)?)?),
        Operation::DeleteMessageBatch => reply(&delete::batch(service, parse(body)?, plan)?),
        Operation::ChangeMessageVisibility => reply(&visibility::one(service, parse(body)?)?),
        Operation::ChangeMessageVisibilityBatch => reply(&visibility::batch(service, parse(body)?, plan)?),
        Operation::CreateQueue => reply(&queues::create(service, parse(body)?)?),
        Operation::GetQueueUrl => reply(&queues::url(service, parse(body)?)?),
        Operation::ListQueues => reply(&queues::list(service, &parse(body)?)?),
        Operation::DeleteQueue => reply(&queues::delete(service, &parse(body)?)?),
        Operation::PurgeQueue => reply(&queues::purge(service, &parse(body)?)?),
        Operation::GetQueueAttributes => reply(&attributes::get(service, &parse(body)?)?),
        Operation::SetQueueAttributes => reply(&attributes::set(service, &parse(body)?)?),
        Operation::TagQueue => reply(&tags::tag(service, parse(body)?)?),
        Operation::UntagQueue => reply(&tags::untag(service, &parse(body)?)?),
        Operation::ListQueueTags => reply(&tags::list(service, &parse(body)?)?),
        Operation::ListDeadLetterSourceQueues => reply(&queues::sources(service, &parse(body)?)?),
        Operation::StartMessageMoveTask => reply(&move_tasks::start(service, parse(body)?)?),
        Operation::ListMessageMoveTasks => reply(&move_tasks::list(service, parse(body)?)?),
        Operation::CancelMessageMoveTask => reply(&move_tasks::cancel(service, parse(body)?)?),
    })
}
