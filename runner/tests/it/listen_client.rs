//! A runner that listens, and what it answers.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::crash::terminate;

/// A runner in the background with its address. It does not outlive its test, also when that fails.
pub(crate) struct Listening {
    child: Child,
    pub(crate) address: String,
    log: Option<std::thread::JoinHandle<String>>,
}

/// An answer of the endpoint.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Listening {
    /// Starts a command that prints the address it listens on to stderr.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let (send, address) = mpsc::channel();
        // Read on to the end, or the child could not write its last words.
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            for line in &mut lines {
                if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
                    let _ = send.send(format!("127.0.0.1:{port}"));
                }
                log.push_str(&line);
                log.push('\n');
            }
            log
        });
        let address = address.recv_timeout(Duration::from_mins(1)).expect("it says where it listens");
        Self { child, address, log: Some(log) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks for the end, without waiting for it.
    pub(crate) fn terminate(&self) {
        terminate(&self.child);
    }

    /// Waits for the end; the exit code, the standard output and the log.
    pub(crate) fn wait(mut self) -> (Option<i32>, String, String) {
        let mut output = String::new();
        self.child.stdout.take().expect("a pipe").read_to_string(&mut output).expect("UTF-8");
        let code = self.child.wait().expect("it ends").code();
        (code, output, self.log.take().expect("it is read once").join().expect("UTF-8"))
    }

    /// Ends it in the regular way; its summary.
    pub(crate) fn stop(self) -> Value {
        self.terminate();
        let (code, output, log) = self.wait();
        assert_eq!(code, Some(0), "{log}");
        serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}\n{log}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        ask(&self.address, "GET", path).await
    }

    /// The object at a path, with its status.
    pub(crate) async fn json(&self, path: &str) -> (u16, Value) {
        let answer = self.get(path).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{error}: {answer:?}")))
    }

    /// Waits until `/ready` has this status, and this state of the one pipeline; the pipeline's object.
    pub(crate) async fn until(&self, status: u16, state: &str) -> Value {
        let deadline = tokio::time::Instant::now() + Duration::from_mins(1);
        loop {
            let (now, ready) = self.json("/ready").await;
            let pipelines = ready["pipelines"].as_object().expect("an object");
            let pipeline = pipelines.values().next().expect("a pipeline");
            if now == status && pipeline["state"] == state {
                return pipeline.clone();
            }
            assert!(tokio::time::Instant::now() < deadline, "{status} {state} does not come: {ready}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The value of a series, by its name and labels as the text has them.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        value(&self.get("/metrics").await.body, series)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of a series in a text.
pub(crate) fn value(text: &str, series: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {series} in\n{text}"))
}

/// One request on a connection of its own.
pub(crate) async fn ask(address: &str, method: &str, path: &str) -> Answer {
    request(address, &format!("{method} {path}"), &[], "").await
}

/// One request with headers and a body, on a connection of its own.
pub(crate) async fn request(address: &str, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.map(|_| answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), asking).await.expect("it answers").expect("it is there");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}
