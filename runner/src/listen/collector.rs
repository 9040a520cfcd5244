//! The metrics as OpenMetrics text, read when somebody asks.

use std::fmt;

use engine::Details;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use super::Watched;
use super::metrics::{Kind, METRICS, Metric, Value};

/// The label that every series has.
const PIPELINE: &str = "pipeline";

/// The figures of all pipelines at one moment.
#[derive(Debug)]
struct Scrape(Vec<(String, Details)>);

/// All metrics of these pipelines now.
pub(super) fn open_metrics(pipelines: &[Watched]) -> String {
    let mut read = Vec::with_capacity(pipelines.len());
    for pipeline in pipelines {
        read.push((pipeline.name.clone(), pipeline.figures.details()));
    }
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(read)));
    let mut text = String::new();
    text::encode(&mut text, &registry).expect("a String takes any text");
    text
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in METRICS {
            self.encode_metric(metric, &mut encoder)?;
        }
        Ok(())
    }
}

impl Scrape {
    fn encode_metric(&self, metric: &Metric, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let unit = metric.unit().map(unit);
        let name = unit.as_ref().map_or(metric.family(), |unit| {
            let family = metric.family();
            family.strip_suffix(unit.as_str()).and_then(|rest| rest.strip_suffix('_')).unwrap_or(family)
        });
        let mut family = encoder.encode_descriptor(name, metric.help, unit.as_ref(), kind(metric.kind))?;
        for (pipeline, details) in &self.0 {
            for (values, value) in metric.read(details).0 {
                let mut labels = vec![(PIPELINE, pipeline.as_str())];
                labels.extend(metric.labels.iter().copied().zip(values.iter().map(String::as_str)));
                encode_sample(&mut family, metric.kind, &labels, &value)?;
            }
        }
        Ok(())
    }
}

fn encode_sample(family: &mut MetricEncoder<'_>, kind: Kind, labels: &Vec<(&str, &str)>, value: &Value) -> fmt::Result {
    if kind == Kind::Info {
        return family.encode_info(labels);
    }
    let mut one = family.encode_family(labels)?;
    match (kind, value) {
        (Kind::Counter, Value::Count(count)) => one.encode_counter::<NoLabelSet, _, f64>(count, None),
        (Kind::Counter, Value::Seconds(seconds)) => one.encode_counter::<NoLabelSet, _, f64>(seconds, None),
        (_, Value::Count(count)) => one.encode_gauge(count),
        (_, Value::Seconds(seconds)) => one.encode_gauge(seconds),
        (_, Value::Histogram(reading)) => {
            one.encode_histogram::<NoLabelSet>(reading.sum, reading.count(), &reading.buckets, None)
        }
    }
}

fn kind(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
        Kind::Info => MetricType::Info,
    }
}

fn unit(unit: &str) -> Unit {
    if unit == "bytes" { Unit::Bytes } else { Unit::Seconds }
}
