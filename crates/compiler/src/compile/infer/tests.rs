use serde_json::{Value, json};

use super::*;
use schema::Shape;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "at": {"type": "integer"},
            "name": {"type": ["string", "null"]},
            "customer": {
                "type": "object",
                "properties": {"email": {"type": "string"}},
                "required": [],
                "additionalProperties": false
            },
            "items": {"type": "array", "minItems": 1, "items": {"type": "number"}},
            "three": {"type": "array", "minItems": 3, "items": {"type": "string"}}
        },
        "required": ["id", "at", "name", "items", "three"],
        "additionalProperties": false
    })
}

/// Types, null, and findings of an expression, in words.
fn described(expr: &str) -> String {
    let schema = schema();
    let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
    let (result, findings) = infer(expr, &roots, &[], "s.json");
    let types = result.types().map_or("anything".to_owned(), |types| {
        let mut words: Vec<&str> = types.into_iter().map(|(ty, _)| ty.word()).collect();
        words.dedup();
        words.join("/")
    });
    let null = result.absent().map_or(String::new(), |null| format!(" null: {}", null.why));
    let findings: Vec<String> =
        findings.iter().map(|f| format!(" [{} at {}]", f.message, &expr[f.span.clone()])).collect();
    let findings = findings.concat();
    format!("{types}{null}{findings}")
}

/// A path may lead to the input itself, which is then replaced.
#[test]
fn only_an_assignment_to_a_part_keeps_its_input_an_object() {
    assert_eq!(described(".name |= 1"), "an object");
    for whole in [". = 1", "(if .name then .at end) |= 1", "(.name // .) |= 1", "(.. | numbers) |= 1"] {
        assert!(described(whole).starts_with("anything"), "{whole}: {}", described(whole));
    }
}

#[test]
fn paths_and_functions_have_types() {
    assert_eq!(described(".id"), "a string");
    assert_eq!(described(".id | length"), "an integer");
    assert_eq!(described(".at | unix_ms"), "a string");
    assert_eq!(described(".items[0]"), "an integer/a number");
    assert_eq!(described("$sqs.message_id"), "a string");
    assert_eq!(described(".id == \"x\""), "a boolean");
    assert_eq!(described("if .at > 0 then .id else .at end"), "a string/an integer");
    assert_eq!(described(".id | ltrimstr(\"x\") | unknown_function"), "anything");
}

#[test]
fn null_comes_from_optional_fields_and_goes_with_a_default() {
    assert_eq!(described(".name | lower"), "a string null: `name` may be null in s.json");
    assert_eq!(described(".customer.email"), "a string null: `customer` is optional in s.json");
    assert_eq!(described(".customer.email // \"none\""), "a string");
    assert_eq!(described(".name // null"), "a string null: it may be `null`");
    assert_eq!(described(".items[1]"), "an integer/a number null: the array may have no item 1");
    assert_eq!(described(".items[]"), "an integer/a number");
    assert_eq!(
        described(".name | tostring"),
        "a string [`name` may be null in s.json, and its text is then the word `null` at name]"
    );
    assert_eq!(described("empty"), " null: `empty` yields nothing");
}

#[test]
fn a_negated_value_is_absent_where_the_value_is() {
    assert_eq!(described("(-(.at.x? | 1)) // .id"), "an integer/a string");
    assert_eq!(described("-(.at, .at)"), described("(.at, .at)"));
}

/// A condition hides a null, wherever its value goes.
#[test]
fn a_default_is_used_after_a_condition() {
    for left in ["if \"a\" then .name else \"x\" end", "if .at > 0 then .name else \"x\" end | ."] {
        assert_eq!(described(&format!("({left}) // .at")), "a string/an integer", "{left}");
    }
    assert_eq!(described("(if .at > 0 then .id else \"x\" end) // .at"), "a string");
}

#[test]
fn a_step_that_fails_quietly_yields_nothing() {
    assert_eq!(described("(.at.x? | 0) // .id"), "an integer/a string");
    assert_eq!(described("(.at[]? | 0) // .id"), "an integer/a string");
    assert_eq!(described("(.customer? | 0) // .id"), "an integer/a string");
    assert_eq!(described("(.items[0]? | 0) // .id"), "an integer/a string");
}

