//! Which schema is for which kind of event.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::Value;

use super::{Compiled, Kind};
use crate::compile::expression;
use crate::compile::report::Report;
use crate::config::{self, Schema, SchemaFiles, Selection, Setting};
use crate::diagnostic::{Code, Diagnostic, Place};
use jq::{Expr, Key, Root};
use pipeline::decide::{Choice, Otherwise, Schemas};
use pipeline::validate::Validator;
use schema::{Field, Shape};

/// The rules by which a schema is chosen.
pub(super) struct Rules {
    at: Option<Expr>,
    kind: KindRule,
}

enum KindRule {
    /// There is one schema.
    None,
    /// The pipeline file names the values that each schema is for.
    Named { discriminator: Expr, otherwise: Otherwise },
    /// Each schema names its own values.
    Own { discriminator: Expr, otherwise: Otherwise, range: Range<usize> },
}

/// Reads the rules; `None` when one is wrong, which is reported.
pub(super) fn rules(schema: &Setting<Schema>, report: &mut Report<'_>) -> Option<Rules> {
    let Schema::Selection(selection) = &schema.value else {
        return Some(Rules { at: None, kind: KindRule::None });
    };
    let at = match &selection.at {
        None => None,
        written => Some(expression::optional(written.as_ref(), report)?),
    };
    let named = [selection.file.is_some(), selection.mapping.is_some(), selection.files.is_some()];
    let kind =
        match named {
            [true, false, false] => one_schema(selection, report),
            [false, true, false] | [false, false, true] => several(selection, schema, report),
            _ => {
                let problem = report.at(
                    Code::SchemaChoice,
                    &schema.range,
                    "`schema` needs exactly one of `file`, `mapping` and `files`",
                );
                report.push(problem.help(
                    "one schema: `file`; one for each value of a field: `discriminator` and `mapping` or `files`",
                ));
                None
            }
        };
    Some(Rules { at, kind: kind? })
}

fn one_schema(selection: &Selection, report: &mut Report<'_>) -> Option<KindRule> {
    let choosing = selection.discriminator.as_ref().map(|it| &it.range);
    let choosing = choosing.or(selection.otherwise.as_ref().map(|it| &it.range));
    if let Some(range) = choosing {
        let problem = report.at(Code::SchemaChoice, range, "there is nothing to choose: `file` names the only schema");
        report.push(problem.help("with `mapping` or `files` instead of `file`, each kind of event has its own schema"));
        return None;
    }
    Some(KindRule::None)
}

fn several(selection: &Selection, schema: &Setting<Schema>, report: &mut Report<'_>) -> Option<KindRule> {
    let Some(written) = &selection.discriminator else {
        let problem = report.at(
            Code::SchemaChoice,
            &schema.range,
            "`discriminator` is missing: it distinguishes the kinds of events",
        );
        report.push(problem.help("name the field that holds the kind of an event: `discriminator: .type`"));
        return None;
    };
    if let Some(mapping) = selection.mapping.as_ref().filter(|mapping| mapping.0.is_empty()) {
        report.push(report.at(Code::SchemaChoice, &mapping.range, "`mapping` names no schema"));
    }
    let discriminator = expression::optional(Some(written), report)?;
    let otherwise = match selection.otherwise.as_ref().map(|otherwise| otherwise.value) {
        Some(config::Otherwise::Skip) => Otherwise::Skip,
        Some(config::Otherwise::Dlq) | None => Otherwise::DeadLetter,
    };
    if selection.mapping.is_some() {
        return Some(KindRule::Named { discriminator, otherwise });
    }
    if discriminator.as_path().is_none_or(|path| path.root != Root::Input) {
        let problem =
            report.at(Code::SchemaChoice, &written.range, "with `files`, the discriminator is a path into the event");
        report.push(problem.help(
            "each file names its own kind there, with `const` or `enum`; use `mapping` for any other expression",
        ));
        return None;
    }
    Some(KindRule::Own { discriminator, otherwise, range: written.range.clone() })
}

