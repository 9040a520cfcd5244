//! Unions of conjunctions, kept small.

use std::collections::HashSet;

use serde_json::Value;

use super::conjunction::Conjunction;
use super::negation::REMARKS;
use super::types::is_possible;

/// Alternatives kept where two unions meet; beyond it, the second one counts with what its alternatives have in common.
const MAX_ALTERNATIVES: usize = 256;
/// Pairs tried for it.
const MAX_PAIRS: usize = 16 * MAX_ALTERNATIVES;

/// Every possible pair, each as one conjunction of the two.
pub(crate) fn product<'s>(left: &[Conjunction<'s>], right: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    if left.len() * right.len() <= MAX_PAIRS {
        let found = pairs(left, right);
        if right.len() == 1 || found.len() <= MAX_ALTERNATIVES {
            return found;
        }
    }
    pairs(left, &in_common(right))
}

fn pairs<'s>(left: &[Conjunction<'s>], right: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    let mut pairs = Vec::new();
    for left in left {
        for right in right {
            let both = left.and(right).settled(&|name| right.restricts(name));
            if is_possible(&both) {
                pairs.push(both);
            }
        }
    }
    pairs
}

/// One conjunction that allows all that any of these does.
pub(crate) fn in_common<'s>(alternatives: &[Conjunction<'s>]) -> Vec<Conjunction<'s>> {
    alternatives.iter().cloned().reduce(|all, one| all.in_common(&one)).into_iter().collect()
}

/// Those that differ in the schemas that count.
pub(crate) fn distinct(mut all: Vec<Conjunction<'_>>, counts: fn(&Value) -> bool) -> Vec<Conjunction<'_>> {
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.identity(counts)));
    all
}

/// Whether a schema restricts values by itself, apart from the schemas it is made of.
pub(crate) fn restricts_by_itself(schema: &Value) -> bool {
    const FOLLOWED: [&str; 20] = [
        "$anchor",
        "$defs",
        "$dynamicAnchor",
        "$dynamicRef",
        "$id",
        "$recursiveRef",
        "$ref",
        "$schema",
        "allOf",
        "anyOf",
        "definitions",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "not",
        "oneOf",
        "then",
        "id",
    ];
    match schema {
        Value::Object(keywords) => {
            keywords.keys().any(|keyword| !FOLLOWED.contains(&&**keyword) && !REMARKS.contains(&&**keyword))
        }
        other => *other == Value::Bool(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Field, Shape, Type};

    use super::*;

    fn count(shape: &Shape<'_>) -> usize {
        shape.alternatives().count()
    }

    fn field<'s>(shape: &Shape<'s>, name: &str) -> Shape<'s> {
        let Field::Known { shape, .. } = shape.field(name) else { panic!("`{name}` is not listed") };
        shape
    }

    /// A node of many kinds, each with a field for the next node, as deep as it is asked for.
    fn nested(depth: usize, kinds: usize) -> Value {
        let child = if depth == 0 { json!({}) } else { nested(depth - 1, kinds) };
        let kind = |kind| json!({"properties": {"kind": {"const": kind}, "child": child}, "required": ["kind"]});
        json!({"type": "object", "oneOf": (0..kinds).map(kind).collect::<Vec<_>>()})
    }

    #[test]
    fn alternatives_within_alternatives_do_not_multiply() {
        let schema = nested(3, 9);
        let shape = Shape::of_value(&schema);
        let two = field(&field(&shape, "child"), "child");
        assert_eq!(count(&field(&shape, "child")), 81);
        assert!(count(&two) <= 512, "{}", count(&two));
        assert_eq!(two.types(), [(Type::Object, None)]);
        assert!(!two.allows(Type::Object) && matches!(two.field("kind"), Field::Open));
    }

    #[test]
    fn equal_alternatives_count_once() {
        let same = json!({"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"of": {"type": "null"}}});
        assert_eq!(count(&field(&Shape::of_value(&same), "of")), 1);
    }

    #[test]
    fn what_is_too_much_leaves_the_rest_known() {
        let either = |n: usize| json!({"anyOf": [{"required": [format!("f{n}")]}, {"required": ["other"]}]});
        let properties = json!({"f0": {"type": ["string", "null"]}, "id": {"type": "integer"}});
        let schema = json!({"type": "object", "properties": properties, "required": ["id"],
            "additionalProperties": false, "allOf": (0..20).map(either).collect::<Vec<_>>()});
        let shape = Shape::of_value(&schema);
        assert!(matches!(shape.field("idd"), Field::Closed));
        assert_eq!(field(&shape, "id").types(), [(Type::Integer, None)]);
        assert!(field(&shape, "f0").may_be(Type::Null) && !field(&shape, "f0").allows(Type::Null));
        assert!(!shape.allows_without("f0"));
    }
}
