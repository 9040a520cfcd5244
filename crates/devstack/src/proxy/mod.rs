//! A TCP proxy whose network fails on command, to put before PostgreSQL or any other server.
//!
//! ```no_run
//! use devstack::postgres::{Postgres, PostgresOptions};
//! use devstack::proxy::Proxy;
//!
//! let postgres = Postgres::start(&PostgresOptions::default())?;
//! let proxy = Proxy::start(([127, 0, 0, 1], postgres.port()).into())?;
//! let url = proxy.url_through(&postgres.create_database("orders")?);
//! // ... connect to `url` ...
//! proxy.stall();
//! proxy.forward();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every command is in force when its method returns: no byte that arrives at the proxy later is treated by the old
//! mode. A `CancelRequest` of PostgreSQL is a short connection of its own and goes the way of any new connection.
//!
//! - `mode`: what the proxy does with connections; `connection`: the two directions of one connection.
//! - `listener`: a port that can refuse connections and stay ours; `server`: commands in, connections in.

mod connection;
mod listener;
mod mode;
mod server;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc as blocking;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use listener::ReservedPort;
use mode::Mode;
use server::{Command, Counters, Server};

/// A running proxy. Dropping it closes its port and its connections.
///
/// It runs on a thread of its own, so its methods can be called from synchronous and asynchronous code; they wait for
/// that thread for a moment.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    target: SocketAddr,
    counters: Arc<Counters>,
    commands: Option<mpsc::UnboundedSender<(Command, blocking::Sender<()>)>>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy on a free port of 127.0.0.1 that forwards to `target`.
    pub fn start(target: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let port = ReservedPort::reserve(Ipv4Addr::LOCALHOST)?;
        let address = port.address();
        let counters = Arc::<Counters>::default();
        let (commands, received) = mpsc::unbounded_channel();
        let server = {
            // A listener registers with the runtime it belongs to.
            let _entered = runtime.enter();
            Server::new(port, target, Arc::clone(&counters))?
        };
        let thread = std::thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || runtime.block_on(server.run(received)))?;
        Ok(Self { address, target, counters, commands: Some(commands), thread: Some(thread) })
    }

    /// The address to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port to connect to, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// A URL of the target, changed so that it goes through the proxy.
    pub fn url_through(&self, url: &str) -> String {
        url.replace(&self.target.to_string(), &self.address.to_string())
    }

    /// Connections that the proxy has accepted and not closed yet.
    pub fn open_connections(&self) -> usize {
        self.counters.open()
    }

    /// Connections that the proxy has accepted since its start.
    pub fn accepted_connections(&self) -> usize {
        self.counters.accepted()
    }

    /// Back to normal: forwards everything and accepts new connections.
    ///
    /// A stalled connection goes on where it stopped. One that was open while the proxy was half-open has lost bytes,
    /// so it is reset.
    pub fn forward(&self) {
        self.send(Command::Switch(Mode::Forward));
    }

    /// Forwards each chunk of bytes this much later, in both directions.
    pub fn delay(&self, delay: Duration) {
        self.send(Command::Switch(Mode::Delay(delay)));
    }

    /// Refuses new connections, as a host without a server does; open ones are forwarded.
    pub fn refuse_connections(&self) {
        self.send(Command::Switch(Mode::RefuseConnections));
    }

    /// Stops forwarding in both directions; sockets stay open and no byte is lost. The system completes a new
    /// connection, but the proxy does not accept it before the mode changes.
    pub fn stall(&self) {
        self.send(Command::Switch(Mode::Stall));
    }

    /// Swallows the bytes of both sides and answers nothing, as when the peer's host has gone: neither side learns
    /// that the other one closes. The system completes a new connection, but the proxy does not accept it before the
    /// mode changes.
    pub fn half_open(&self) {
        self.send(Command::Switch(Mode::HalfOpen));
    }

    /// Resets all open connections, to both sides. The mode stays: new connections are accepted if they were before.
    pub fn cut_connections(&self) {
        self.send(Command::CutConnections);
    }

    /// Half-opens all open connections for good, as when a firewall or a load balancer has forgotten them: their bytes
    /// are swallowed until they are cut. The mode stays for new connections.
    pub fn abandon_connections(&self) {
        self.send(Command::AbandonConnections);
    }

    fn send(&self, command: Command) {
        let (applied, wait) = blocking::channel();
        let commands = self.commands.as_ref().expect("the channel is open until the drop");
        commands.send((command, applied)).expect("the proxy runs until the drop");
        wait.recv().expect("the proxy runs until the drop");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.commands.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the proxy was already printed by its own thread.
            let _ = thread.join();
        }
    }
}
