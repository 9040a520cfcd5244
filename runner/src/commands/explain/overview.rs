//! Explains what a pipeline does with every message.

use serde_json::{Value, json};

use crate::output::columns::{aligned, wrapped};
use compiler::config::PipelineText;
use compiler::{SchemaKind, SchemaSummary, schema_summary};
use jq::Expr;
use pipeline::TableMapping;
use pipeline::decide::{Choice, Otherwise, Unwrap};
use pipeline::{OnConflict, Pipeline, Target, WhenNull};

/// Kinds of events listed for a person, at most.
const MAX_KINDS: usize = 20;

/// A pipeline, and what its schemas declare about its columns.
pub(crate) struct About<'a> {
    pipeline: &'a Pipeline,
    summary: SchemaSummary,
}

impl<'a> About<'a> {
    pub(crate) fn new(pipeline: &'a Pipeline, text: &PipelineText) -> Self {
        let summary =
            schema_summary(text, &pipeline.decider().mapping).expect("the pipeline was compiled from this text");
        Self { pipeline, summary }
    }

    /// The path of the schema for a kind of event.
    pub(crate) fn schema(&self, kind: Option<&str>) -> Option<&str> {
        let named = |found: &&SchemaKind| kind.is_none_or(|kind| found.values.iter().any(|value| value == kind));
        self.summary.kinds.iter().find(named).map(|found| found.schema.as_str())
    }

    pub(crate) fn human(&self) -> String {
        let (pipeline, source) = (self.pipeline, self.pipeline.source());
        let title = format!("{} ({})\n\n", pipeline.name(), pipeline.file().display());
        let queue = wrapped(&format!("Messages come from the queue {}.", source.queue));
        let dlq = wrapped(&format!("What can never be stored goes to {}, with the reason.", source.dlq));
        let mut text = title + &queue + &dlq + &self.envelope() + &self.schemas();
        for (target, table, declared) in self.tables() {
            text += &table_human(target, table, declared);
        }
        text
    }

    fn tables(&self) -> impl Iterator<Item = (&'a Target, &'a TableMapping, &[Option<String>])> {
        let mapping = &self.pipeline.decider().mapping.tables;
        let pairs = self.pipeline.targets().iter().zip(mapping).zip(&self.summary.columns);
        pairs.map(|((target, table), declared)| (target, table, &declared[..]))
    }

    fn envelope(&self) -> String {
        let decider = self.pipeline.decider();
        let event = match &decider.unwrap {
            None => "The body is the event.".to_owned(),
            Some(Unwrap::Sns) => "The event is the JSON text in `Message` of an Amazon SNS notification.".to_owned(),
            Some(Unwrap::Expr(expr)) => format!("The event is `{}` of the body.", expr.text()),
        };
        let skip = decider.skip.as_ref().map(|skip| format!("An event is dropped if `{}`.", skip.expr().text()));
        wrapped(&event) + &skip.map(|skip| wrapped(&skip)).unwrap_or_default()
    }

    fn schemas(&self) -> String {
        let schemas = &self.pipeline.decider().schemas;
        let checked = schemas.at.as_ref().map_or("An event".to_owned(), |at| format!("`{}` of an event", at.text()));
        match &schemas.choice {
            Choice::One(_) => {
                wrapped(&format!("{checked} has to be valid by {}.", self.schema(None).unwrap_or_default()))
            }
            Choice::ByValue { discriminator, otherwise, .. } => {
                let rest = match otherwise {
                    Otherwise::DeadLetter => "goes to the dead letters",
                    Otherwise::Skip => "is dropped",
                };
                let kind = discriminator.text();
                let kind = wrapped(&format!("{checked} has to be valid by the schema of its kind, `{kind}`:"));
                format!("{kind}\n{}\n{}", self.kinds(), wrapped(&format!("Any other kind {rest}.")))
            }
        }
    }

    fn kinds(&self) -> String {
        let kinds =
            self.summary.kinds.iter().flat_map(|kind| kind.values.iter().map(move |value| (value, &kind.schema)));
        let mut lines = Vec::new();
        for (value, schema) in kinds.clone().take(MAX_KINDS) {
            lines.push(vec![value.clone(), schema.clone()]);
        }
        let more = kinds.count().saturating_sub(MAX_KINDS);
        if more > 0 {
            lines.push(vec![format!("and {more} more")]);
        }
        aligned(&lines)
    }

