//! Which schema an event has.

use super::folder;

#[test]
fn a_number_is_a_kind_however_it_is_spelled() {
    let a = ("a.json", r#"{"required": ["x"]}"#);
    for key in ["1", "1.0"] {
        let at = folder(&format!("{{ discriminator: .v, mapping: {{ {key}: a.json }}, otherwise: skip }}"), &[a]);
        for v in ["1", "1.0", "1e0"] {
            assert_eq!(at.verdict(&format!(r#"{{"v": {v}}}"#)), "required", "{key} {v}");
        }
        assert_eq!(at.verdict(r#"{"v": 2}"#), "unwanted");
    }
    let texts = folder("{ discriminator: .v, mapping: { '1.0': a.json }, otherwise: skip }", &[a]);
    assert_eq!(texts.verdict(r#"{"v": "1"}"#), "unwanted");
    let own = ("s/a.json", r#"{"properties": {"v": {"const": 1.0}}}"#);
    let own = folder("{ discriminator: .v, files: 's/*.json' }", &[own]);
    assert_eq!(own.verdict(r#"{"v": 1}"#), "valid");
}

#[test]
fn a_kind_may_spell_its_number_in_another_way_than_its_schema() {
    for (key, constant) in [("1", "1.0"), ("1.0", "1"), ("1e1", "10")] {
        let a = ("a.json", &*format!(r#"{{"required": ["v"], "properties": {{"v": {{"const": {constant}}}}}}}"#));
        let at = folder(&format!("{{ discriminator: .v, mapping: {{ {key}: a.json }} }}"), &[a]);
        assert_eq!(at.verdict(&format!(r#"{{"v": {constant}}}"#)), "valid", "{key} {constant}");
    }
    let wrong = ("a.json", r#"{"required": ["v"], "properties": {"v": {"const": 1.5}}}"#);
    let problems = folder("{ discriminator: .v, mapping: { 1: a.json } }", &[wrong]).compile().unwrap_err();
    assert_eq!(problems[0].code.id(), "E0157");
}
