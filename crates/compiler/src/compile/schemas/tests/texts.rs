//! Schema files in JSON and in YAML.

use super::folder;

#[test]
fn a_key_written_twice_is_problems_with_its_place() {
    let json = folder("a.json", &[("a.json", "{\n\"type\": \"string\", \"type\": \"number\"}")]).problems();
    assert!(json[0].starts_with("E0119 a.json:2:"), "{json:?}");
    assert!(json[0].contains("the key \"type\" is written twice"), "{json:?}");
    let yaml = folder("a.yaml", &[("a.yaml", "type: string\ntype: number\n")]).problems();
    assert_eq!(yaml, ["E0108 a.yaml:2:1 `type` is written twice"]);
}

#[test]
fn a_merge_key_is_not_passed_over() {
    let a = "base: &c {type: integer}\nproperties:\n  b: {<<: *c, minimum: 3}\n";
    let problems = folder("a.yaml", &[("a.yaml", a)]).problems();
    assert_eq!(problems, ["E0102 a.yaml:3:7 merge keys (`<<`) are not supported"]);
}

#[test]
fn aliases_and_words_are_those_of_yaml_1_2() {
    let a =
        "base: &c {type: integer}\nproperties:\n  b: *c\n  c: {enum: [yes, 1.50, 2024-01-01]}\n  d: {const: \"<<\"}\n";
    let at = folder("a.yaml", &[("a.yaml", a)]);
    assert_eq!(at.verdict(r#"{"b": 1, "c": "yes", "d": "<<"}"#), "valid");
    assert_eq!(at.verdict(r#"{"c": true}"#), "enum");
    assert_eq!(at.verdict(r#"{"b": "x"}"#), "type");
    let hex = folder("a.yaml", &[("a.yaml", "maximum: 0x1F\n")]).problems();
    assert_eq!(hex, ["E0119 a.yaml:1:10 `0x1F` is not a number in JSON"]);
}
