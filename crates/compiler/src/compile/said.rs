//! What the schemas say about the values that columns are filled from: for a person to read, not for a check.

use super::report::Report;
use super::schemas;
use crate::config::PipelineText;
use jq::{Expr, Key, Path, Root};
use pipeline::{Mapping, TableMapping};
use schema::{Field, Shape, Type};

/// What the schemas of a pipeline say.
#[derive(Debug, Clone)]
pub struct Said {
    /// Each kind of event, in the pipeline file's order.
    pub kinds: Vec<SaidKind>,
    /// For each table and column: `string (uuid), required`; `None` where the schema is silent or the expression is more
    /// than a path and functions.
    pub columns: Vec<Vec<Option<String>>>,
}

/// A kind of event and its schema.
#[derive(Debug, Clone)]
pub struct SaidKind {
    /// The discriminator's values; empty when there is no other kind.
    pub values: Vec<String>,
    /// The path of its schema, with an optional `#/pointer`.
    pub schema: String,
}

/// Asks the schemas of a pipeline file that compiles; `None` when it does not.
pub fn said(text: &PipelineText, mapping: &Mapping) -> Option<Said> {
    let compiled = schemas::compile(text.file.as_ref()?, &mut Report::new(text))?;
    let shape = compiled.shape();
    let kinds = compiled.kinds.iter().map(|kind| {
        let part = &compiled.files.parts[kind.part];
        let pointer = if part.pointer.is_empty() { String::new() } else { format!("#{}", part.pointer) };
        SaidKind { values: kind.values.clone(), schema: format!("{}{pointer}", part.path.display()) }
    });
    let columns = mapping.tables.iter().map(|table| match &shape {
        Some(document) => columns(document, table),
        None => vec![None; table.columns.len()],
    });
    Some(Said { kinds: kinds.collect(), columns: columns.collect() })
}

fn columns(document: &Shape<'_>, table: &TableMapping) -> Vec<Option<String>> {
    let place = Place { shape: document.clone(), optional: false };
    let input = match &table.for_each {
        None => Some(place.clone()),
        Some(elements) => place
            .at(elements, &place)
            .and_then(|array| Some(Place { shape: array.shape.items(None)?, optional: false })),
    };
    let said = |expr| input.as_ref().and_then(|input| input.at(expr, &place)).map(|found| found.describe());
    table.columns.iter().map(|column| said(&column.expr)).collect()
}

/// The values at one place of an event.
#[derive(Clone)]
struct Place<'s> {
    shape: Shape<'s>,
    optional: bool,
}

impl Place<'_> {
    /// Where an expression's path leads; `self` is what `.` stands for.
    fn at(&self, expr: &Expr, document: &Self) -> Option<Self> {
        let (path, _) = expr.pipeline()?;
        match path.root {
            Root::Input => self.follow(path),
            Root::Doc => document.follow(path),
            Root::Body | Root::Raw | Root::Sqs => None,
        }
    }

    fn follow(&self, path: &Path) -> Option<Self> {
        path.segments.iter().try_fold(self.clone(), |place, segment| match &segment.key {
            Key::Field(name) => match place.shape.field(name) {
                Field::Known { shape, optional } => Some(Self { shape, optional: optional || place.optional }),
                _ => None,
            },
            Key::Index(index) => {
                let shape = place.shape.items(usize::try_from(*index).ok())?;
                Some(Self { shape, optional: place.optional })
            }
        })
    }

    /// `string (uuid), required`
    fn describe(&self) -> String {
        let types = self.shape.types();
        let word = |(ty, format): &(Type, Option<&str>)| {
            let word = ty.word().split(' ').next_back().unwrap_or_default();
            format.map_or_else(|| word.to_owned(), |format| format!("{word} ({format})"))
        };
        let types = match types.len() {
            7.. => "anything".to_owned(),
            _ => types.iter().map(word).collect::<Vec<_>>().join(" or "),
        };
        format!("{types}, {}", if self.optional { "optional" } else { "required" })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_formats_and_absence_are_told() {
        let schema = json!({
            "required": ["id", "items"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "note": { "type": ["string", "null"] },
                "any": {},
                "items": { "items": { "required": ["n"], "properties": { "n": { "type": "integer" } } } }
            }
        });
        let place = Place { shape: Shape::of_value(&schema), optional: false };
        let said = |text| place.at(&Expr::compile(text).unwrap(), &place).map(|found| found.describe());
        assert_eq!(said(".id | ascii_downcase").as_deref(), Some("string (uuid), required"));
        assert_eq!(said(".note").as_deref(), Some("null or string, optional"));
        assert_eq!(said("$doc.any").as_deref(), Some("anything, optional"));
        assert_eq!(said(".items[0].n").as_deref(), Some("integer, required"));
        assert_eq!((said("$sqs.message_id"), said(".a + .b"), said(".other")), (None, None, None));
    }
}
