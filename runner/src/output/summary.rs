//! The summary of a run, for a person or a program.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::output::escape::in_json;
use crate::output::format::Format;
use engine::Reading;

/// The counters of one or more pipelines.
#[derive(Debug)]
pub(crate) struct Summary {
    /// Events produced by this process, for `dev`.
    pub(crate) produced: Option<u64>,
    /// All pipelines together.
    pub(crate) total: Reading,
    /// Each by its name.
    pub(crate) pipelines: Vec<(String, Reading)>,
}

impl Summary {
    pub(crate) fn render(&self, format: Format) -> String {
        match format {
            Format::Json => in_json(&self.json().to_string()),
            Format::Human => self.human(),
        }
    }

    /// The total, and under `pipelines` each by its name.
    fn json(&self) -> Value {
        let mut json = object(&self.total);
        if let Some(produced) = self.produced {
            json["produced"] = produced.into();
        }
        let each = self.pipelines.iter().map(|(name, reading)| (name.clone(), object(reading)));
        json["pipelines"] = each.collect::<serde_json::Map<_, _>>().into();
        json
    }

    fn human(&self) -> String {
        let mut text = String::new();
        for (name, reading) in &self.pipelines {
            let produced = self.produced.map(|count| format!("{count} produced, ")).unwrap_or_default();
            let _ = write!(
                text,
                "{name}: {produced}{} received, {} stored ({} new rows, {} duplicate rows), {} dead-lettered, {} skipped\n\
                 {:indent$}  {:.0} messages/s, latency p50 {} ms, p99 {} ms\n",
                reading.counts.received,
                reading.counts.stored,
                reading.rows - reading.duplicates,
                reading.duplicates,
                reading.dead_lettered,
                reading.counts.skipped,
                "",
                reading.rate,
                reading.p50_ms,
                reading.p99_ms,
                indent = name.len(),
            );
            for (count, what) in [
                (reading.counts.undeleted, "could not be deleted and will be delivered again"),
                (reading.counts.released, "were given back to the queue"),
            ] {
                if count > 0 {
                    let _ = writeln!(text, "{:indent$}  {count} {what}", "", indent = name.len());
                }
            }
        }
        text.trim_end().to_owned()
    }
}

fn object(reading: &Reading) -> Value {
    json!({
        "received": reading.counts.received,
        "stored": reading.counts.stored,
        "rows": reading.rows,
        "dead_lettered": reading.dead_lettered,
        "skipped": reading.counts.skipped,
        "duplicates": reading.duplicates,
        "undeleted": reading.counts.undeleted,
        "released": reading.counts.released,
        "rate": (reading.rate * 10.0).round() / 10.0,
        "p50_ms": reading.p50_ms,
        "p99_ms": reading.p99_ms,
    })
}
