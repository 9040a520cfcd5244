//! An SQS endpoint on 127.0.0.1, in memory.
//!
//! It serves the JSON protocol of the AWS SDKs (`AWS JSON 1.0`) on any path, and checks no signature. Read in this
//! order:
//!
//! - `server`: HTTP in, HTTP out; `protocol` and `error` are the wire forms.
//! - `operations`: what each call checks and does, on the queues in `account`.
//! - `queue`: the state machine of one queue, with `line` and `fifo` for its order; `message`.
//! - `message_mover`: the work of a `move_task`, out of a dead-letter queue.
//! - `attributes`, `limits`, `md5`: the rules of AWS.
//! - [`Faults`]: errors on purpose; [`CallCounts`]: how often each operation was called.
//!
//! Where AWS leaves a choice: a stale receipt handle deletes nothing and succeeds on a standard
//! queue, and can't change the visibility; the name of a deleted queue can be used again at once; counts are exact.

mod account;
mod attributes;
mod call_counts;
mod error;
mod faults;
mod fifo;
mod ids;
mod limits;
mod line;
mod md5;
mod message;
mod message_attribute;
mod message_mover;
mod move_task;
mod operations;
mod protocol;
mod queue;
mod random_numbers;
mod server;
mod time;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use account::Service;
pub use call_counts::{CallCount, CallCounts};
pub use error::ErrorCode;
pub use faults::{Fault, FaultId, Faults, RandomFaults};
pub use protocol::Operation;

/// How to start the endpoint.
#[derive(Debug, Clone)]
pub struct SqsOptions {
    /// TCP port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// The region in the queues' ARNs.
    pub region: String,
}

impl Default for SqsOptions {
    /// A free port, `us-east-1`.
    fn default() -> Self {
        Self { port: 0, region: "us-east-1".to_owned() }
    }
}

/// A running endpoint. Dropping it stops it and forgets its queues.
#[derive(Debug)]
pub struct Sqs {
    service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sqs {
    /// Starts the endpoint on a thread of its own. It answers when this returns.
    pub fn start(options: SqsOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let service = Arc::new(Service::new(endpoint, options.region));
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::clone(&service);
        let thread = std::thread::Builder::new().name("sqs".to_owned()).spawn(move || {
            // The listener is bound, so this fails only if the system refuses a runtime; then the
            // first call finds a closed port.
            let _ = server::serve(listener, shared, stopped);
        })?;
        Ok(Self { service, stop: Some(stop), thread: Some(thread) })
    }

    /// The URL for `SQS_ENDPOINT`, e.g. `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        self.service.endpoint()
    }

    /// The faults of this endpoint.
    pub fn faults(&self) -> &Faults {
        &self.service.faults
    }

    /// Ends the visibility timeout of every message in flight, so that a test need not wait for long ones. Nobody should
    /// be at work on these messages: they are delivered again at once.
    pub fn end_visibility_timeouts(&self) {
        let now = self.service.clock.now();
        for queue in self.service.lock().queues.values_mut() {
            queue.end_visibility_timeouts(now);
        }
    }

    /// How often each operation was called.
    pub fn call_counts(&self) -> &CallCounts {
        &self.service.call_counts
    }
}

impl Drop for Sqs {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server was already printed by its own thread.
            let _ = thread.join();
        }
    }
}