impl Rules {
    /// One validator for each of `files.parts`, in their order.
    pub(super) fn compile<'a>(
        self,
        validators: Vec<Validator>,
        files: &'a SchemaFiles,
        report: &mut Report<'a>,
    ) -> Option<Compiled<'a>> {
        // An `at` that is more than a path may lead to any field of the event, so nothing is known of its shape.
        let is_known = self.at.as_ref().is_none_or(|_| files.has_views());
        let mut kinds: Vec<Kind<'a>> = Vec::new();
        for (part, named) in files.parts.iter().enumerate() {
            let shape = if is_known { Shape::of_part(files, part) } else { None };
            kinds.push(Kind { values: named.key.iter().cloned().collect(), shape, part });
        }
        let (discriminator, otherwise) = match self.kind {
            KindRule::None => {
                let choice = Choice::One(validators.into_iter().next()?);
                return Some(Compiled { schemas: Schemas { at: self.at, choice }, kinds, files });
            }
            KindRule::Named { discriminator, otherwise } => (discriminator, otherwise),
            KindRule::Own { discriminator, otherwise, range } => {
                own_values(&mut kinds, &discriminator, &range, files, report)?;
                (discriminator, otherwise)
            }
        };
        distinct(&kinds, files, report)?;
        let mut by_value = Vec::new();
        for kind in &kinds {
            for value in &kind.values {
                by_value.push((value.clone(), validators[kind.part].clone()));
            }
        }
        let choice = Choice::ByValue { discriminator, validators: by_value.into_iter().collect(), otherwise };
        Some(Compiled { schemas: Schemas { at: self.at, choice }, kinds, files })
    }
}

/// Looks up in each schema which values it allows the discriminator.
fn own_values(
    kinds: &mut [Kind<'_>],
    discriminator: &Expr,
    range: &Range<usize>,
    files: &SchemaFiles,
    report: &mut Report<'_>,
) -> Option<()> {
    let mut all = Some(());
    for kind in kinds {
        kind.values = kind.shape.as_ref().and_then(|shape| values_at(shape, discriminator)).unwrap_or_default();
        if kind.values.is_empty() {
            let problem = no_value(&files.parts[kind.part], discriminator, files, report.place(range));
            report.push(problem);
            all = None;
        }
    }
    all
}

fn no_value(part: &config::Part, discriminator: &Expr, files: &SchemaFiles, named: Place) -> Diagnostic {
    let place = files.documents.get(&part.path).map(|document| Place::new(&document.source, 0..0));
    let message =
        format!("{} does not name its kind of event: it allows any `{}`", part.path.display(), discriminator.text());
    let problem = Diagnostic::new(Code::NoKind, message, place).related(named, "the discriminator");
    problem.help("give that field a `const` or an `enum` of strings, or leave the file out of the pattern")
}

/// The constants a shape has at a path; `None` when it may be anything else.
fn values_at(shape: &Shape<'_>, discriminator: &Expr) -> Option<Vec<String>> {
    let mut segments = discriminator.as_path()?.segments.iter();
    let at = segments.try_fold(shape.clone(), |shape, segment| match &segment.key {
        Key::Field(name) => match shape.field(name) {
            Field::Known { shape, .. } => Some(shape),
            _ => None,
        },
        Key::Index(_) => None,
    })?;
    at.constants()?.into_iter().map(spelled).collect()
}

/// A constant as an event's value is spelled when its schema is looked up.
fn spelled(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// Reports a value that two schemas are for.
fn distinct(kinds: &[Kind<'_>], files: &SchemaFiles, report: &mut Report<'_>) -> Option<()> {
    let mut first: HashMap<&str, usize> = HashMap::new();
    let mut all = Some(());
    for kind in kinds {
        for value in &kind.values {
            let known = *first.entry(value).or_insert(kind.part);
            if known == kind.part {
                continue;
            }
            let (one, other) = (&files.parts[known], &files.parts[kind.part]);
            let message = format!("`{value}` has two schemas: {} and {}", one.path.display(), other.path.display());
            report.push(report.at(Code::SchemaChoice, &other.range, message));
            all = None;
        }
    }
    all
}
