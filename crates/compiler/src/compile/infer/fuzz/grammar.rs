//! Random schemas, documents that keep to them, and expressions about these documents.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

const FIELDS: [&str; 3] = ["a", "b", "c"];

/// Schemas of objects with the fields `a`, `b` and `c`, which may be of any kind again.
pub(super) fn schema() -> impl Strategy<Value = Value> {
    let leaf = select(vec![
        json!({"type": "string"}),
        json!({"type": "integer"}),
        json!({"type": "number"}),
        json!({"type": "boolean"}),
        json!({"type": "null"}),
        json!({"type": ["string", "null"]}),
        json!({"type": ["integer", "string"]}),
        json!({"enum": ["a", "b"]}),
        json!({"enum": [1, null, "x"]}),
        json!({"enum": [1, 1.5, 2]}),
        json!({"const": "a"}),
        json!({"const": false}),
    ]);
    let value = leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            3 => object(inner.clone()),
            2 => (inner.clone(), 0..3_u8).prop_map(|(items, least)| {
                json!({"type": "array", "items": items, "minItems": least})
            }),
            1 => (inner.clone(), inner).prop_map(|(one, other)| json!({"anyOf": [one, other]})),
        ]
    });
    object(value)
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let fields = proptest::collection::vec(value, FIELDS.len());
    let present = subsequence(FIELDS.to_vec(), 1..=FIELDS.len());
    (fields, present, any::<[bool; 3]>(), any::<bool>()).prop_map(|(schemas, present, required, open)| {
        let named = FIELDS.into_iter().zip(schemas).zip(required);
        let named: Vec<_> = named.filter(|((name, _), _)| present.contains(name)).collect();
        let required: Vec<_> = named.iter().filter(|(_, required)| *required).map(|((name, _), _)| *name).collect();
        let properties: serde_json::Map<_, _> =
            named.iter().map(|((name, schema), _)| ((*name).to_owned(), schema.clone())).collect();
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": open})
    })
}

/// Documents that keep to a schema made by [`schema`].
pub(super) fn document(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return select(values.clone()).boxed();
    }
    if let Some(value) = schema.get("const") {
        return Just(value.clone()).boxed();
    }
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        return proptest::strategy::Union::new(branches.iter().map(document)).boxed();
    }
    match &schema["type"] {
        Value::Array(types) => {
            let of_type = |ty: &Value| document(&json!({ "type": ty }));
            proptest::strategy::Union::new(types.iter().map(of_type)).boxed()
        }
        ty => document_of_type(ty.as_str().expect("a type"), schema),
    }
}

fn document_of_type(ty: &str, schema: &Value) -> BoxedStrategy<Value> {
    match ty {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => prop_oneof![-2..3_i64, any::<i64>()].prop_map(Value::from).boxed(),
        "number" => prop_oneof![(-2..3_i64).prop_map(Value::from), (-9.0..9.0_f64).prop_map(Value::from)].boxed(),
        "string" => prop_oneof!["[ab]?", "[0-9]{1,3}", "\\PC{0,4}"].prop_map(Value::from).boxed(),
        "array" => {
            let least = usize::try_from(schema["minItems"].as_u64().unwrap_or(0)).expect("a small number");
            proptest::collection::vec(document(&schema["items"]), least..least + 3).prop_map(Value::from).boxed()
        }
        _ => object_document(schema),
    }
}

fn object_document(schema: &Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().expect("a list");
    let mut fields: BoxedStrategy<Vec<(String, Option<Value>)>> = Just(Vec::new()).boxed();
    let properties = schema["properties"].as_object().expect("fields");
    for (name, field) in properties {
        let name = name.clone();
        let value = if required.contains(&json!(name)) {
            document(field).prop_map(Some).boxed()
        } else {
            proptest::option::weighted(0.6, document(field)).boxed()
        };
        let next = (fields, value).prop_map(move |(mut fields, value)| {
            fields.push((name.clone(), value));
            fields
        });
        fields = next.boxed();
    }
    let open = schema["additionalProperties"] == json!(true);
    let unlisted: Vec<&str> = FIELDS.into_iter().filter(|name| open && !properties.contains_key(*name)).collect();
    let extra = (subsequence(unlisted.clone(), 0..=unlisted.len()), select(vec![json!(1), json!("a"), json!([])]));
    (fields, extra)
        .prop_map(|(fields, (unlisted, value))| {
            let listed = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let unlisted = unlisted.into_iter().map(|name| (name.to_owned(), value.clone()));
            Value::Object(listed.chain(unlisted).collect())
        })
        .boxed()
}

