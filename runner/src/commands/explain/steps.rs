//! Explains what a pipeline does with one message, step by step.

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

/// A message, and what the pipeline does with it.
pub(crate) struct Decided<'a> {
    pipeline: &'a Pipeline,
    trace: Trace,
    steps: Vec<(&'static str, String)>,
}

impl<'a> Decided<'a> {
    pub(crate) fn new(pipeline: &'a Pipeline, about: &About<'_>, delivery: &Delivery) -> Self {
        let trace = pipeline.decider().trace(delivery);
        let steps = Steps { pipeline, about, trace: &trace, bytes: delivery.body.len() }.reached();
        Self { pipeline, trace, steps }
    }

    fn tables(&self) -> &'a [TableMapping] {
        &self.pipeline.decider().mapping.tables
    }

    pub(crate) fn human(&self) -> String {
        let steps: Vec<_> = self.steps.iter().map(|(step, result)| vec![(*step).to_owned(), result.clone()]).collect();
        let text = format!("the message: {}\n{}", outcome(self.tables(), &self.trace.result), aligned(&steps));
        text + &match &self.trace.result {
            Ok(rows) => self.rows(&rows.tables),
            Err(rejection) => {
                let reason = reason(rejection);
                let lines = reason.into_iter().map(|(name, text)| vec![name.to_owned(), shown(text)]);
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
        let steps: Vec<Value> =
            self.steps.iter().map(|(step, result)| json!({ "step": step, "result": result })).collect();
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
        let mut json = Map::new();
        for (table, rows) in self.tables().iter().zip(tables) {
            json.insert(table.name.clone(), rows.iter().map(|row| row_json(table, row)).collect());
        }
        Value::Object(json)
    }
}

fn row_json(table: &TableMapping, row: &Row) -> Value {
    let cells = table.columns.iter().zip(row);
    Value::Object(cells.map(|(column, cell)| (column.name.clone(), value(cell, column.ty))).collect())
}

/// The fields of `runner.code` and a dead letter's reason that depend on the message alone.
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

/// Shows an empty text as `""`: a JSON Pointer to the event itself is empty.
fn shown(text: &str) -> String {
    if text.is_empty() { "\"\"".to_owned() } else { text.to_owned() }
}

/// Works out each step that was reached, and its result.
struct Steps<'a> {
    pipeline: &'a Pipeline,
    about: &'a About<'a>,
    trace: &'a Trace,
    /// The size of the body.
    bytes: usize,
}

/// A step's name and its result; an error is the step that rejected the message.
type Step = (&'static str, Result<String, String>);

impl Steps<'_> {
    /// The steps up to the one that rejected the message.
    fn reached(&self) -> Vec<(&'static str, String)> {
        let mut steps = self.opening();
        if self.trace.skip != Some(true) {
            steps.push(("schema", self.schema()));
            steps.extend(self.tables());
        }
        let mut reached = Vec::new();
        for (step, result) in steps {
            let rejected = result.is_err();
            reached.push((step, result.unwrap_or_else(|rejection| rejection)));
            if rejected {
                break;
            }
        }
        reached
    }

    /// The steps from the body to the event.
    fn opening(&self) -> Vec<Step> {
        let (decider, trace) = (self.pipeline.decider(), self.trace);
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

    /// The kind of event, its schema, and whether the event is valid.
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
            let result = made.rows.map(|rows| {
                let rows = counted(rows, "row");
                match (made.elements, &table.when) {
                    (Some(elements), _) => format!("{}: {rows} of {}", table.name, counted(elements, "element")),
                    (None, Some(when)) if made.rows == Some(0) => {
                        format!("{}: {rows}, `{}` is not true", table.name, when.expr().text())
                    }
                    _ => format!("{}: {rows}", table.name),
                }
            });
            ("map", result.ok_or_else(|| format!("{}: rejected", table.name)))
        })
    }
}

fn rejected() -> String {
    "rejected".to_owned()
}

/// `an object, 120 bytes`
fn sized(value: &Value, bytes: usize) -> String {
    format!("{}, {}", jq::kind(value), counted(bytes, "byte"))
}
