//! HTTP: one handler for every path; `X-Amz-Target` names the operation.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::serve::ListenerExt;
use tokio::sync::oneshot;

use super::account::Service;
use super::error::{Error, ErrorCode, Result};
use super::faults::CallPlan;
use super::operations::dispatch;
use super::protocol::{Operation, TARGET, queue_of_request, reply_error};

/// Far above a full batch in JSON, which may need six bytes for one.
const BODY_LIMIT: usize = 16 << 20;

/// Serves until `stop` is sent or dropped, on a runtime of its own: the caller may be synchronous,
/// and its runtime can't starve the server.
pub(crate) fn serve(listener: TcpListener, service: Arc<Service>, stop: oneshot::Receiver<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let listener = listener.tap_io(|stream| {
            // Small answers must not wait for the client's delayed acknowledgement. A socket that
            // refuses is already broken; the first read fails.
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new().fallback(handle).with_state(service);
        tokio::select! {
            served = axum::serve(listener, router) => served,
            _ = stop => Ok(()),
        }
    })
}

async fn handle(State(service): State<Arc<Service>>, request: Request) -> Response<Body> {
    match answer(&service, request).await {
        Ok(response) => response,
        Err(error) => reply_error(&error),
    }
}

async fn answer(service: &Arc<Service>, request: Request) -> Result<Response<Body>> {
    let operation = operation(&request)?;
    let body = to_bytes(request.into_body(), BODY_LIMIT)
        .await
        .map_err(|error| Error::new(ErrorCode::Serialization, error.to_string()))?;
    service.call_counts.add_call(operation);
    // Finding the queue means reading the body twice, so only where a fault depends on it.
    let queue = if service.faults.need_queue() { queue_of_request(&body) } else { None };
    let plan = service.faults.plan_call(operation, queue.as_deref());
    fail_before_effect(&plan).await?;
    let result = dispatch(service, operation, &body, &plan).await;
    if let Ok(answer) = &result {
        service.call_counts.add_entries(operation, answer.entries);
    }
    wait(plan.wait_after).await;
    if plan.lose_answer {
        break_connection();
    }
    let answer = result?;
    fail_on_purpose(plan.error_after)?;
    Ok(answer.response)
}

fn operation(request: &Request) -> Result<Operation> {
    let target = request.headers().get(TARGET).and_then(|target| target.to_str().ok());
    target.and_then(Operation::from_target).ok_or_else(|| {
        let target = target.unwrap_or("missing");
        let message = format!("The operation in the header X-Amz-Target is unknown: {target}.");
        Error::new(ErrorCode::UnknownOperation, message)
    })
}

async fn fail_before_effect(plan: &CallPlan) -> Result<()> {
    wait(plan.wait_before).await;
    if plan.lose_request {
        break_connection();
    }
    fail_on_purpose(plan.error_before)
}

async fn wait(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

fn fail_on_purpose(code: Option<ErrorCode>) -> Result<()> {
    match code {
        Some(code) => Err(Error::new(code, "This call fails on purpose.")),
        None => Ok(()),
    }
}

/// Ends the task of this connection, which closes its socket without an answer. Unwinding is the
/// one way out of a handler that hyper does not turn into a response; no panic message is printed.
fn break_connection() -> ! {
    std::panic::resume_unwind(Box::new("connection broken on purpose"))
}