/// A part that yields nothing leaves the whole without a result, wherever the part stands.
#[test]
fn a_default_is_used_where_a_part_yields_nothing() {
    for part in [
        ".id | ltrimstr(empty)",
        ".id | split(empty)",
        ".id | ltrimstr($doc.name | strings)",
        ".id | index(empty)",
        "{(empty): 1}",
        ".three[empty]",
        ".three[empty:]",
        ".three[:(.items[] | select(. > 1))]",
        "[.id] | .[empty]",
        ".id | splits(\",\")",
    ] {
        let types = described(&format!("({part}) // 1.5"));
        assert!(types.contains("a number") || types.starts_with("anything"), "{part}: {types}");
    }
    assert_eq!(described("(.id | ltrimstr(\"x\")) // 1"), "a string");
}

#[test]
fn several_results_are_certain_only_where_each_branch_has_them() {
    let schema = schema();
    let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
    for (expr, always) in [
        (".id, .at", true),
        ("if .at > 0 then (.id, .at) else (.at, .id) end", true),
        ("if .at > 0 then (.id, .at) else .id end", false),
        ("if .at > 0 then (.id, .at) end", false),
        ("(.at | fromjson | .x?), .id", false),
        (".items[0], .items[]", true),
        (".id or (.id, .at)", false),
        ("(.id, .at) or .id", true),
        ("(if (.name | strings) then .id else .at end), .id", false),
        ("(if .at > 0 then $doc.x[] else .at end), .id", false),
        ("(if $doc.x[] then .id else .at end), .id", false),
        ("($doc.x // $doc.y[]), .id", false),
    ] {
        let (result, _) = infer(expr, &roots, &[], "s.json");
        assert_eq!(result.many.map(|many| many.always), Some(always), "{expr}");
    }
}

#[test]
fn a_condition_without_a_result_is_not_true_and_says_nothing() {
    let schema = schema();
    let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
    assert_eq!(facts(".name == null", &roots, false).len(), 1);
    assert_eq!(facts("(.id | numbers) == 1 or .name == null", &roots, false), []);
}

#[test]
fn a_slice_has_as_many_items_as_are_left() {
    assert_eq!(described(".items[0:1] | first"), "an integer/a number");
    assert_eq!(described(".three[1:] | .[1]"), "a string");
    assert_eq!(described(".three | reverse | .[2]"), "a string");
    assert_eq!(described(".three | unique | .[1]"), "a string null: the array may have no item 1");
    assert_eq!(described(".items[:5] | .[0]"), "an integer/a number");
    assert_eq!(described(".items[1:] | first"), "an integer/a number null: `first` of an empty array is null");
}

#[test]
fn what_the_schema_lacks_is_found_at_its_place() {
    assert_eq!(described(".nmae | lower"), "a string [no such field: `.nmae` at nmae]");
    assert_eq!(described(".customer.emial"), "anything [no such field: `.customer.emial` at emial]");
    assert_eq!(described(".id.x"), "anything [no field `x`: what stands before it is a string at x]");
    assert_eq!(described(".at[0]"), "anything [no item: what stands before `[` is an integer at 0]");
    assert_eq!(described(".at | lower"), "a string [`lower` takes a string, but gets an integer at lower]");
    assert_eq!(described(".id | unix"), "a string [`unix` takes a number, but gets a string of format `uuid` at unix]");
    assert_eq!(described("$sqs.id"), "anything [no such field: `$sqs.id` at id]");
    assert_eq!(described(".nmae?"), "anything");
    assert_eq!(described("(.nmae | lower) == \"x\""), "a boolean [no such field: `.nmae` at nmae]");
}

#[test]
fn a_dashed_name_is_no_subtraction() {
    let meant = |text: &str| subtraction(text).map(|found| (found.meant, text[found.span].to_owned()));
    assert_eq!(meant(".detail-type").unwrap().0, "detail-type");
    assert_eq!(meant(".a.detail-sub-type | lower").unwrap().1, "detail-sub-type");
    assert_eq!(meant(".a - length"), None);
    assert_eq!(meant(".a-1"), None);
    assert_eq!(meant("\"\u{e9}\" + .a-b").unwrap().0, "a-b");
    assert_eq!(meant(".\"detail-type\""), None);
}