    pub(crate) fn json(&self) -> Value {
        let (source, decider) = (self.pipeline.source(), self.pipeline.decider());
        let kinds: Vec<Value> =
            self.summary.kinds.iter().map(|kind| json!({ "values": kind.values, "schema": kind.schema })).collect();
        let (discriminator, otherwise) = match &decider.schemas.choice {
            Choice::One(_) => (None, None),
            Choice::ByValue { discriminator, otherwise: Otherwise::Skip, .. } => {
                (Some(discriminator.text()), Some("skip"))
            }
            Choice::ByValue { discriminator, .. } => (Some(discriminator.text()), Some("dlq")),
        };
        json!({
            "name": self.pipeline.name(),
            "file": self.pipeline.file().display().to_string(),
            "queue": source.queue.to_string(),
            "dlq": source.dlq.to_string(),
            "unwrap": decider.unwrap.as_ref().map(|unwrap| match unwrap {
                Unwrap::Sns => "sns",
                Unwrap::Expr(expr) => expr.text(),
            }),
            "skip": decider.skip.as_ref().map(|skip| skip.expr().text()),
            "schema": {
                "at": decider.schemas.at.as_ref().map(Expr::text),
                "discriminator": discriminator,
                "otherwise": otherwise,
                "kinds": kinds,
            },
            "tables": self.tables().map(|(target, table, declared)| table_json(target, table, declared)).collect::<Vec<_>>(),
        })
    }
}

fn table_human(target: &Target, table: &TableMapping, declared: &[Option<String>]) -> String {
    let heading = ["column", "type", "null", "expression", "in the schema"].map(str::to_owned).to_vec();
    let mut rows = vec![heading];
    for (column, declared) in table.columns.iter().zip(declared) {
        let null = column.when_null.word();
        let expression = column.expr.text().trim().to_owned();
        let declared = declared.clone().unwrap_or_default();
        rows.push(vec![column.name.clone(), column.ty.as_written(), null.to_owned(), expression, declared]);
    }
    let sentences = wrapped(&origin(table)) + &wrapped(&conflict(target));
    format!("\ntable {}\n{sentences}\n{}", table.name, aligned(&rows))
}

/// Where the rows come from, in a sentence.
fn origin(table: &TableMapping) -> String {
    let each = match &table.for_each {
        None => "An event becomes one row".to_owned(),
        Some(elements) => format!("Each element of `{}` becomes a row", elements.text()),
    };
    match &table.when {
        None => format!("{each}."),
        Some(when) => format!("{each} if `{}`.", when.expr().text()),
    }
}

/// What happens to a row whose key exists already, in a sentence.
fn conflict(target: &Target) -> String {
    let key = target.table.primary_key.join(", ");
    if key.is_empty() {
        return "There is no primary key: a message that is delivered twice is stored twice.".to_owned();
    }
    let there = format!("Where a row with this ({key}) exists already, it is");
    match (target.on_conflict, &target.version) {
        (OnConflict::Ignore, _) => format!("{there} kept, and the new one is counted as a duplicate."),
        (OnConflict::Error, _) => format!("{there} kept, and the message goes to the dead letters."),
        (OnConflict::Update, None) => format!("{there} overwritten."),
        (OnConflict::Update, Some(version)) => format!("{there} overwritten if the new {version} is greater."),
    }
}

/// The type as a pipeline file writes it.
fn table_json(target: &Target, table: &TableMapping, declared: &[Option<String>]) -> Value {
    let mut columns = Vec::new();
    for (column, declared) in table.columns.iter().zip(declared) {
        columns.push(json!({
            "name": column.name,
            "type": column.ty.as_written(),
            "nullable": column.when_null.accepts_null(),
            "optional": column.when_null == WhenNull::LeaveOut,
            "expression": column.expr.text().trim(),
            "schema": declared,
        }));
    }
    let on_conflict = match target.on_conflict {
        OnConflict::Ignore => "ignore",
        OnConflict::Update => "update",
        OnConflict::Error => "error",
    };
    json!({
        "name": table.name,
        "for_each": table.for_each.as_ref().map(Expr::text),
        "when": table.when.as_ref().map(|when| when.expr().text()),
        "primary_key": target.table.primary_key,
        "on_conflict": on_conflict,
        "version": target.version,
        "columns": columns,
    })
}
