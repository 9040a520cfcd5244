//! What a call costs while 200,000 messages wait, beside what it costs when few do.
//!
//! `cargo bench -p devstack`. Times are per 10 messages: one receive and one batch delete, through
//! HTTP on a connection kept open, by a client that does as little as it can.

use std::io::{Read, Write};
use std::net::TcpStream;

use devstack::sqs::{Sqs, SqsOptions};
use divan::Bencher;

fn main() {
    divan::main();
}

/// A client of one queue.
struct Client {
    // Runs as long as the client.
    _sqs: Sqs,
    stream: TcpStream,
    buffer: Vec<u8>,
    queue: String,
}

impl Client {
    fn with_backlog(messages: usize) -> Self {
        let sqs = Sqs::start(SqsOptions::default()).unwrap();
        let stream = TcpStream::connect(sqs.endpoint().trim_start_matches("http://")).unwrap();
        stream.set_nodelay(true).unwrap();
        let queue = format!("{}/000000000000/q", sqs.endpoint());
        let mut client = Self { _sqs: sqs, stream, buffer: vec![0; 1 << 20], queue };
        client.call("CreateQueue", r#"{"QueueName":"q"}"#);
        for _ in 0..messages / 10 {
            client.send();
        }
        client
    }

    fn send(&mut self) {
        let body = "a".repeat(415);
        let entries: Vec<_> = (0..10).map(|id| format!(r#"{{"Id":"{id}","MessageBody":"{body}"}}"#)).collect();
        let request = format!(r#"{{"QueueUrl":"{}","Entries":[{}]}}"#, self.queue, entries.join(","));
        self.call("SendMessageBatch", &request);
    }

    /// Receives ten messages and deletes them.
    fn receive_and_delete(&mut self) {
        let request = format!(r#"{{"QueueUrl":"{}","MaxNumberOfMessages":10}}"#, self.queue);
        let answer = self.call("ReceiveMessage", &request);
        let handles = answer.split(r#""ReceiptHandle":""#).skip(1).map(|rest| &rest[..40]);
        let entries: Vec<_> =
            handles.enumerate().map(|(id, handle)| format!(r#"{{"Id":"{id}","ReceiptHandle":"{handle}"}}"#)).collect();
        assert_eq!(entries.len(), 10);
        let request = format!(r#"{{"QueueUrl":"{}","Entries":[{}]}}"#, self.queue, entries.join(","));
        self.call("DeleteMessageBatch", &request);
    }

    fn call(&mut self, operation: &str, body: &str) -> String {
        write!(
            self.stream,
            "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSQS.{operation}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut length = 0;
        loop {
            length += self.stream.read(&mut self.buffer[length..]).unwrap();
            let text = std::str::from_utf8(&self.buffer[..length]).unwrap();
            if let Some(body) = complete_body(text) {
                return body.to_owned();
            }
        }
    }
}

/// The body of an answer that has arrived whole.
fn complete_body(answer: &str) -> Option<&str> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    (body.len() == length.parse::<usize>().unwrap()).then_some(body)
}

/// The backlog stays the same: as many messages are sent, outside the measurement, as are received.
#[divan::bench(args = [100, 200_000])]
fn receive_and_delete_ten(bencher: Bencher, backlog: usize) {
    let client = std::cell::RefCell::new(Client::with_backlog(backlog));
    bencher
        .with_inputs(|| client.borrow_mut().send())
        .bench_local_values(|()| client.borrow_mut().receive_and_delete());
}

#[divan::bench(args = [100, 200_000])]
fn send_ten(bencher: Bencher, backlog: usize) {
    let mut client = Client::with_backlog(backlog);
    bencher.bench_local(|| client.send());
}
