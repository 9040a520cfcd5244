//! The fields of an object that a schema allows: those it lists, what they depend on, and as many more as there have to
//! be.

use serde_json::{Value, json};

use super::KeyOrder;
use super::keywords::{constants, greatest};
use super::string;
use schema::{Field, Shape};

/// Fields with invented names, at most.
const INVENTED: usize = 8;

/// A field of an object to be written.
pub(super) struct ObjectField<'s> {
    pub(super) name: String,
    /// `None` where the schema allows any value.
    pub(super) shape: Option<Shape<'s>>,
    /// It may be left out.
    pub(super) optional: bool,
}

impl<'s> ObjectField<'s> {
    /// `None` for a field that the schema does not allow.
    fn of(name: String, found: Field<'s>) -> Option<Self> {
        match found {
            Field::Known { shape, optional } => Some(Self { name, shape: Some(shape), optional }),
            Field::NotListed | Field::Open => Some(Self { name, shape: None, optional: false }),
            Field::Closed | Field::NoObject => None,
        }
    }
}

/// The fields of an object of one alternative, in their order.
pub(super) fn fields<'s>(shape: &Shape<'s>, order: &KeyOrder) -> Vec<ObjectField<'s>> {
    let shape = with_dependents(shape);
    let names = order.sorted(names(&shape).into_iter());
    let mut fields = Vec::new();
    for name in &names {
        fields.extend(ObjectField::of((*name).to_owned(), shape.field(name)));
    }
    for (name, known) in invented(&shape, &names) {
        let found = match known {
            Some(shape) => Field::Known { shape, optional: false },
            None => shape.field(&name),
        };
        // `minProperties` counts them, so none of them may be left out.
        fields.extend(ObjectField::of(name, found).map(|field| ObjectField { optional: false, ..field }));
    }
    fields
}

/// The names that the schemas list, require, or require beside another one.
fn names<'s>(shape: &Shape<'s>) -> Vec<&'s str> {
    let mut names = listed(shape);
    for name in names.clone() {
        for schema in shape.schemas() {
            for keyword in ["dependentRequired", "dependencies"] {
                let required = schema.get(keyword).and_then(|lists| lists.get(name)?.as_array());
                names.extend(required.into_iter().flatten().filter_map(Value::as_str));
            }
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn listed<'s>(shape: &Shape<'s>) -> Vec<&'s str> {
    let required = shape.schemas().filter_map(|schema| schema.get("required")?.as_array()).flatten();
    shape.field_names().into_iter().chain(required.filter_map(Value::as_str)).collect()
}

/// The shape together with the schemas that hold where one of its fields is there.
fn with_dependents<'s>(shape: &Shape<'s>) -> Shape<'s> {
    let mut all = shape.clone();
    for name in listed(shape) {
        for keyword in ["dependentSchemas", "dependencies"] {
            if let Some(dependent) = shape.under(&[keyword, name]) {
                all = all.and(&dependent);
            }
        }
    }
    all
}

/// The names that `minProperties` asks for beyond those, each with its shape where its pattern gives one.
fn invented<'s>(shape: &Shape<'s>, names: &[&str]) -> Vec<(String, Option<Shape<'s>>)> {
    let missing = greatest(shape, "minProperties").unwrap_or(0).saturating_sub(names.len()).min(INVENTED);
    let pattern = shape.schemas().find_map(|schema| schema.get("patternProperties")?.as_object()?.keys().next());
    let pattern =
        pattern.filter(|_| shape.schemas().any(|schema| schema.get("additionalProperties") == Some(&json!(false))));
    let mut found: Vec<(String, Option<Shape<'s>>)> = Vec::new();
    for index in 0..missing + names.len() {
        let name = name(shape, pattern, index);
        if found.len() < missing && !names.contains(&name.as_str()) && found.iter().all(|(known, _)| *known != name) {
            found.push((name, pattern.and_then(|pattern| shape.under(&["patternProperties", pattern]))));
        }
    }
    found
}

/// A name the schema allows, another one for each index.
fn name(shape: &Shape<'_>, pattern: Option<&String>, index: usize) -> String {
    let names = shape.under(&["propertyNames"]);
    if let Some(constant) = names.as_ref().and_then(|names| constants(names).get(index)?.as_str()) {
        return constant.to_owned();
    }
    let of_pattern = pattern.map(|pattern| json!({ "pattern": pattern }));
    let schemas: Vec<&Value> = names.iter().flat_map(Shape::schemas).chain(&of_pattern).collect();
    if schemas.is_empty() { format!("property_{}", index + 1) } else { string::sample(&schemas, index) }
}
