//! A `psql` that stays connected through the proxy.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::spawn;
use std::time::Duration;

/// A session that gets statements one by one and answers in lines, errors among them.
pub(super) struct Session {
    psql: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Session {
    pub(super) fn open(url: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec psql -X -A -t -q "$0" 2>&1"#, url]);
        let mut psql = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = psql.stdin.take().unwrap();
        let output = BufReader::new(psql.stdout.take().unwrap());
        let (sender, lines) = channel();
        spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The test may have ended before its session.
                let _ = sender.send(line);
            }
        });
        let mut session = Self { psql, input, lines };
        assert_eq!(session.ask("select 'ready'"), "ready");
        session
    }

    pub(super) fn send(&mut self, statement: &str) {
        writeln!(self.input, "{statement};").unwrap();
    }

    pub(super) fn ask(&mut self, statement: &str) -> String {
        self.send(statement);
        self.next_line()
    }

    pub(super) fn next_line(&self) -> String {
        self.lines.recv_timeout(Duration::from_mins(1)).expect("the session answers")
    }

    /// Whether a while passes without an answer.
    pub(super) fn is_silent(&self) -> bool {
        self.lines.recv_timeout(Duration::from_millis(300)).is_err()
    }

    /// The process of the server that serves this session.
    pub(super) fn backend(&mut self) -> String {
        self.ask("select pg_backend_pid()")
    }

    /// Sends SIGINT, at which psql cancels the statement that runs.
    pub(super) fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.psql.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    pub(super) fn kill(&mut self) {
        self.psql.kill().unwrap();
        self.psql.wait().unwrap();
    }

    /// The next error; psql reports a cancel request that it sent before it.
    pub(super) fn next_error(&self) -> String {
        loop {
            let line = self.next_line();
            if line.starts_with("ERROR") {
                return line;
            }
        }
    }

    /// All that is left of the output, and the exit status. psql ends once its connection is lost.
    pub(super) fn rest(&mut self) -> (String, ExitStatus) {
        let mut text = String::new();
        while let Ok(line) = self.lines.recv_timeout(Duration::from_mins(1)) {
            text.push_str(&line);
            text.push('\n');
        }
        (text, self.psql.wait().unwrap())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Both fail where psql has ended already.
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}
