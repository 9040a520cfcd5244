//! Many files, and patterns that choose among them.

use super::folder;

#[test]
fn a_limit_on_files_is_problems() {
    let names: Vec<String> = (0..1_100).map(|at| format!("s/{at:05}.json")).collect();
    let texts: Vec<String> =
        (0..1_100).map(|at| format!(r#"{{"properties": {{"t": {{"const": "k{at}"}}}}}}"#)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let many = folder("{ discriminator: .t, files: 's/*.json' }", &files);
    assert_eq!(many.verdict(r#"{"t": "k1099"}"#), "valid");
    assert_eq!(many.verdict(r#"{"t": "k1100"}"#), "NoSchema");
}

#[test]
fn a_pattern_says_which_endings_there_are() {
    let problems = folder("{ discriminator: .t, files: 's/*.schema' }", &[("s/a.schema", "{}")]).compile().unwrap_err();
    assert!(problems[0].help.iter().any(|help| help.contains("`.yaml`")), "{problems:?}");
}
