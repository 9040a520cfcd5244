//! The server's process, under the supervision of a shell script.
//!
//! `supervise.sh` runs the server while a pipe from this process is open. So stopping is closing the
//! pipe, and the system does that however this process ends.

use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::cluster::{Cluster, SCRIPT};
use super::error::{Context, PostgresError, Result};

/// How long a start may last. initdb needs half a second on an idle machine; the rest is for a busy one.
const START_TIMEOUT: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub(crate) struct Server {
    supervisor: Child,
}

impl Server {
    /// Starts the server and waits until it accepts connections.
    pub(crate) fn start(
        binaries: &Binaries,
        cluster: &Cluster,
        port: u16,
        settings: &[(String, String)],
    ) -> Result<Self> {
        forget_stale_lock(&cluster.data);
        let mut command = Command::new("sh");
        command
            .arg(SCRIPT)
            .arg(binaries.folder())
            .arg(cluster.base())
            .arg(&cluster.data)
            .args([super::USER, &port.to_string()])
            .args(settings.iter().flat_map(|(name, value)| ["-c".into(), format!("{name}={value}")]))
            .current_dir(cluster.base())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for this process alone: the server must live until this process has finished with it.
            .process_group(0);
        clear_environment(&mut command);
        cluster.owner.run(&mut command);
        let supervisor = command.spawn().context(|| "start sh".to_owned())?;
        let mut server = Self { supervisor };
        server.wait_until_ready(cluster)?;
        Ok(server)
    }

    fn wait_until_ready(&mut self, cluster: &Cluster) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START_TIMEOUT {
            if is_ready(cluster) {
                return Ok(());
            }
            if self.has_ended()? {
                return Err(PostgresError::Startup { log: self.end_of_log() });
            }
            sleep(POLL);
        }
        Err(PostgresError::TimedOut {
            seconds: START_TIMEOUT.as_secs(),
            log: fs::read_to_string(cluster.log()).unwrap_or_default(),
        })
    }

    fn has_ended(&mut self) -> Result<bool> {
        let status = self.supervisor.try_wait().context(|| "wait for sh".to_owned())?;
        Ok(status.is_some())
    }

    /// The script prints the end of the log when the server fails.
    fn end_of_log(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut stdout) = self.supervisor.stdout.take() {
            // Where the log can't be read, only its text is missing from the message.
            let _ = stdout.read_to_string(&mut text);
        }
        text.trim_end().to_owned()
    }
}

impl Drop for Server {
    /// A fast shutdown: connections are closed, and the folders removed.
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // The supervisor can't outlive the closed pipe; if waiting fails there is nothing to wait for.
        let _ = self.supervisor.wait();
    }
}

/// Whether the server accepts connections: the eighth line of its lock file is `ready` then. The fifth line is the
/// folder of its socket, which distinguishes the file from one that an earlier server left behind.
fn is_ready(cluster: &Cluster) -> bool {
    let Ok(text) = fs::read_to_string(cluster.data.join("postmaster.pid")) else {
        return false;
    };
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    lines.get(4).is_some_and(|socket| Path::new(socket) == cluster.base()) && lines.get(7) == Some(&"ready")
}

/// A server that was killed leaves its lock file. PostgreSQL detects that the process is gone,
/// but not if another process of the same user has its number by now, which is common in
/// containers. On systems without /proc that check is left to PostgreSQL.
fn forget_stale_lock(data: &Path) {
    let lock = data.join("postmaster.pid");
    let pid = fs::read_to_string(&lock).ok();
    let pid = pid.as_deref().and_then(|text| text.lines().next()).map(str::trim);
    let Some(pid) = pid.filter(|_| Path::new("/proc/self/comm").exists()) else {
        return;
    };
    let comm = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if !comm.starts_with("postgres") {
        // If it can't be removed, PostgreSQL reports why.
        let _ = fs::remove_file(lock);
    }
}

/// `PGDATA`, `PGPORT`, `PGOPTIONS` and the like are meant for other servers.
pub(crate) fn clear_environment(command: &mut Command) {
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("PG"))) {
        command.env_remove(name);
    }
}
