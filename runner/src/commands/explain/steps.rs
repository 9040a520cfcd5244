//! What a pipeline does with one message, step by step.

use serde_json::{Map, Value, json};

use super::overview::About;
use crate::output::columns::aligned;
use crate::words::counted;
use compiler::cases::{outcome, value};
use pipeline::Pipeline;
use pipeline::TableMapping;
use pipeline::decide::{Trace, Verdict};
use pipeline::message::{Delivery, Rejection};
use pipeline::row::Row;

/// A message and what became of it.
pub(crate) struct Decided<'a> {
    pipeline: &'a Pipeline,
    trace: Trace,
    steps: Vec<(&'static str, String)>,
}

impl<'a> Decided<'a> {
    pub(crate) fn new(pipeline: &'a Pipeline, about: &About<'_>, delivery: &Delivery) -> Self {
        let trace = pipeline.decider().trace(delivery);
        let steps = Steps { pipeline, about, trace: &trace, bytes: delivery.body.len() }.told();
        Self { pipeline, trace, steps }
    }

    fn tables(&self) -> &'a [TableMapping] {
        &self.pipeline.decider().mapping.tables
    }

    pub(crate) fn human(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(|(step, told)| vec![(*step).to_owned(), told.clone()]).collect();
        let text = format!("the message: {}\n{}", outcome(self.tables(), &self.trace.result), aligned(&steps));
        text + &match &self.trace.result {
            Ok(rows) => self.rows(&rows.tables),
            Err(rejection) => {
                let reason = reason(rejection);
                let lines = reason.into_iter().map(|(name, text)| vec![name.to_owned(), told(text)]);
                format!("{}\nthe dead letter's reason\n{}", self.errors(), aligned(&lines.collect::<Vec<_>>()))
            }
        }
    }

    /// The schema's errors, when there is more than the one that is the reason.
    fn errors(&self) -> String {
        match &self.trace.errors[..] {
            [] | [_] => String::new(),
            errors => {
                let lines: Vec<_> = errors.iter().map(|error| vec![error.clone()]).collect();
                format!("\nthe first errors\n{}", aligned(&lines))
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

    pub(crate) fn json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(|(step, told)| json!({ "step": step, "result": told })).collect();
        let mut json = json!({
            "outcome": outcome(self.tables(), &self.trace.result),
            "steps": steps,
            "document": self.trace.document,
            "errors": self.trace.errors,
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

/// A JSON Pointer to the event itself is an empty text.
fn told(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { text.to_owned() }
}

/// Each step that was reached, and what it gave.
struct Steps<'a> {
    pipeline: &'a Pipeline,
    about: &'a About<'a>,
    trace: &'a Trace,
    /// Of the body.
    bytes: usize,
}

/// A step's name and what it gave; an error is the step that rejected.
type Step = (&'static str, Result<String, String>);

impl Steps<'_> {
    /// The steps after the one that rejected were not reached.
    fn told(&self) -> Vec<(&'static str, String)> {
        let mut steps = self.opening();
        if self.trace.skip != Some(true) {
            steps.push(("schema", self.schema()));
            steps.extend(self.tables());
        }
        let reached = steps.iter().position(|(_, told)| told.is_err()).map_or(steps.len(), |at| at + 1);
        let told = steps.into_iter().take(reached);
        told.map(|(step, told)| (step, told.unwrap_or_else(|rejected| rejected))).collect()
    }

    /// The steps from the body to the event.
    fn opening(&self) -> Vec<Step> {
        let (decider, trace) = (self.pipeline.decider(), self.trace);
        let rejected = || "rejected".to_owned();
        let sized = |value: &Value, bytes| format!("{}, {}", jq::kind(value), counted(bytes, "byte"));
        let parsed = trace.body.as_ref().map(|body| sized(body, self.bytes));
        let mut steps = vec![("parse", parsed.ok_or_else(rejected))];
        if decider.unwrap.is_some() {
            let document = trace.document.as_ref().map(|document| sized(document, document.to_string().len()));
            steps.push(("unwrap", document.ok_or_else(rejected)));
        }
        if decider.skip.is_some() {
            let skip = trace.skip.map(|skip| if skip { "yes: dropped" } else { "no" }.to_owned());
            steps.push(("skip", skip.ok_or_else(rejected)));
        }
        steps
    }

    /// The kind of event, its schema, and whether the event keeps to it.
    fn schema(&self) -> Result<String, String> {
        let kind = self.trace.kind.as_ref().map(|kind| kind.as_str().map_or(kind.to_string(), str::to_owned));
        let schema = self.about.schema(kind.as_deref());
        let chosen = match (&kind, schema) {
            (Some(kind), Some(schema)) => Some(format!("{schema} ({kind})")),
            (None, Some(schema)) => Some(schema.to_owned()),
            (_, None) => None,
        };
        match (self.trace.verdict, chosen) {
            (Some(Verdict::Valid), chosen) => Ok(format!("valid by {}", chosen.unwrap_or_default())),
            (Some(Verdict::Unwanted), _) => Ok(format!("none for {}: dropped", kind.unwrap_or_default())),
            (None, Some(chosen)) => Err(format!("rejected by {chosen}")),
            (None, None) => Err(format!("none for {}: rejected", kind.unwrap_or_default())),
        }
    }

    fn tables(&self) -> impl Iterator<Item = Step> {
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
            ("map", told.ok_or_else(|| format!("{}: rejected", table.name)))
        })
    }
}
