//! A real PgBouncer before a test's database: Debian 12 has 1.18, without support for prepared statements; Debian 13 has
//! 1.24, with it.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::stack::{Stack, repository};

/// Runs until it is dropped. It has two server connections for each user and database.
pub(crate) struct PgBouncer {
    process: Child,
    /// The test's database through it.
    pub(crate) url: String,
    _home: tempfile::TempDir,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl PgBouncer {
    /// Starts one in transaction mode; `settings` are further lines of its file.
    pub(crate) fn before(stack: &Stack, settings: &str) -> Self {
        // Another process may take the free port first.
        for _ in 0..5 {
            if let Some(started) = Self::try_start(stack, settings) {
                return started;
            }
        }
        panic!("PgBouncer does not start");
    }

    fn try_start(stack: &Stack, settings: &str) -> Option<Self> {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).expect("others may read it");
        let port = free_port();
        let (user, password, server) = parts(&stack.database);
        let (server_host, server_port) = server.split_once(':').expect("host and port");
        let file = home.path().join("pgbouncer.ini");
        let mut text = std::fs::File::create(&file).expect("the file");
        write!(
            text,
            "[databases]\n* = host={server_host} port={server_port} user={user} password={password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 2\n{settings}\n"
        )
        .expect("it is written");
        let mut command = Command::new(path());
        // It refuses to run as root; any other user does.
        if std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0) {
            command.uid(65534).gid(65534);
        }
        command.arg("-q").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("PgBouncer starts");
        let url = stack.database.replace(&server, &format!("127.0.0.1:{port}"));
        let mut started = Self { process, url, _home: home };
        started.accepts_connections(port).then_some(started)
    }

    fn accepts_connections(&mut self, port: u16) -> bool {
        while self.process.try_wait().expect("its state").is_none() {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

/// User, password, and host with port.
fn parts(url: &str) -> (String, String, String) {
    let (_, rest) = url.split_once("://").expect("a URL");
    let (login, place) = rest.split_once('@').expect("a user");
    let (user, password) = login.split_once(':').expect("a password");
    let (server, _) = place.split_once('/').expect("a database");
    (user.to_owned(), password.to_owned(), server.to_owned())
}

fn path() -> String {
    let found = Command::new(repository().join("scripts/pgbouncer")).arg("--check").output().expect("the script runs");
    let hint = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{hint}");
    String::from_utf8_lossy(&found.stdout).trim().to_owned()
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
