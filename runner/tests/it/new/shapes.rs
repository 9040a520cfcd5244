//! Schemas and samples of different shapes.

use serde_json::{Value, json};

/// Schemas of different shapes, by the name of the pipeline.
pub(crate) fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        (
            "flat",
            json!({"type": "object", "required": ["id", "n", "ok", "at"], "additionalProperties": false, "properties": {
                "id": {"type": "string", "format": "uuid"}, "n": {"type": "integer", "minimum": 5, "maximum": 6},
                "ok": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
                "price": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}}}),
        ),
        (
            "nested-draft-07",
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                "required": ["customer", "deep", "lines"],
                "definitions": {"id": {"type": "string", "pattern": "^C-[0-9]{6}$"},
                    "line": {"type": "object", "required": ["sku"], "properties": {"sku": {"$ref": "#/definitions/id"},
                        "sub": {"type": "array", "items": {"$ref": "#/definitions/line"}}}}},
                "properties": {"customer": {"type": "object", "required": ["id"], "properties": {
                        "id": {"$ref": "#/definitions/id"}, "email": {"type": ["string", "null"], "format": "email"}}},
                    "deep": {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "object"}}}}},
                    "lines": {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/line"}}}}),
        ),
        (
            "arrays",
            json!({"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                "kinds": {"type": "array", "minItems": 3, "uniqueItems": true, "items": {"enum": ["a", "b", "c"]}},
                "ids": {"type": ["array", "null"], "items": {"type": "string", "format": "uuid"}},
                "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "items": false},
                "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "none": {"type": "array", "maxItems": 0}}}),
        ),
        (
            "formats",
            json!({"type": "object", "required": ["a", "b", "c", "d", "e", "f", "g", "h"], "properties": {
                "a": {"format": "ipv4", "type": "string"}, "b": {"format": "ipv6", "type": "string"},
                "c": {"format": "date", "type": "string"}, "d": {"format": "time", "type": "string"},
                "e": {"format": "duration", "type": "string"}, "f": {"format": "uri", "type": "string"},
                "g": {"format": "hostname", "type": "string"}, "h": {"format": "email", "type": "string"}}}),
        ),
        (
            "enums",
            json!({"type": "object", "required": ["type", "level", "mixed", "only", "nothing"], "properties": {
                "type": {"const": "order \"{{placed}}\""}, "level": {"enum": [1, 2, 3]}, "mixed": {"enum": ["x", 1, null]},
                "only": {"enum": ["it's {so}"]}, "nothing": {"type": "null"}}}),
        ),
        (
            "kinds",
            json!({"oneOf": [
                {"type": "object", "required": ["kind", "id", "amount"], "additionalProperties": false,
                    "properties": {"kind": {"const": "paid"}, "id": {"type": "string"}, "amount": {"type": "number"}}},
                {"type": "object", "required": ["kind", "id", "why"], "additionalProperties": false,
                    "properties": {"kind": {"const": "failed"}, "id": {"type": "string"}, "why": {"type": "string"}}}]}),
        ),
        (
            "conditions",
            json!({"type": "object", "required": ["method", "total"], "properties": {
                "method": {"enum": ["card", "cash"]}, "total": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"}},
                "if": {"properties": {"method": {"const": "card"}}}, "then": {"required": ["card"],
                    "properties": {"card": {"type": "string", "minLength": 4, "maxLength": 4}}},
                "else": {"properties": {"card": false}}}),
        ),
        (
            "odd_names",
            json!({"type": "object", "required": ["detail-type", "größe", "order", "xmin", "null"], "properties": {
                "detail-type": {"type": "string"}, "größe": {"type": "integer"}, "order": {"type": "integer"},
                "xmin": {"type": "string"}, "null": {"type": "string"}, "a: b #c": {"type": "string"}, "it's \"q\"": {"type": "string"},
                "{{x}}": {"type": "string"}, "${HOME}": {"type": "string"}, "message_id": {"type": "integer"}, "": {"type": "boolean"},
                "a.b/c~d": {"type": "object", "required": ["x y"], "properties": {"x y": {"type": "number"}}},
                "camelCase": {"type": "string"}, "camel_case": {"type": "string"}, "back\\slash": {"const": "C:\\"}}}),
        ),
        ("empty", json!({"type": "object"})),
        ("anything", json!({"required": ["payload"], "properties": {"payload": true, "more": {}}})),
        (
            "maps",
            json!({"type": "object", "required": ["labels", "id"], "minProperties": 3, "additionalProperties": {"type": "integer"},
                "properties": {"id": {"type": "integer", "minimum": 9_007_199_254_740_993_u64},
                    "labels": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}}}),
        ),
        (
            "look_ahead",
            json!({"type": "object", "required": ["code", "step"], "properties": {
                "code": {"type": "string", "pattern": "^(?!0)[A-F]{2}$", "examples": ["AB"]},
                "step": {"type": "number", "multipleOf": 0.05, "minimum": 10}}}),
        ),
        (
            "all-of",
            json!({"allOf": [{"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 5}}},
                {"required": ["n"], "properties": {"id": {"minLength": 5}, "n": {"minimum": 3, "type": "integer"}}}]}),
        ),
    ]
}

/// Samples of different shapes; the last ones are JSON Lines.
pub(crate) const SAMPLES: [(&str, &str); 5] = [
    (
        "webhooks",
        r#"{"id": "evt_1NG8Du2eZvKYlo2C", "type": "charge.succeeded", "created": 1680064028, "livemode": false,
            "data": {"object": {"id": "ch_3MmlLrLkdIwHu7ix", "amount": 100.50, "tags": ["a", "b"], "note": null}}}"#,
    ),
    ("bare", "{}"),
    (
        "readings",
        "{\"device\": \"d-1\", \"ts\": 1700000000123, \"value\": 1, \"ok\": true, \"at\": \"2024-01-02T03:04:05Z\"}\n\
         {\"device\": \"d-2\", \"ts\": 1700000000456, \"value\": 2.5, \"ok\": null, \"at\": \"2024-01-02T03:04:06+01:00\"}\n\
         {\"device\": \"d-3\", \"ts\": 1700000000789, \"value\": 1e3, \"extra\": [1, 2.5], \"at\": \"2024-01-02T03:04:07Z\"}\n",
    ),
    (
        "mixed",
        "{\"order_id\": \"6f9619ff-8b86-4d01-b42d-00cf4fc964ff\", \"x\": 1, \"list\": [{\"a\": 1}], \"day\": \"2024-01-02\"}\n\
         {\"order_id\": \"7f9619ff-8b86-4d01-b42d-00cf4fc964ff\", \"x\": \"one\", \"list\": [], \"day\": \"2024-01-03\"}\n",
    ),
    (
        "envelopes",
        r#"{"detail-type": "Order Placed", "source": "shop", "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "time": "2015-10-08T16:53:06Z", "resources": [], "detail": {"größe": 3, "text": "{{no helper}} \\"}}"#,
    ),
];
