//! Documents whose reading is counted, so that checking one and explaining why it is invalid have an end.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jsonschema::JsonType;
use jsonschema::json::{Array, Json, Node, NodeIdentity, Object};
use serde_json::map::Iter as MapIter;
use serde_json::{Map, Number, Value};

thread_local! {
    /// Looks that are left.
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Ends the work by unwinding.
struct TooCostly;

/// Works on documents within a number of looks at them; `None` when they are used up.
pub(super) fn within<T>(looks: usize, work: impl FnOnce() -> T) -> Option<T> {
    LEFT.set(looks);
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(panic) if panic.is::<TooCostly>() => None,
        Err(panic) => resume_unwind(panic),
    }
}

/// How many values a document consists of.
pub(super) fn values(document: &Value) -> usize {
    let mut count = 0;
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        count += 1;
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    count
}

/// Bytes of the longest text or name in a document.
pub(super) fn longest_text(document: &Value) -> usize {
    let mut longest = 0;
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => longest = longest.max(text.len()),
            Value::Array(items) => waiting.extend(items),
            Value::Object(fields) => {
                longest = fields.keys().map(String::len).fold(longest, usize::max);
                waiting.extend(fields.values());
            }
            _ => {}
        }
    }
    longest
}

fn look() {
    match LEFT.get().checked_sub(1) {
        Some(left) => LEFT.set(left),
        None => resume_unwind(Box::new(TooCostly)),
    }
}

/// The representation of a counted document.
pub(super) struct Counted;

/// A value of it.
#[derive(Clone, Copy)]
pub(super) struct CountedNode<'a>(&'a Value);

pub(super) struct CountedObject<'a>(&'a Map<String, Value>);

pub(super) struct CountedArray<'a>(&'a [Value]);

pub(super) struct Members<'a>(MapIter<'a>);

pub(super) struct Elements<'a>(std::slice::Iter<'a, Value>);

impl<'a> CountedNode<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self(value)
    }
}

impl Json for Counted {
    type Node<'a> = CountedNode<'a>;
    type PreparedKey = String;
    type StringBuffer = Value;

    // As for the values themselves, whose objects are trees.
    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut Value, string: &str, f: impl FnOnce(CountedNode<'_>) -> T) -> T {
        *buffer = Value::from(string);
        f(CountedNode(buffer))
    }
}

impl<'a> Node<'a, Counted> for CountedNode<'a> {
    type Object = CountedObject<'a>;
    type Array = CountedArray<'a>;
    type Number = &'a Number;

    fn as_object(&self) -> Option<CountedObject<'a>> {
        look();
        self.0.as_object().map(CountedObject)
    }

    fn as_array(&self) -> Option<CountedArray<'a>> {
        look();
        self.0.as_array().map(|items| CountedArray(items))
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        self.0.as_str().map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<&'a Number> {
        self.0.as_number()
    }

    fn as_boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn is_null(&self) -> bool {
        self.0.is_null()
    }

    fn json_type(&self) -> JsonType {
        look();
        Node::json_type(&self.0)
    }

    fn equals_value(&self, expected: &Value) -> bool {
        look();
        Node::equals_value(&self.0, expected)
    }

    fn string_length(&self) -> Option<u64> {
        Node::string_length(&self.0)
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Borrowed(self.0)
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Node::identity(&self.0)
    }
}

impl<'a> Object<'a, Counted> for CountedObject<'a> {
    type Node = CountedNode<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, key: &String) -> Option<CountedNode<'a>> {
        look();
        self.0.get(key).map(CountedNode)
    }

    fn members(&self) -> Members<'a> {
        Members(self.0.iter())
    }
}

impl<'a> Array<'a, Counted> for CountedArray<'a> {
    type Node = CountedNode<'a>;
    type ElementsIter = Elements<'a>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn elements(&self) -> Elements<'a> {
        Elements(self.0.iter())
    }

    fn is_unique(&self) -> bool {
        Array::is_unique(&self.0)
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, CountedNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name.as_str(), CountedNode(value)))
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = CountedNode<'a>;

    fn next(&mut self) -> Option<CountedNode<'a>> {
        self.0.next().map(CountedNode)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::validate::{Options, Validator};

    /// A tree of conditions, as rule engines have them: each level of a wrong one multiplies the errors.
    fn tree() -> Validator {
        let branch = |op: &str| {
            json!({"required": ["op", "args"],
                   "properties": {"op": {"const": op}, "args": {"type": "array", "items": {"$ref": "#"}}}})
        };
        let leaf = json!({"required": ["field"], "properties": {"field": {"type": "string"}}});
        let schema = json!({"oneOf": [branch("and"), branch("or"), branch("not"), leaf]});
        Validator::of(&schema, Options::default()).expect("the schema compiles")
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(json!({"field": 1}), |inner, _| json!({"op": "and", "args": [inner]}))
    }

    #[test]
    fn a_deep_violation_is_rejected_without_its_alternatives() {
        let rejection = tree().check(&nested(40)).expect_err("the leaf is not a string");
        assert_eq!(rejection.code, crate::message::Code::Schema);
        assert!(rejection.message.contains("nest too deep"), "{}", rejection.message);
    }

    #[test]
    fn a_shallow_violation_is_explained() {
        let rejection = tree().check(&nested(2)).expect_err("the leaf is not a string");
        assert_eq!(rejection.instance_path.as_deref(), Some("/args/0/args/0/field"), "{}", rejection.message);
    }

    #[test]
    fn a_large_document_is_explained() {
        let schema = json!({"items": {"type": "object", "properties": {"n": {"type": "integer"}}}});
        let validator = Validator::of(&schema, Options::default()).expect("the schema compiles");
        let mut items = vec![json!({"n": 1, "s": "text"}); 50_000];
        items.push(json!({"n": "x"}));
        let rejection = validator.check(&Value::from(items)).expect_err("the last item is wrong");
        assert_eq!(rejection.instance_path.as_deref(), Some("/50000/n"));
    }
}
