//! The first cases for `runner test`: an event with the rows it becomes, and one that is rejected, with the reason.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::node::{Node, escaped};
use super::try_out::{MESSAGE_ID, decide, metadata};
use super::{KeyOrder, yaml};
use crate::config::parse_cases;
use crate::diagnostic::SourceText;
use jq::{Context, Root};
use pipeline::Pipeline;
use pipeline::TableMapping;
use pipeline::producer::{Breakage, Generator, Template};

/// The events' time: clearly not the present.
const TIME: &str = "2026-01-02T03:04:05Z";
/// The turn in which a field is left out, where one is required.
const WITHOUT_FIELD: usize = 1;
/// The turn in which the text is cut, which needs no schema.
const CUT: usize = 0;

/// The text of the file: cases of an event that is stored, or one case that needs no event where there is none or its
/// case can't be written.
pub(super) fn text(pipeline: &Pipeline, template: &str, order: &KeyOrder) -> String {
    if let Some(event) = stored(pipeline, template) {
        let cases = [case(pipeline, &event, order), rejected(pipeline, &event, WITHOUT_FIELD, order)];
        let text = file(&cases.join("\n"));
        if parse_cases(&SourceText::new("new", &text)).1.is_empty() {
            return text;
        }
    }
    file(&rejected(pipeline, &Value::Object(Map::new()), CUT, order))
}

fn file(cases: &str) -> String {
    format!("# Cases for `runner test`: a message, and the rows it becomes or why it is rejected.\n{cases}")
}

/// An event with the rows it becomes.
fn case(pipeline: &Pipeline, event: &Value, order: &KeyOrder) -> String {
    let tables = pipeline.decider().mapping.tables.iter().map(|table| rows(table, event, order));
    let tables: String = tables.collect();
    let message = Node::literal(event, order).text(4);
    let mut columns = pipeline.decider().mapping.tables.iter().flat_map(|table| &table.columns);
    let uses_sqs = columns.any(|column| column.expr.uses(Root::Sqs));
    let sqs = if uses_sqs { format!("  sqs: {{ message_id: {MESSAGE_ID} }}\n") } else { String::new() };
    format!("- name: an event is stored\n{sqs}  message: {message}\n  rows:\n{tables}")
}

/// An event with fixed values.
fn stored(pipeline: &Pipeline, template: &str) -> Option<Value> {
    let time: Timestamp = TIME.parse().expect("a constant");
    let mut generator = Generator::seeded(1).at(time);
    let body = Template::compile("new", template).ok()?.render(&mut generator).ok()?;
    decide(pipeline, &body).ok()?;
    serde_json::from_str(&body).ok()
}

/// The row of a table: each column's value before its cast.
fn rows(table: &TableMapping, event: &Value, order: &KeyOrder) -> String {
    let metadata = metadata();
    let context = Context::new(event, event, &metadata);
    let scope = context.scope();
    let mut lines = Vec::new();
    for column in &table.columns {
        if let Ok(value) = column.expr.eval(&scope) {
            lines.push(format!("{}: {}", yaml::scalar(&column.name), Node::literal(&value, order).text(10)));
        }
    }
    format!("    {}:\n      - {}\n", yaml::scalar(&table.name), lines.join("\n        "))
}

/// An event, broken as it is this turn.
fn rejected(pipeline: &Pipeline, event: &Value, turn: usize, order: &KeyOrder) -> String {
    let (body, breakage) = Breakage::apply(turn, &event.to_string(), |body| decide(pipeline, body).is_ok());
    let name = match breakage {
        Breakage::NotJson => "a body that is not JSON is rejected",
        Breakage::MissingField => "an event without a required field is rejected",
        Breakage::WrongType => "a value of another type is rejected",
        Breakage::ExtraField => "a field that the schema does not list is rejected",
    };
    let message = match serde_json::from_str(&body) {
        Ok(event) => format!("message: {}", Node::literal(&event, order).text(4)),
        Err(_) => yaml::entry("body", &body),
    };
    let reason = decide(pipeline, &body).err().unwrap_or_default();
    let path = reason.instance_path.filter(|path| !path.is_empty());
    let fields = [("code", Some(reason.code.as_str().to_owned())), ("path", path), ("keyword", reason.keyword)];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), Node::quoted(&escaped(&value?)))));
    format!("- name: {name}\n  {message}\n  rejected: {}\n", Node::Object(fields.collect()).line())
}
