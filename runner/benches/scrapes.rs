//! What scrapes of `/metrics` cost at full speed: while one run drains a queue that was filled before, half seconds with
//! scrapes and half seconds without take turns. Prints the rate and the CPU time of each message in both, and the median
//! of what each pair differs by.
//!
//! `cargo bench -p runner --bench scrapes -- [MESSAGES] [SCRAPES]`

mod stage;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use devstack::sqs::{CallCounts, Operation};

use stage::{Stage, process_cpu};

const WINDOW: Duration = Duration::from_millis(500);
/// Until the run goes at full speed.
const START: Duration = Duration::from_secs(3);
/// Scrapes in one window: forty windows make a thousand.
const SCRAPES_AT_ONCE: u32 = 25;

/// What happened in all windows of a kind.
#[derive(Default)]
struct Total {
    messages: u64,
    time: Duration,
    cpu: Duration,
    rates: Vec<f64>,
}

fn main() {
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let messages = numbers.first().copied().unwrap_or(1_000_000);
    let scrapes = numbers.get(1).copied().unwrap_or(1_000);
    let stage = Stage::filled(messages);
    let address = free_address();
    let mut run = stage.runner(&["run", "pipelines/transactions.yaml", "--until-empty", "--format", "json"]);
    let mut run =
        run.args(["--listen", &address.to_string()]).stdout(Stdio::null()).spawn().expect("the binary starts");
    sleep(START);
    let (mut quiet, mut busy) = (Total::default(), Total::default());
    for _ in 0..scrapes.div_ceil(SCRAPES_AT_ONCE.into()) {
        quiet.measure(stage.sqs.call_counts(), run.id(), || sleep(WINDOW));
        busy.measure(stage.sqs.call_counts(), run.id(), || scrape_often(address));
    }
    let left = messages - settled(stage.sqs.call_counts());
    run.kill().expect("it runs");
    run.wait().expect("it ends");
    assert!(left > 0, "the queue was empty before the last scrape: give it more messages");
    quiet.print("without scrapes");
    busy.print("with scrapes");
    let mut differences: Vec<f64> = std::iter::zip(&quiet.rates, &busy.rates).map(|(a, b)| b / a - 1.0).collect();
    differences.sort_by(f64::total_cmp);
    println!("median of {} pairs: {:+.2}%", differences.len(), differences[differences.len() / 2] * 100.0);
}

impl Total {
    fn measure(&mut self, counts: &CallCounts, process: u32, work: impl FnOnce()) {
        let (settled_before, cpu_before, began) = (settled(counts), process_cpu(process), Instant::now());
        work();
        let (time, messages) = (began.elapsed(), settled(counts) - settled_before);
        self.cpu += process_cpu(process).saturating_sub(cpu_before);
        self.messages += messages;
        self.time += time;
        self.rates.push(rate(messages, time));
    }

    fn print(&self, what: &str) {
        let each = self.cpu.as_secs_f64() * 1e6 / rate(self.messages, Duration::from_secs(1));
        println!("{what}: {:.0} messages/s, {each:.1} µs of CPU each", rate(self.messages, self.time));
    }
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn rate(messages: u64, time: Duration) -> f64 {
    messages as f64 / time.as_secs_f64()
}

fn settled(counts: &CallCounts) -> u64 {
    counts.of(Operation::DeleteMessageBatch).entries
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port")
}

/// A window's scrapes, evenly spread.
fn scrape_often(address: SocketAddr) {
    let began = Instant::now();
    for done in 1..=SCRAPES_AT_ONCE {
        scrape(address);
        sleep((WINDOW * done / SCRAPES_AT_ONCE).saturating_sub(began.elapsed()));
    }
}

fn scrape(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).expect("it listens");
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.contains("runner_messages_received_total"), "{answer}");
}
