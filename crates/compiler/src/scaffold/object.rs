//! An object a schema allows: its listed fields, what they depend on, and as many more as there have to be.

use serde_json::{Value, json};

use super::event::{Place, Writer, bound};
use super::node::Node;
use super::string;
use super::ways::constants;
use schema::{Field, Shape};

/// Fields with invented names, at most.
const INVENTED: usize = 8;

/// An object of one alternative.
pub(super) fn node(writer: &mut Writer<'_>, shape: &Shape<'_>, place: Place<'_>) -> Node {
    let shape = &with_dependents(shape);
    let names = writer.order.sorted(names(shape).into_iter());
    let more = invented(shape, &names);
    let mut fields = Vec::new();
    for name in names {
        let value = field(writer, name, shape.field(name), place, false);
        fields.extend(value.map(|value| (name.to_owned(), value)));
    }
    for (name, known) in more {
        let found = known.map_or_else(|| shape.field(&name), |shape| Field::Known { shape, optional: false });
        let value = field(writer, &name, found, place, true);
        fields.extend(value.map(|value| (name, value)));
    }
    Node::Object(fields)
}

/// `None` for a field that is left out.
fn field(writer: &mut Writer<'_>, name: &str, found: Field<'_>, place: Place<'_>, needed: bool) -> Option<Node> {
    match found {
        Field::Known { shape, optional } => {
            let pointer = format!("{}/{}", place.pointer, name.replace('~', "~0").replace('/', "~1"));
            let optional = optional && !needed;
            writer.value(&shape, Place { pointer: &pointer, name, depth: place.depth + 1, optional, distinct: None })
        }
        Field::Closed | Field::NoObject => None,
        Field::NotListed | Field::Open => Some(Node::quoted("any")),
    }
}

/// The names the schemas list, ask for, or ask for beside another one.
fn names<'s>(shape: &Shape<'s>) -> Vec<&'s str> {
    let mut names = listed(shape);
    for name in names.clone() {
        let lists = ["dependentRequired", "dependencies"].map(|keyword| {
            shape.schemas().filter_map(move |schema| schema.get(keyword)?.get(name)?.as_array()).flatten()
        });
        names.extend(lists.into_iter().flatten().filter_map(Value::as_str));
    }
    names.sort_unstable();
    names.dedup();
    names
}

fn listed<'s>(shape: &Shape<'s>) -> Vec<&'s str> {
    let required = shape.schemas().filter_map(|schema| schema.get("required")?.as_array()).flatten();
    shape.field_names().into_iter().chain(required.filter_map(Value::as_str)).collect()
}

/// With the schemas that hold where one of its fields is there.
fn with_dependents<'s>(shape: &Shape<'s>) -> Shape<'s> {
    let paths = listed(shape).into_iter().flat_map(|name| [["dependentSchemas", name], ["dependencies", name]]);
    let schemas = paths.filter_map(|path| shape.under(&path));
    schemas.fold(shape.clone(), |all, one| all.and(&one))
}

/// The names that `minProperties` asks for beyond those, each with its shape where its pattern gives one.
fn invented<'s>(shape: &Shape<'s>, names: &[&str]) -> Vec<(String, Option<Shape<'s>>)> {
    let missing = bound(shape, "minProperties").unwrap_or(0).saturating_sub(names.len()).min(INVENTED);
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
