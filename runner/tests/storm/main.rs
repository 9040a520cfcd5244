//! A storm: many events, two replicas of the real binary, and every kind of fault at moments that a seed chooses.
//!
//! In the end each valid event is stored exactly once, each invalid one is dead-lettered, none of them both or neither,
//! and the groups of the FIFO queue kept their order. Small in `cargo test`; `make storm MESSAGES=1000000 SEED=7` runs a
//! large one, `make soak SECONDS=1200` a constant load whose memory, threads, handles and connections must not grow.
//!
//! Read in this order: `event` and `plan` (what is sent), `stage` (the parts), `weather` (the faults), `check`.

mod check;
mod event;
mod frozen;
mod options;
mod plan;
mod random;
mod replica;
mod samples;
mod sender;
mod settle;
mod stage;
mod weather;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;

use check::Report;
use options::Options;
use plan::Plan;
use replica::Replica;
use samples::Samples;
use settle::Settled;
use stage::{REPLICAS, Stage};
use weather::Weather;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_stored_once_or_dead_lettered() {
    let options = Options::from_environment();
    println!("a storm of {} messages with the seed {}", options.messages, options.seed);
    let plan = Plan::draw(options.seed, options.messages);
    let stage = Arc::new(Stage::build().await);
    let replicas = Arc::new([0, 1].map(|index| Mutex::new(Replica::new(&stage, index))));
    let began = Instant::now();
    for replica in &*replicas {
        replica.lock().await.start().await;
    }
    let short = options.messages < 20_000;
    let weather = Weather::new(&stage, &replicas, options.soak, short);
    stage.sqs.faults().seed(options.seed);
    let samples = Mutex::new(Samples::default());
    tokio::select! {
        () = Samples::take(&stage, &replicas, &samples), if options.soak => {}
        ((), ()) = async { tokio::join!(weather.blow(options.seed), send(&stage, &plan, &options, &weather)) } => {}
    }
    let stormed = began.elapsed().as_secs_f64();
    let settled = settle::until_empty(&stage, &replicas).await;
    let seconds = began.elapsed().as_secs_f64();

    let mut report = check::check(&stage, &plan).await;
    note_processes(&mut report, &settled, &replicas).await;
    if options.soak {
        let (table, grown) = samples.lock().await.summary();
        print!("{table}");
        for what in grown {
            report.violate(what);
        }
    }
    print(&options, &report, &settled, &weather, [stormed, seconds]).await;
    assert!(
        report.violations == 0,
        "{} violations with the seed {}:\n{}",
        report.violations,
        options.seed,
        kept(&stage, &report)
    );
}

/// Sends everything; then the faults end.
async fn send(stage: &Stage, plan: &Plan, options: &Options, weather: &Weather) {
    sender::send_all(stage, plan, options.rate).await;
    weather.end();
}

async fn note_processes(report: &mut Report, settled: &Settled, replicas: &[Mutex<Replica>; REPLICAS]) {
    if settled.stuck > 0 {
        report.violate(format!("{} messages are still in the queues", settled.stuck));
    }
    for replica in replicas {
        let replica = replica.lock().await;
        for violation in &replica.violations {
            report.violate(violation.clone());
        }
        let log = std::fs::read_to_string(replica.log()).unwrap_or_default();
        if let Some(line) = log.lines().find(|line| line.contains("panicked")) {
            report.violate(format!("a part of a replica panicked: {line}"));
        }
    }
}

/// Prints a line of JSON and one for people.
async fn print(options: &Options, report: &Report, settled: &Settled, weather: &Weather, [stormed, seconds]: [f64; 2]) {
    let mut figures = serde_json::to_value(report).expect("figures are JSON");
    figures["seed"] = options.seed.into();
    figures["storm_seconds"] = stormed.round().into();
    figures["seconds"] = seconds.round().into();
    figures["hidden_at_the_end"] = settled.hidden.into();
    figures["stuck"] = settled.stuck.into();
    figures["faults"] = serde_json::to_value(weather.counts().await).expect("counts are JSON");
    println!("{figures}");
    println!(
        "seed {}: {} messages in {seconds:.0} s; {} events stored, {} dead-lettered; {} lost, {} accused wrongly, \
         {} out of order, {} stuck; {} violations",
        options.seed,
        report.messages,
        report.stored,
        report.dead_lettered,
        report.lost,
        report.accused_wrongly,
        report.out_of_order,
        settled.stuck,
        report.violations
    );
}

/// The details of a failure. The logs of the replicas are copied to where they outlive the test.
fn kept(stage: &Stage, report: &Report) -> String {
    let folder = std::env::temp_dir().join(format!("storm-{}", std::process::id()));
    let mut details = report.details.join("\n");
    if std::fs::create_dir_all(&folder).is_ok() {
        for index in 0..REPLICAS {
            let name = format!("replica-{index}.log");
            // Without a copy the details still say what is wrong.
            let _ = std::fs::copy(stage.home.path().join(&name), folder.join(&name));
        }
        details = format!("{details}\nthe logs of the replicas are in {}", folder.display());
    }
    details
}
