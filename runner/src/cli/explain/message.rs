//! What a pipeline does with one message, step by step.

use serde_json::{Map, Value, json};

use super::super::columns::aligned;
use super::super::words::counted;
use super::pipeline::About;
use crate::cases::{outcome, value};
use crate::decide::{Trace, Verdict};
use crate::map::TableMapping;
use crate::message::{Delivery, Rejection};
use crate::plan::Pipeline;
use crate::row::Row;

/// A message and what became of it.
pub(super) struct Decided<'a> {
    pipeline: &'a Pipeline,
    trace: Trace,
    steps: Vec<(&'static str, String)>,
}

impl<'a> Decided<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, about: &About<'_>, delivery: Delivery) -> Self {
        let trace = pipeline.decider().trace(&delivery);
        let steps = Steps { pipeline, about, trace: &trace, bytes: delivery.body.len() }.told();
        Self { pipeline, trace, steps }
    }

    fn tables(&self) -> &'a [TableMapping] {
        &self.pipeline.decider().mapping.tables
    }

    pub(super) fn human(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(|(step, told)| vec![(*step).to_owned(), told.clone()]).collect();
        let text = format!("the message: {}\n{}", outcome(self.tables(), &self.trace.result), aligned(&steps));
        text + &match &self.trace.result {
            Ok(rows) => self.rows(&rows.tables),
            Err(rejection) => {
                let reason = reason(rejection);
                let lines = reason.into_iter().map(|(name, text)| vec![name.to_owned(), text.to_owned()]);
                format!("\nthe dead letter's reason\n{}", aligned(&lines.collect::<Vec<_>>()))
            }
        }
    }

    fn rows(&self, tables: &[Vec<Row>]) -> String {
        let rows = self.tables().iter().zip(tables).flat_map(|(table, rows)| {
            rows.iter().enumerate().map(move |(index, row)| {
                let cells = table.columns.iter().zip(row);
                let cells = cells.map(|(column, cell)| vec![column.name.clone(), value(cell, column.ty).to_string()]);
                format!("\n{} row {}\n{}", table.name, index + 1, aligned(&cells.collect::<Vec<_>>()))
            })
        });
        rows.collect()
    }

    pub(super) fn json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(|(step, told)| json!({ "step": step, "result": told })).collect();
        let mut json = json!({
            "outcome": outcome(self.tables(), &self.trace.result),
            "steps": steps,
            "document": self.trace.document,
        });
        match &self.trace.result {
            Ok(rows) => json["rows"] = self.rows_json(&rows.tables),
            Err(rejection) => {
                let reason = reason(rejection).into_iter().map(|(name, text)| (name.to_owned(), text.into()));
                json["rejection"] = Value::Object(reason.collect());
            }
        }
        json
    }

    fn rows_json(&self, tables: &[Vec<Row>]) -> Value {
        let row = |table: &TableMapping, row: &Row| -> Map<String, Value> {
            let cells = table.columns.iter().zip(row);
            cells.map(|(column, cell)| (column.name.clone(), value(cell, column.ty))).collect()
        };
        let tables = self.tables().iter().zip(tables);
        let tables: Map<String, Value> = tables
            .map(|(table, rows)| {
                (table.name.clone(), rows.iter().map(|cells| Value::Object(row(table, cells))).collect())
            })
            .collect();
        Value::Object(tables)
    }
}

/// The fields of `runner.code` and `runner.reason` that the message itself decides.
fn reason(rejection: &Rejection) -> Vec<(&'static str, &str)> {
    let optional = [
        ("instance_path", &rejection.instance_path),
        ("keyword", &rejection.keyword),
        ("schema_path", &rejection.schema_path),
        ("column", &rejection.column),
    ];
    let always =
        [("code", rejection.code.as_str()), ("stage", rejection.code.stage()), ("message", &rejection.message)];
    let optional = optional.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
    always.into_iter().chain(optional).collect()
}

/// Each step that was reached, and what it gave.
struct Steps<'a> {
    pipeline: &'a Pipeline,
    about: &'a About<'a>,
    trace: &'a Trace,
    /// Of the body.
    bytes: usize,
}

impl Steps<'_> {
    /// A step without a result is the one that rejected; the steps after it were not reached.
    fn told(&self) -> Vec<(&'static str, String)> {
        let (decider, trace) = (self.pipeline.decider(), self.trace);
        let bytes = counted(self.bytes, "byte");
        let parsed = trace.body.as_ref().map(|body| format!("{}, {bytes}", crate::map::kind(body)));
        let mut steps = vec![("parse", parsed)];
        if decider.unwrap.is_some() {
            let size = |document: &Value| counted(document.to_string().len(), "byte");
            let document = trace.document.as_ref();
            steps.push((
                "unwrap",
                document.map(|document| format!("{}, {}", crate::map::kind(document), size(document))),
            ));
        }
        if decider.skip.is_some() {
            steps.push(("skip", trace.skip.map(|skip| if skip { "yes: dropped" } else { "no" }.to_owned())));
        }
        if trace.skip != Some(true) {
            steps.push(("schema", self.schema()));
            steps.extend(self.tables());
        }
        let reached = steps.iter().position(|(_, told)| told.is_none()).map_or(steps.len(), |at| at + 1);
        let told = steps.into_iter().take(reached);
        told.map(|(step, told)| (step, told.unwrap_or_else(|| "rejected".to_owned()))).collect()
    }

    /// The kind of event, its schema, and whether the event keeps to it.
    fn schema(&self) -> Option<String> {
        let kind = self.trace.kind.as_ref().map(|kind| kind.as_str().map_or(kind.to_string(), str::to_owned));
        let schema = self.about.schema(kind.as_deref());
        let chosen = match (&kind, schema) {
            (Some(kind), Some(schema)) => format!("{kind}: {schema}"),
            (Some(kind), None) => format!("{kind}: no schema"),
            (None, schema) => schema.unwrap_or_default().to_owned(),
        };
        match self.trace.verdict {
            Some(Verdict::Valid) => Some(format!("valid by {chosen}")),
            Some(Verdict::Unwanted) => Some(format!("{chosen}, dropped")),
            None => None,
        }
    }

    fn tables(&self) -> impl Iterator<Item = (&'static str, Option<String>)> {
        let tables = self.pipeline.decider().mapping.tables.iter().zip(&self.trace.tables);
        tables.map(|(table, made)| {
            let told = made.rows.map(|rows| {
                let rows = counted(rows, "row");
                match (made.elements, &table.when) {
                    (Some(elements), _) => format!("{}: {rows} of {}", table.name, counted(elements, "element")),
                    (None, Some(when)) if made.rows == Some(0) => {
                        format!("{}: {rows}, `{}` is not true", table.name, when.expr().text())
                    }
                    _ => format!("{}: {rows}", table.name),
                }
            });
            ("map", told)
        })
    }
}
