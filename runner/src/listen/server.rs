//! The server: one thread, a bounded number of connections, and no patience with silent ones.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::actions::{self, Actions, Token};
use super::routes::{Shared, router};
use super::{ListenAddress, Watched};
use crate::backlog::{self, WatchedQueues};
use crate::exit::Failure;

/// Connections that are open at once.
const CONNECTIONS: usize = 128;
/// Longest wait for the head of a request, also on a connection that had one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause after a connection that can't be accepted, for instance because no file handle is left.
const PAUSE: Duration = Duration::from_millis(100);

/// An address that is taken, before the server answers on it.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

/// The running server. Dropped, it ends, with all its connections.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    runtime: Handle,
    actions: Option<Arc<Actions>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bound {
    /// Takes the address.
    pub(crate) fn bind(address: ListenAddress) -> Result<Self, Failure> {
        let bound = TcpListener::bind(address.socket()).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        });
        bound.map_err(|error| Failure::Listen { address: address.socket(), error })
    }
}

impl Server {
    /// Starts to answer. With a token, the page can act on dead letters.
    pub(crate) fn start(bound: Bound, pipelines: Vec<Watched>, token: Option<Token>) -> Result<Self, Failure> {
        let runtime = crate::runtime::start()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let listener = {
            // A listener registers with the runtime it belongs to.
            let _entered = runtime.enter();
            tokio::net::TcpListener::from_std(bound.listener).map_err(Failure::Runtime)?
        };
        let actions = token.map(|token| Arc::new(Actions::new(token)));
        let shared = Arc::new(Shared::new(pipelines, actions.is_some()));
        let mut router = router(Arc::clone(&shared));
        if let Some(actions) = &actions {
            router = router.merge(actions::router(Arc::clone(actions)));
        }
        let acting = actions.clone();
        let end = async move {
            // Dropped or sent: both are the end.
            let _ = stopped.await;
            if let Some(actions) = acting {
                actions.end().await;
            }
        };
        let work = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, router) => {}
                    () = shared.keep_samples() => {}
                    () = end => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("listen".to_owned()).spawn(work).map_err(Failure::Thread)?;
        Ok(Self { address: bound.address, runtime: handle, actions, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks from time to time how many messages the queues of a pipeline hold, and lets actions reach them.
    pub(crate) fn watch_queues(&self, pipeline: Watched, queues: WatchedQueues) {
        if let Some(actions) = &self.actions {
            actions.reach(Arc::clone(&pipeline.pipeline), queues.clone());
        }
        self.runtime.spawn(backlog::watch(pipeline.name, pipeline.figures, queues));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Accepts connections; never returns.
async fn serve(listener: tokio::net::TcpListener, router: Router) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let permit = Arc::clone(&permits).acquire_owned().await.expect("the semaphore is never closed");
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream, router.clone(), permit))),
            Err(error) => wait_after(&error).await,
        }
    }
}

/// A client that is gone already is its own affair; else a moment helps.
async fn wait_after(error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Answers what one client asks.
async fn answer(stream: TcpStream, router: Router, _permit: OwnedSemaphorePermit) {
    // Small answers must not wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut connection = http1::Builder::new();
    connection.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(16 << 10);
    // A client that goes away in the middle of an answer is not an error of ours.
    let _ = connection.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)).await;
}
