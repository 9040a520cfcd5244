//! A private PostgreSQL server, run from the machine's own binaries.
//!
//! It listens on a free port of 127.0.0.1 (password) and on a Unix socket in a folder of its own
//! (trust; only the server's user and root reach it). As root the server runs as the user `postgres`
//! or `nobody`. Read in this order:
//!
//! - `binaries`: where PostgreSQL is; `owner`: the user it runs as; `cluster`: its folders.
//! - `server`: its process, and how it ends with this process.
//!
//! A server costs about a second to start, a database some fifty milliseconds. So tests share one
//! server per process and create a database each:
//!
//! ```no_run
//! use std::sync::OnceLock;
//! use devstack::postgres::{Postgres, PostgresOptions};
//!
//! fn database() -> String {
//!     static SERVER: OnceLock<Postgres> = OnceLock::new();
//!     let server = SERVER.get_or_init(|| Postgres::start(&PostgresOptions::default()).unwrap());
//!     server.new_database().unwrap()
//! }
//! ```
//!
//! A static is never dropped. That does no harm: the server ends with the process.

mod binaries;
mod cluster;
mod error;
mod owner;
mod server;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use binaries::Binaries;
use cluster::Cluster;
pub use error::PostgresError;
use error::{Context, Result};
use server::{Server, clear_environment};

/// The superuser.
const USER: &str = "runner";
/// Attempts at a start on a free port: another process may use the port first.
const PORT_ATTEMPTS: usize = 5;

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct PostgresOptions {
    /// The folder the data stay in after the server has stopped, and are found in at the next start.
    /// None: a temporary folder, removed at the end.
    pub data_dir: Option<PathBuf>,
    /// TCP port on 127.0.0.1; 0 chooses a free one.
    pub port: u16,
    /// Further settings of `postgresql.conf`, e.g. `("max_connections", "20")`.
    pub settings: Vec<(String, String)>,
}

/// A running server. Dropping it stops it and waits until it has, some hundred milliseconds.
#[derive(Debug)]
pub struct Postgres {
    // Dropped first, so that the server is gone before its folders are.
    _server: Server,
    cluster: Cluster,
    binaries: Binaries,
    port: u16,
    databases: AtomicUsize,
}

impl Postgres {
    /// Starts a server and waits until it accepts connections. Blocking: from asynchronous code use
    /// `spawn_blocking`.
    pub fn start(options: &PostgresOptions) -> Result<Self> {
        let mut attempt = 1;
        loop {
            match Self::try_start(options) {
                Err(PostgresError::Startup { log })
                    if options.port == 0 && attempt < PORT_ATTEMPTS && log.contains("Address already in use") =>
                {
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn try_start(options: &PostgresOptions) -> Result<Self> {
        let cluster = Cluster::prepare(options.data_dir.as_deref())?;
        let binaries = Binaries::find(&cluster.data)?;
        let port = if options.port == 0 { free_port()? } else { options.port };
        let settings = [tuning(cluster.kept), options.settings.clone()].concat();
        let server = Server::start(&binaries, &cluster, port, &settings)?;
        Ok(Self { _server: server, cluster, binaries, port, databases: AtomicUsize::new(0) })
    }

    /// URL of the database `postgres`, over TCP, with the password.
    pub fn url(&self) -> String {
        self.database_url("postgres")
    }

    /// URL of any database, over TCP, with the password. The name must need no escaping.
    pub fn database_url(&self, database: &str) -> String {
        let Self { port, cluster, .. } = self;
        format!("postgres://{USER}:{}@127.0.0.1:{port}/{database}", cluster.password)
    }

    /// URL of any database over the Unix socket, without a password. Only root and the server's own
    /// user can connect. The name must need no escaping.
    pub fn socket_url(&self, database: &str) -> String {
        let socket = self.socket_dir().display();
        format!("postgres:///{database}?host={socket}&port={}&user={USER}", self.port)
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        self.cluster.base()
    }

    /// The folder of the data.
    pub fn data_dir(&self) -> &Path {
        &self.cluster.data
    }

    /// TCP port on 127.0.0.1, also part of the socket's name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Name of the superuser.
    pub fn user(&self) -> &str {
        USER
    }

    /// Password of the superuser over TCP.
    pub fn password(&self) -> &str {
        &self.cluster.password
    }

    /// Creates a database; returns its URL over TCP. Blocking, about fifty milliseconds.
    pub fn create_database(&self, name: &str) -> Result<String> {
        let mut command = Command::new(self.binaries.program("createdb"));
        clear_environment(&mut command);
        let output = command
            .arg("--host")
            .arg(self.socket_dir())
            .args(["--port", &self.port.to_string(), "--username", USER, "--no-password", "--", name])
            .output()
            .context(|| "run createdb".to_owned())?;
        if output.status.success() {
            return Ok(self.database_url(name));
        }
        let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(PostgresError::CreateDatabase { name: name.to_owned(), reason })
    }

    /// Creates a database with a name that no other call uses; returns its URL over TCP.
    pub fn new_database(&self) -> Result<String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) + 1;
        self.create_database(&format!("test_{}_{number}", std::process::id()))
    }
}

/// The settings of a server: without durability where the data are temporary. Where they are kept, the last commits
/// may be lost when the machine goes down, and nothing else.
fn tuning(kept: bool) -> Vec<(String, String)> {
    let durable = if kept { "on" } else { "off" };
    [
        ("fsync", durable),
        ("full_page_writes", durable),
        ("synchronous_commit", "off"),
        ("wal_level", "minimal"),
        ("max_wal_senders", "0"),
        ("max_wal_size", "1GB"),
        ("max_connections", "200"),
        ("shared_buffers", "128MB"),
        ("log_min_messages", "warning"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr());
    Ok(listener.context(|| "find a free port".to_owned())?.port())
}
