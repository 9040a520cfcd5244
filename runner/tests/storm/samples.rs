//! What a replica uses, sampled over a soak.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::replica::Replica;
use crate::stage::{REPLICAS, Stage};

/// Between two samples.
const EVERY: Duration = Duration::from_secs(2);

/// What is sampled, and how much of it counts as growth.
struct Kind {
    name: &'static str,
    unit: &'static str,
    /// The last quarter of a soak may have a tenth more than the second, and this much.
    slack: u64,
    /// A process may have this much at any time.
    always_allowed: u64,
}

const KINDS: [Kind; 4] = [
    Kind { name: "memory", unit: "KiB", slack: 8 << 10, always_allowed: 0 },
    Kind { name: "threads", unit: "", slack: 1, always_allowed: 0 },
    Kind { name: "file handles", unit: "", slack: 8, always_allowed: 0 },
    // Three pipelines with the default of `connections`: a pool opens them one by one, as they are needed, and keeps them.
    Kind { name: "connections", unit: "", slack: 2, always_allowed: 3 * 4 },
];

type Sample = [u64; KINDS.len()];

/// Samples of one process, in their order.
#[derive(Debug, Default)]
pub(crate) struct Samples(Vec<Sample>);

impl Samples {
    /// Samples the first replica without end.
    pub(crate) async fn take(stage: &Stage, replicas: &Arc<[Mutex<Replica>; REPLICAS]>, samples: &Mutex<Self>) {
        let (pid, user) = {
            let replica = replicas[0].lock().await;
            (replica.pid().expect("it runs"), replica.user())
        };
        loop {
            tokio::time::sleep(EVERY).await;
            let connections = format!("SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'");
            let connections = u64::try_from(stage.scalar(&connections).await).unwrap_or_default();
            if let Some([memory, threads, handles]) = of_process(pid) {
                samples.lock().await.0.push([memory, threads, handles, connections]);
            }
        }
    }

    /// A table of the medians of each quarter, and what grew.
    pub(crate) fn summary(&self) -> (String, Vec<String>) {
        let quarter = self.0.len() / 4;
        if quarter == 0 {
            return (String::new(), vec!["the soak was too short for four quarters of samples".to_owned()]);
        }
        let mut table = format!("{:14} {:>10} {:>10} {:>10} {:>10}\n", "medians", "1st", "2nd", "3rd", "4th");
        let mut grown = Vec::new();
        for (kind, Kind { name, unit, slack, always_allowed }) in KINDS.into_iter().enumerate() {
            let medians: Vec<u64> = self.0.chunks_exact(quarter).take(4).map(|samples| median(samples, kind)).collect();
            let columns: Vec<String> = medians.iter().map(|median| format!("{median:>10}")).collect();
            writeln!(table, "{name:14} {} {unit}", columns.join(" ")).expect("a text takes any text");
            if medians[3] > always_allowed.max(medians[1] + medians[1] / 10 + slack) {
                grown.push(format!("{name} grew from {} to {} {unit}", medians[1], medians[3]));
            }
        }
        (table, grown)
    }
}

fn median(samples: &[Sample], kind: usize) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(|sample| sample[kind]).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Memory, threads and file handles of a process.
fn of_process(pid: u32) -> Option<[u64; 3]> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let handles = fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    Some([field(&status, "VmRSS:")?, field(&status, "Threads:")?, handles])
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
