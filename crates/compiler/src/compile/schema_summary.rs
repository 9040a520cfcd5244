//! What the schemas declare about the values that columns are filled from: for a person to read, not for a check.

use super::report::Report;
use super::schemas;
use crate::config::PipelineText;
use jq::{Expr, Key, Path, Root};
use pipeline::{Mapping, TableMapping};
use schema::{Field, Shape, Type};

/// What the schemas of a pipeline declare.
#[derive(Debug, Clone)]
pub struct SchemaSummary {
    /// Each kind of event, in the pipeline file's order.
    pub kinds: Vec<SchemaKind>,
    /// For each table and column: `string (uuid), required`; `None` where the schema declares nothing or the expression is
    /// more than a path and functions.
    pub columns: Vec<Vec<Option<String>>>,
}

/// A kind of event and its schema.
#[derive(Debug, Clone)]
pub struct SchemaKind {
    /// The discriminator's values; empty when there is no other kind.
    pub values: Vec<String>,
    /// The path of its schema, with an optional `#/pointer`.
    pub schema: String,
}

/// Summarizes the schemas of a pipeline file that compiles; `None` when it does not.
pub fn schema_summary(text: &PipelineText, mapping: &Mapping) -> Option<SchemaSummary> {
    let compiled = schemas::compile(text.file.as_ref()?, &mut Report::new(text))?;
    let mut summary = SchemaSummary { kinds: Vec::new(), columns: Vec::new() };
    for kind in &compiled.kinds {
        let part = &compiled.files.parts[kind.part];
        let pointer = if part.pointer.is_empty() { String::new() } else { format!("#{}", part.pointer) };
        let schema = format!("{}{pointer}", part.path.display());
        summary.kinds.push(SchemaKind { values: kind.values.clone(), schema });
    }
    let shape = compiled.shape();
    for table in &mapping.tables {
        summary.columns.push(match &shape {
            Some(document) => columns(document, table),
            None => vec![None; table.columns.len()],
        });
    }
    Some(summary)
}

fn columns(document: &Shape<'_>, table: &TableMapping) -> Vec<Option<String>> {
    let document = Place { shape: document.clone(), optional: false };
    let input = match &table.for_each {
        None => Some(document.clone()),
        Some(elements) => document.elements(elements),
    };
    let mut columns = Vec::new();
    for column in &table.columns {
        let place = input.as_ref().and_then(|input| input.at(&column.expr, &document));
        columns.push(place.map(|place| place.describe()));
    }
    columns
}

/// The values at one place of an event.
#[derive(Clone)]
struct Place<'s> {
    shape: Shape<'s>,
    optional: bool,
}

impl Place<'_> {
    /// The elements of the array that `for_each` yields.
    fn elements(&self, for_each: &Expr) -> Option<Self> {
        let array = self.at(for_each, self)?;
        Some(Self { shape: array.shape.items(None)?, optional: false })
    }

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
        let types = match types.len() {
            7.. => "anything".to_owned(),
            _ => types.into_iter().map(type_and_format).collect::<Vec<_>>().join(" or "),
        };
        format!("{types}, {}", if self.optional { "optional" } else { "required" })
    }
}

/// `string (uuid)`
fn type_and_format((ty, format): (Type, Option<&str>)) -> String {
    let word = ty.word().split(' ').next_back().unwrap_or_default();
    format.map_or_else(|| word.to_owned(), |format| format!("{word} ({format})"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_formats_and_absence_are_described() {
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
        let described = |text| place.at(&Expr::compile(text).unwrap(), &place).map(|found| found.describe());
        assert_eq!(described(".id | ascii_downcase").as_deref(), Some("string (uuid), required"));
        assert_eq!(described(".note").as_deref(), Some("null or string, optional"));
        assert_eq!(described("$doc.any").as_deref(), Some("anything, optional"));
        assert_eq!(described(".items[0].n").as_deref(), Some("integer, required"));
        assert_eq!((described("$sqs.message_id"), described(".a + .b"), described(".other")), (None, None, None));
    }
}
