//! The mapping against the schema: fields that are not there, nulls where none may be, types that never fit,
//! conditions that never hold.

mod bounds;
mod cases;
mod column;
mod condition;
mod fit;
mod keys;
mod kinds;
mod logic;
mod site;
mod table;

use self::cases::Case;
use self::kinds::Kind;
use self::logic::{Logic, Truth};
use super::infer::{self, Fact, Finding, Origin, Roots, Yield};
use super::report::Report;
use super::schemas::Compiled;
use crate::config::{self, PipelineFile};
use crate::diagnostic::Code;
use pipeline::QueueRef;
use pipeline::TableMapping;
use pipeline::decide::chooses;
use schema::Shape;

/// Checks the envelope, every table and every column; `skip` tells whether the condition of that name compiles.
pub(super) fn check(
    file: &PipelineFile,
    schema: &Compiled<'_>,
    tables: &[TableMapping],
    skip: bool,
    report: &mut Report<'_>,
) {
    let kinds = kinds::of(schema, &file.schema);
    let Some(pipeline) = Checked::new(file, schema, &kinds) else {
        return;
    };
    pipeline.kinds(report);
    let (cases, facts) = pipeline.unskipped(report);
    report.under(skip, |report| pipeline.tables(tables, &cases, &facts, report));
}

/// A pipeline file with what its schemas say.
struct Checked<'f, 's> {
    file: &'f PipelineFile,
    kinds: &'f [Kind<'s>],
    /// For messages: the schema's file name.
    schema: String,
    roots: Roots<'s>,
    /// The place a kind is chosen by.
    discriminator: Option<Origin>,
}

/// What an expression sees at one place of the file.
struct Seen<'f, 's> {
    roots: Roots<'s>,
    facts: Vec<Fact>,
    schema: &'f str,
}

impl<'s> Seen<'_, 's> {
    fn infer(&self, text: &str) -> (Yield<'s>, Vec<Finding>) {
        infer::infer(text, &self.roots, &self.facts, self.schema)
    }
}

impl<'f, 's> Checked<'f, 's> {
    fn new(file: &'f PipelineFile, schema: &Compiled<'s>, kinds: &'f [Kind<'s>]) -> Option<Self> {
        let document = kinds.iter().map(|kind| kind.shape.clone()).reduce(Shape::or)?;
        let body = file.unwrap.as_ref().map(|unwrap| match unwrap.value.as_str() {
            "sns" => Yield::shape(Shape::named("the SNS envelope")),
            _ => Yield::anything(),
        });
        let fifo = file.source.queue.parse().is_ok_and(|queue: QueueRef| queue.is_fifo());
        let roots = Roots::new(Yield::shape(document), body, fifo);
        let written = match &file.schema.value {
            config::Schema::Selection(selection) => selection.discriminator.as_ref(),
            config::Schema::Path(_) => None,
        };
        let discriminator = written.and_then(|written| infer::origin(written, &roots));
        let schema = schema.name();
        Some(Self { file, kinds, schema, roots, discriminator })
    }

    /// Every table, on the cases that are mapped.
    fn tables(&self, tables: &[TableMapping], cases: &[Case<'s>], facts: &[Fact], report: &mut Report<'_>) {
        let mut left = cases.to_vec();
        for ((name, written), table) in self.file.tables.0.iter().zip(tables) {
            let stored = table::Checked::new(self, cases, facts, written, table).check(report);
            left.retain(|case| case.value.is_none() || !stored.contains(&case.value));
            keys::check(name, written, table, &self.roots, report);
        }
        self.without_a_table(&left, report);
    }

    /// The same, for documents of these cases only.
    fn seen(&self, cases: &[Case<'s>], facts: &[Fact]) -> Seen<'_, 's> {
        let mut roots = self.roots.clone();
        if let Some(document) = cases::union(cases) {
            roots.narrow(&Yield::shape(document));
        }
        Seen { roots, facts: facts.to_vec(), schema: &self.schema }
    }

    /// A value whose schema never has it at the very place it is chosen by.
    fn kinds(&self, report: &mut Report<'_>) {
        let Some(place) = self.discriminator.as_ref().filter(|place| place.root == infer::DOCUMENT) else {
            return;
        };
        for kind in self.kinds {
            let (Some(name), Some(range)) = (&kind.value, &kind.range) else {
                continue;
            };
            let Some(values) = cases::values(&kind.shape, &place.steps) else {
                continue;
            };
            if values.iter().any(|value| chooses(value, name)) {
                continue;
            }
            let message = format!("every event of kind `{name}` is rejected: its schema never has this value there");
            let known: Vec<String> = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
            let mut problem = report.at(Code::ImpossibleKind, range, message);
            problem = problem.suggest(name, known.iter().map(String::as_str));
            if problem.help.is_empty() && !known.is_empty() {
                problem = problem.help(format!("the schema allows {}", known.join(", ")));
            }
            report.push(problem);
        }
    }

    /// The cases that `skip` leaves, and what is certain of them.
    fn unskipped(&self, report: &mut Report<'_>) -> (Vec<Case<'s>>, Vec<Fact>) {
        let all = cases::all(self.kinds);
        // An event without a kind is rejected before it is mapped.
        let kind = self.discriminator.clone().map(Fact::not_null_at);
        let Some(skip) = &self.file.skip else {
            return (all, kind.into_iter().collect());
        };
        let clean = condition::skip(skip, &self.seen(&all, &[]), report);
        let logic = Logic::of(skip, &self.roots);
        let kept: Vec<Case<'s>> = all
            .iter()
            .filter(|case| {
                let known = cases::Known { case, element: None, discriminator: self.discriminator.as_ref() };
                logic.truth(&known) != Truth::Always
            })
            .cloned()
            .collect();
        let facts = infer::facts(skip, &self.roots, false).into_iter().chain(kind).collect();
        if kept.is_empty() {
            if clean {
                condition::constant("skip", Truth::Always, skip, report);
            }
            return (all, facts);
        }
        (kept, facts)
    }

    /// Warns of every kind that ends in no table.
    fn without_a_table(&self, left: &[Case<'s>], report: &mut Report<'_>) {
        let mut reported: Vec<&String> = Vec::new();
        for name in left.iter().filter_map(|case| case.value.as_ref()) {
            let kind = self.kinds.iter().find(|kind| kind.value.as_ref() == Some(name));
            let range = kind.and_then(|kind| kind.range.as_ref()).unwrap_or(&self.file.schema.range);
            if reported.contains(&name) || self.file.tables.0.is_empty() {
                continue;
            }
            reported.push(name);
            let problem = report.at(Code::NoTable, range, format!("no table stores an event of kind `{name}`"));
            report.push(problem.help("give it a table, widen a `when`, or leave the kind out with `skip`"));
        }
    }
}
