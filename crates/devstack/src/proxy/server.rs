//! The loop that accepts connections and carries out commands.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::connection::{self, Signals};
use super::listener::ReservedPort;
use super::mode::Mode;

/// Pause after an accept that the system refused, which is for want of file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) enum Command {
    Switch(Mode),
    CutConnections,
    AbandonConnections,
}

/// Numbers of connections, readable while the proxy runs.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    open: AtomicUsize,
    accepted: AtomicUsize,
}

impl Counters {
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
pub(crate) struct Server {
    port: ReservedPort,
    /// `None` while connections are refused.
    listener: Option<TcpListener>,
    target: SocketAddr,
    counters: Arc<Counters>,
    mode: watch::Sender<Mode>,
    /// The modes of abandoned connections, which stay half-open.
    abandoned: Vec<watch::Sender<Mode>>,
    cut: watch::Sender<()>,
    connections: JoinSet<()>,
}

impl Server {
    /// Begins to listen.
    pub(crate) fn new(port: ReservedPort, target: SocketAddr, counters: Arc<Counters>) -> io::Result<Self> {
        let listener = Some(port.listen()?);
        let (mode, cut) = (watch::Sender::new(Mode::Forward), watch::Sender::new(()));
        Ok(Self { port, listener, target, counters, mode, abandoned: Vec::new(), cut, connections: JoinSet::new() })
    }

    /// Runs until the other end of `commands` is dropped; each command is acknowledged when it is in force.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<(Command, blocking::Sender<()>)>) {
        loop {
            let accepts = self.mode.borrow().accepts();
            tokio::select! {
                command = commands.recv() => {
                    let Some((command, applied)) = command else { return };
                    self.apply(command).await;
                    // A caller that went away needs no acknowledgement.
                    let _ = applied.send(());
                }
                client = accept(self.listener.as_ref()), if accepts => self.connect(client),
                // Connections that have ended are taken out of the set.
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    async fn apply(&mut self, command: Command) {
        match command {
            Command::Switch(mode) => self.switch(mode),
            Command::CutConnections => {
                self.cut.send_replace(());
                while self.connections.join_next().await.is_some() {}
            }
            Command::AbandonConnections => {
                // New connections follow a mode of their own from here on.
                let next = watch::Sender::new(*self.mode.borrow());
                let before = std::mem::replace(&mut self.mode, next);
                before.send_replace(Mode::HalfOpen);
                self.abandoned.push(before);
            }
        }
    }

    fn switch(&mut self, mode: Mode) {
        if !mode.listens() {
            self.listener = None;
        } else if self.listener.is_none() {
            self.listener = Some(self.port.listen().expect("the port is reserved for this proxy"));
        }
        self.mode.send_replace(mode);
    }

    fn connect(&mut self, client: TcpStream) {
        let signals = Signals { mode: self.mode.subscribe(), cut: self.cut.subscribe() };
        let open = OpenConnection::count(&self.counters);
        let target = self.target;
        self.connections.spawn(async move {
            connection::run(client, target, signals).await;
            drop(open);
        });
    }
}

/// The next client; waits without end where nothing listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((client, _)) => return client,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Counts a connection as open until it is dropped.
#[derive(Debug)]
struct OpenConnection(Arc<Counters>);

impl OpenConnection {
    fn count(counters: &Arc<Counters>) -> Self {
        counters.open.fetch_add(1, Ordering::Relaxed);
        counters.accepted.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}
