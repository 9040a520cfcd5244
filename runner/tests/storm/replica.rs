//! One of the `runner run` processes.

use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::stage::Stage;

/// How long a replica may finish its work after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);
/// What giving messages back and ending may add to that, on a busy machine.
const ENDING: Duration = Duration::from_secs(20);

/// A process that runs all pipelines, and is started again after it was ended.
#[derive(Debug)]
pub(crate) struct Replica {
    stage: Arc<Stage>,
    index: usize,
    starts: u32,
    child: Option<Child>,
    /// What it must not do.
    pub(crate) violations: Vec<String>,
}

impl Replica {
    pub(crate) fn new(stage: &Arc<Stage>, index: usize) -> Self {
        let stage = Arc::clone(stage);
        Self { stage, index, starts: 0, child: None, violations: Vec::new() }
    }

    /// The user of the database that it is, since its last start.
    pub(crate) fn user(&self) -> String {
        format!("replica_{}_{}", self.index, self.starts)
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref()?.id()
    }

    /// Its log, over all starts.
    pub(crate) fn log(&self) -> PathBuf {
        self.stage.log(self.index)
    }

    pub(crate) async fn start(&mut self) {
        self.starts += 1;
        let user = self.user();
        self.stage.execute(&format!("CREATE ROLE {user} SUPERUSER LOGIN PASSWORD 'storm'")).await;
        let (_, place) = self.stage.database.split_once('@').expect("a user and a place");
        let proxied = self.stage.proxies[self.index].url_through(place);
        let mut command = Command::new(binary());
        let grace = format!("{}s", GRACE.as_secs());
        command.args(["run", "pipelines", "--wait", "--format", "json", "--grace", &grace]);
        command.current_dir(self.stage.home.path()).env_clear().stdin(Stdio::null());
        command.envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SQS_ENDPOINT", self.stage.sqs.endpoint()),
            ("DATABASE_URL", &format!("postgres://{user}:storm@{proxied}")),
            ("NO_COLOR", "1"),
        ]);
        command.stdout(self.open_log()).stderr(self.open_log()).kill_on_drop(true);
        self.child = Some(command.spawn().expect("the binary starts"));
    }

    fn open_log(&self) -> File {
        OpenOptions::new().create(true).append(true).open(self.log()).expect("the log")
    }

    /// Ends it as a machine that fails does: its connections are gone, too.
    pub(crate) async fn kill(&mut self) {
        let Some(mut child) = self.running() else { return };
        child.kill().await.expect("SIGKILL");
        self.stage.proxies[self.index].cut_connections();
    }

    /// Stops it in the middle of whatever it does, as a machine that is paused.
    pub(crate) async fn freeze(&mut self) {
        signal(self.pid(), "-STOP").await;
    }

    /// Lets it go on.
    pub(crate) async fn thaw(&mut self) {
        signal(self.pid(), "-CONT").await;
    }

    /// Whether its log contains a text.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        std::fs::read_to_string(self.log()).is_ok_and(|log| log.contains(text))
    }

    /// Ends it as an orchestrator does. It has to exit with 0 soon after its grace period.
    pub(crate) async fn terminate(&mut self) {
        let Some(mut child) = self.running() else { return };
        signal(child.id(), "-TERM").await;
        match tokio::time::timeout(GRACE + ENDING, child.wait()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(ended) => self.violate(&format!("ended with {ended:?} after SIGTERM")),
            Err(_) => {
                self.violate("did not end after SIGTERM");
                child.kill().await.expect("SIGKILL");
            }
        }
    }

    /// The process, if it runs as it should.
    fn running(&mut self) -> Option<Child> {
        let mut child = self.child.take()?;
        match child.try_wait().expect("its state") {
            None => Some(child),
            Some(status) => {
                self.ended_by_itself(status);
                None
            }
        }
    }

    fn ended_by_itself(&mut self, status: ExitStatus) {
        self.violate(&format!("ended by itself with {status}"));
    }

    fn violate(&mut self, what: &str) {
        self.violations.push(format!("replica {} {what}; its log is {}", self.index, self.log().display()));
    }
}

async fn signal(pid: Option<u32>, signal: &str) {
    let pid = pid.expect("it runs").to_string();
    let sent = Command::new("kill").args([signal, &pid]).status().await.expect("kill runs");
    assert!(sent.success(), "the process {pid} gets its signal");
}

/// The binary of this build; `STORM_RUNNER` names another one to compare with.
fn binary() -> PathBuf {
    std::env::var_os("STORM_RUNNER").map_or_else(|| env!("CARGO_BIN_EXE_runner").into(), PathBuf::from)
}
