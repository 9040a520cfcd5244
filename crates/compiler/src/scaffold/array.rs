//! An array a schema allows: one item, or as many as there have to be.

use serde_json::Value;

use super::event::{MANY, OPTIONAL_DEPTH, Place, Writer, bound};
use super::node::Node;
use schema::Shape;

/// An array of one alternative.
pub(super) fn node(writer: &mut Writer<'_>, shape: &Shape<'_>, place: Place<'_>) -> Node {
    let contains = shape.under(&["contains"]);
    let contained = contains.as_ref().map_or(0, |_| bound(shape, "minContains").unwrap_or(1));
    let count = count(shape, contained, place.depth);
    let unique = shape.schemas().any(|schema| schema.get("uniqueItems") == Some(&Value::Bool(true)));
    let items = (0..count).filter_map(|index| {
        let pointer = format!("{}/{index}", place.pointer);
        let distinct = (unique && count > 1).then_some(index);
        let inner = Place { pointer: &pointer, name: "", depth: place.depth + 1, optional: false, distinct };
        // The last ones: the first ones may have schemas of their own.
        let wanted = contains.as_ref().filter(|_| index + contained >= count);
        match both(shape.items(Some(index)), wanted) {
            Some(item) => writer.value(&item, inner),
            None => Some(Node::quoted(&format!("item {}", index + 1))),
        }
    });
    Node::Array(items.collect())
}

fn both<'s>(item: Option<Shape<'s>>, wanted: Option<&Shape<'s>>) -> Option<Shape<'s>> {
    match (item, wanted) {
        (Some(item), Some(wanted)) => Some(item.and(wanted)),
        (item, wanted) => item.or_else(|| wanted.cloned()),
    }
}

fn count(shape: &Shape<'_>, contained: usize, depth: usize) -> usize {
    let asked = if contained > 0 { positions(shape) + contained } else { 0 };
    let least = bound(shape, "minItems").unwrap_or(0).max(asked);
    let most = shape.schemas().filter_map(|schema| schema.get("maxItems")?.as_u64()).min();
    let wanted = if depth > OPTIONAL_DEPTH { least } else { least.max(1) };
    most.and_then(|most| usize::try_from(most).ok()).map_or(wanted, |most| wanted.min(most)).min(MANY)
}

/// Items that have a schema of their own.
fn positions(shape: &Shape<'_>) -> usize {
    let lists = shape.schemas().filter_map(|schema| schema.get("prefixItems").or(schema.get("items"))?.as_array());
    lists.map(Vec::len).max().unwrap_or(0)
}
