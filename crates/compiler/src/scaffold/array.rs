//! The items of an array that a schema allows: one, or as many as there have to be.

use serde_json::Value;

use super::keywords::greatest;
use schema::Shape;

/// Items of an array, at most.
const MAX_ITEMS: usize = 300;

/// The schema of each item of an array of one alternative; `None` where an item may be anything. `required_only` leaves
/// out an item that the array can do without.
pub(super) fn items<'s>(shape: &Shape<'s>, required_only: bool) -> Vec<Option<Shape<'s>>> {
    let contains = shape.under(&["contains"]);
    let contained = if contains.is_some() { greatest(shape, "minContains").unwrap_or(1) } else { 0 };
    let count = count(shape, contained, required_only);
    let mut items = Vec::new();
    for index in 0..count {
        // The last items are those that `contains` asks for: the first ones may have schemas of their own.
        let required = contains.as_ref().filter(|_| index + contained >= count);
        items.push(both(shape.items(Some(index)), required));
    }
    items
}

/// Whether `uniqueItems` asks for items that differ.
pub(super) fn must_differ(shape: &Shape<'_>) -> bool {
    shape.schemas().any(|schema| schema.get("uniqueItems") == Some(&Value::Bool(true)))
}

fn both<'s>(item: Option<Shape<'s>>, required: Option<&Shape<'s>>) -> Option<Shape<'s>> {
    match (item, required) {
        (Some(item), Some(required)) => Some(item.and(required)),
        (item, required) => item.or_else(|| required.cloned()),
    }
}

fn count(shape: &Shape<'_>, contained: usize, required_only: bool) -> usize {
    let positions = if contained > 0 { items_with_own_schema(shape) + contained } else { 0 };
    let least = greatest(shape, "minItems").unwrap_or(0).max(positions);
    let wanted = if required_only { least } else { least.max(1) };
    let most = shape.schemas().filter_map(|schema| schema.get("maxItems")?.as_u64()).min();
    most.and_then(|most| usize::try_from(most).ok()).map_or(wanted, |most| wanted.min(most)).min(MAX_ITEMS)
}

fn items_with_own_schema(shape: &Shape<'_>) -> usize {
    let lists = shape.schemas().filter_map(|schema| schema.get("prefixItems").or(schema.get("items"))?.as_array());
    lists.map(Vec::len).max().unwrap_or(0)
}
