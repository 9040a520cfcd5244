//! `producer:` compiled: templates that render, to events that this very pipeline stores.

use std::ops::Range;
use std::sync::Arc;

use super::attributes;
use super::report::Report;
use crate::config::{self, PipelineFile, Spanned, Template as Listed, TemplateBody};
use crate::diagnostic::{Code, Diagnostic, Place, SourceText};
use crate::sample_metadata::sample_metadata;
use pipeline::Producer;
use pipeline::decide::Decider;
use pipeline::message::{Delivery, Receipt, Rejection};
use pipeline::producer::{Generator, Pace, ParsePaceError, Template, TemplateError, Templates};

/// Times each template is rendered; random choices show most of their values by then.
const RENDERINGS: usize = 20;

/// Compiles the templates, and renders each when the schema and the mapping are known to be right.
pub(super) fn compile(file: &PipelineFile, decider: Option<&Decider>, report: &mut Report<'_>) -> Option<Producer> {
    let producer = file.producer.as_ref()?;
    let pace = pace(producer, report);
    let templates = templates(producer, report);
    if !report.has_errors()
        && let Some(decider) = decider
    {
        for listed in &templates {
            try_out(listed, decider, report);
        }
    }
    let weighted = templates.into_iter().map(|listed| (listed.template, listed.weight.max(1)));
    let templates = Templates::new(weighted.collect());
    if templates.is_none() && !report.has_errors() {
        report.push(report.at(Code::MissingKey, &producer.templates.range, "the producer has no template"));
    }
    Some(Producer { pace: pace?, templates: templates? })
}

fn pace(producer: &config::Producer, report: &mut Report<'_>) -> Option<Pace> {
    let (parsed, range): (Result<Pace, ParsePaceError>, _) = match (&producer.every, &producer.rate) {
        (Some(every), None) => (Pace::every(every), &every.range),
        (None, Some(rate)) => (Pace::rate(rate), &rate.range),
        (None, None) => (Pace::every("15s"), &(0..0)),
        (Some(_), Some(rate)) => {
            report.push(report.at(Code::BadValue, &rate.range, "`every` and `rate` exclude each other"));
            return None;
        }
    };
    match parsed {
        Ok(pace) => Some(pace),
        Err(error) => {
            report.push(report.at(Code::BadValue, range, error.to_string()));
            None
        }
    }
}

/// A template, its text, and where the text stands.
struct Compilable {
    template: Template,
    weight: u32,
    origin: Origin,
    /// Where the pipeline file lists it.
    listed: Range<usize>,
}

/// Where a template's text comes from.
enum Origin {
    File(Arc<SourceText>),
    Inline { range: Range<usize>, text: String },
}

impl Origin {
    fn text(&self) -> &str {
        match self {
            Self::File(source) => &source.text,
            Self::Inline { text, .. } => text,
        }
    }

    /// The place of a line and column of the template's text.
    fn place(&self, error: &TemplateError, report: &Report<'_>) -> Place {
        let line = error.line.unwrap_or(1);
        let column = error.column.unwrap_or(1);
        match self {
            Self::File(source) => Place::at_line(source, line, column),
            Self::Inline { range, text } => {
                let part = Place::at_line(&SourceText::new("", text), line, column).range();
                report.inside(range, text, part)
            }
        }
    }
}

fn templates(producer: &config::Producer, report: &mut Report<'_>) -> Vec<Compilable> {
    producer.templates.iter().filter_map(|listed| template(listed, report)).collect()
}

fn template(listed: &Spanned<Listed>, report: &mut Report<'_>) -> Option<Compilable> {
    if let Some(variable) = lone_variable(&listed.body) {
        report.no_variable(variable, &listed.range);
        return None;
    }
    let (name, origin) = match &listed.body {
        TemplateBody::Inline(text) => {
            let (range, text) = (text.range.clone(), text.value.clone());
            ("inline", Origin::Inline { range, text })
        }
        TemplateBody::File(path) => match report.text.templates.get(path)? {
            Ok(source) => (path.as_str(), Origin::File(Arc::clone(source))),
            Err(message) => {
                report.push(report.at(Code::Unreadable, &listed.range, message.clone()));
                return None;
            }
        },
    };
    let weight = listed.weight.as_ref().map_or(1, |weight| weight_of(weight, report));
    match Template::compile(name, origin.text()) {
        Ok(template) => {
            let template = template.with_attributes(attributes::compile(listed.attributes.as_ref(), report));
            Some(Compilable { template, weight, origin, listed: listed.range.clone() })
        }
        Err(error) => {
            report.push(broken(&error, &origin, report));
            None
        }
    }
}

fn weight_of(weight: &Spanned<i64>, report: &mut Report<'_>) -> u32 {
    match u32::try_from(weight.value) {
        Ok(value) if value > 0 => value,
        _ => {
            let message = format!("{} is out of range: a weight is 1 to {}", weight.value, u32::MAX);
            report.push(report.at(Code::BadValue, &weight.range, message));
            1
        }
    }
}

/// A path with a variable in it; an event never begins like one.
fn lone_variable(body: &TemplateBody) -> Option<&str> {
    let text = match body {
        TemplateBody::File(path) => path,
        TemplateBody::Inline(text) => text.value.trim(),
    };
    let path = !text.contains('\n') && !text.starts_with(['{', '[', '"']);
    let starts = text.find("${")?;
    (path && !text[..starts].contains('{')).then_some(text)
}

fn broken(error: &TemplateError, origin: &Origin, report: &Report<'_>) -> Diagnostic {
    Diagnostic::new(Code::Template, error.message.clone(), origin.place(error, report))
}

/// Renders a template and runs each event through the pipeline's own steps; the first failure is reported.
fn try_out(listed: &Compilable, decider: &Decider, report: &mut Report<'_>) {
    let mut generator = Generator::seeded(0);
    let mut stored = false;
    for _ in 0..RENDERINGS {
        let body = match listed.template.render(&mut generator) {
            Ok(body) => body,
            Err(error) => {
                report.push(broken(&error, &listed.origin, report));
                return;
            }
        };
        let metadata = sample_metadata(listed.template.attributes());
        match decider.decide(&Delivery { body, metadata, receipt: Receipt(String::new()) }) {
            Ok(rows) => stored |= !rows.is_empty(),
            Err(rejection) => {
                report.push(rejected(&rejection, listed, report));
                return;
            }
        }
    }
    if !stored {
        let message = format!("template `{}` renders events that become no rows", listed.template.name());
        let problem = report.at(Code::NoRows, &listed.listed, message);
        report.push(problem.help("each of them is skipped, has no element for `for_each`, or fulfils no `when`: change the template or the conditions"));
    }
}

fn rejected(rejection: &Rejection, listed: &Compilable, report: &Report<'_>) -> Diagnostic {
    let place = match &listed.origin {
        Origin::File(source) => Place::new(source, 0..source.text.len()),
        Origin::Inline { range, .. } => report.place(range),
    };
    let name = listed.template.name();
    let message = format!("template `{name}` renders an event that is rejected: {}", rejection.message);
    let mut problem = Diagnostic::new(Code::TemplateEvent, message, place);
    if let Origin::File(_) = listed.origin {
        problem = problem.related(report.place(&listed.listed), "listed here");
    }
    if let Some(path) = &rejection.instance_path {
        problem = problem.label(format!("at `{path}` of the event"));
    }
    if let Some(column) = &rejection.column {
        problem = problem.help(format!("column `{column}`"));
    }
    problem
}