const LEAVES: &str = r#"
    . .a .b .c .a.a .a.b .b.a .c.b.a .a[0] .b[1] .a[-1] .b[] .a[]? .a?.b? .a[1:] $doc.a $body.b $sqs.message_id
    $sqs.attributes.x 0 1 -1 1.5 "" "a" "1" null true false [] {} empty $x ..
"#;

const FUNCTIONS: &str = "
    length type keys values tostring tonumber not add any all first last reverse sort unique min max floor round
    ceil sqrt fabs abs ascii_downcase ascii_upcase lower upper sha256 unix unix_ms url_decode unhex tojson fromjson
    to_entries from_entries flatten strings numbers arrays objects nulls booleans scalars iterables explode implode
    trim ltrim transpose paths leaf_paths recurse tostream @base64 @base64d @text @json @csv @uri @html @sh fromdate
    todate mktime gmtime infinite nan isnan isvalid ascii utf8bytelength toarray error combinations
";

const FUNCTIONS_OF_ONE: &str = "
    map select has startswith endswith test split join index rindex indices sort_by group_by min_by max_by unique_by
    with_entries map_values any all contains inside first last isempty range recurse walk del path paths getpath
    delpaths ltrimstr rtrimstr trimstr splits match capture scan IN in flatten pick error add nth strptime strftime
    to_entries repeat INDEX
";

const OPERATORS: &str = "| | // // + - * / % == != < <= > >= and or , = |= += //=";

/// One of the words of a list.
fn word(list: &'static str) -> impl Strategy<Value = &'static str> {
    select(list.split_whitespace().collect::<Vec<_>>())
}

/// Expressions, most of which compile.
pub(super) fn expression() -> impl Strategy<Value = String> {
    let leaf = word(LEAVES).prop_map(str::to_owned);
    leaf.prop_recursive(4, 20, 3, |inner| {
        let (one, two) = (inner.clone(), (inner.clone(), inner.clone()));
        let three = (inner.clone(), inner.clone(), inner.clone());
        let step = select(vec![".a", ".b", "[0]", "[]", "?", "[1:]", "[]?", "[:-1]"]);
        prop_oneof![
            4 => (two.clone(), word(OPERATORS)).prop_map(|((x, y), operator)| format!("({x} {operator} {y})")),
            3 => (one.clone(), word(FUNCTIONS)).prop_map(|(x, function)| format!("({x} | {function})")),
            3 => (two.clone(), word(FUNCTIONS_OF_ONE)).prop_map(|((x, y), name)| format!("({x} | {name}({y}))")),
            2 => (one.clone(), step).prop_map(|(x, step)| format!("({x}){step}")),
            1 => two.clone().prop_map(|(x, y)| format!("({x} as $x | {y})")),
            1 => one.clone().prop_map(|x| format!("[{x}]")),
            1 => two.clone().prop_map(|(x, y)| format!("{{a: {x}, b: {y}}}")),
            1 => one.clone().prop_map(|x| format!("\"t\\({x})\"")),
            1 => three.clone().prop_map(|(x, y, z)| format!("if {x} then {y} else {z} end")),
            1 => two.clone().prop_map(|(x, y)| format!("if {x} then {y} end")),
            1 => two.prop_map(|(x, y)| format!("(try {x} catch {y})")),
            1 => three.prop_map(|(x, y, z)| format!("(reduce {x} as $x ({y}; {z}))")),
            1 => one.prop_map(|x| format!("(-{x})")),
        ]
    })
}

/// Conditions, as `when` and `skip` have them.
pub(super) fn condition() -> impl Strategy<Value = String> {
    let place = select(vec![".a", ".b", ".c", ".a.a", ".b.a", ".a[0]", "(.a | length)", "(.b | type)", "(.a // .b)"]);
    let literal =
        select(vec!["null", "1", "0", "\"a\"", "\"\"", "\"string\"", "\"null\"", "[]", "true", "false", "1.0"]);
    let test = select(vec![
        "startswith(\"a\")",
        "endswith(\"b\")",
        "test(\"a\")",
        "has(\"a\")",
        "IN(\"a\", \"b\")",
        "IN(1, null)",
        "any",
        "all",
        "not",
        "index(\"a\")",
        "lower",
        "strings",
        "select(. != null)",
        "length",
        "contains(\"a\")",
    ]);
    let comparison = select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        4 => (place.clone(), comparison, literal.clone()).prop_map(|(x, cmp, y)| format!("{x} {cmp} {y}")),
        1 => (place.clone(), literal).prop_map(|(x, y)| format!("({x} // {y}) == {y}")),
        1 => place.clone().prop_map(str::to_owned),
        2 => (place, test).prop_map(|(x, test)| format!("({x} | {test})")),
        1 => expression(),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} and {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} or {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("({x} // {y})")),
            inner.prop_map(|x| format!("({x} | not)")),
        ]
    })
}
