//! Asserts formats in drafts that did not have them yet.

use std::sync::{Arc, LazyLock};

use jsonschema::{Retrieve, ValidationOptions, Validator};
use serde_json::{Value, json};

use super::counted::{Counted, CountedNode};

/// Every format that came after draft 4. The validator asserts each from its own draft on.
const LATER: [&str; 8] = [
    "duration",
    "idn-hostname",
    "iri",
    "iri-reference",
    "json-pointer",
    "relative-json-pointer",
    "uri-reference",
    "uri-template",
];

/// The newest draft's check of each. Every schema that is compiled has them, so they are made once.
static NEWEST: LazyLock<Vec<(&str, Validator<Counted>)>> = LazyLock::new(|| {
    let mut newest = Vec::new();
    for name in LATER {
        let check =
            jsonschema::options_for::<Counted>().should_validate_formats(true).build(&json!({ "format": name }));
        newest.push((name, check.expect("a schema of one keyword")));
    }
    newest
});

/// Adds the checks to every draft: a `format: uuid` in draft 7 is meant as one.
pub(super) fn in_every_draft(
    options: ValidationOptions<'_, Arc<dyn Retrieve>, Counted>,
) -> ValidationOptions<'_, Arc<dyn Retrieve>, Counted> {
    NEWEST.iter().fold(options.with_format("uuid", is_uuid), |options, (name, newest)| {
        options.with_format(*name, |text: &str| newest.is_valid(CountedNode::new(&Value::from(text))))
    })
}

/// RFC 9562, section 4. It is in most events, so it is read without a copy.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::super::{Draft, Options, Validator};
    use super::*;

    #[test]
    fn every_format_is_asserted_in_every_draft() {
        let wrong = [
            ("duration", "1D"),
            ("idn-hostname", "-a"),
            ("iri", "a b"),
            ("iri-reference", "\\x"),
            ("json-pointer", "a"),
            ("relative-json-pointer", "/a"),
            ("uri-reference", "\\x"),
            ("uri-template", "{a"),
            ("uuid", "7c9e6679742540de944be07fc1f90ae7"),
        ];
        for draft in [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012] {
            for (format, text) in wrong {
                let options = Options { draft: Some(draft), ..Options::default() };
                let validator = Validator::of(&json!({ "format": format }), options).unwrap();
                assert!(!validator.is_valid(&json!(text)), "{format} in {draft:?}");
            }
        }
    }

    #[test]
    fn a_uuid_is_one_with_its_hyphens() {
        assert!(is_uuid("7c9e6679-7425-40de-944b-E07FC1F90AE7"));
        for wrong in [
            "",
            "7c9e6679-7425-40de-944b-e07fc1f90ae",
            "7c9e667-97425-40de-944b-e07fc1f90ae7",
            "{c9e6679-7425-40de-944b-e07fc1f90ae7",
        ] {
            assert!(!is_uuid(wrong), "{wrong}");
        }
    }
}
