//! Strings a schema allows, as a template draws them: the text between the quotes.

use serde_json::Value;

use super::columns::is_id;
use super::names::snake_case;
use super::pattern;

/// Letters of a text about which nothing is said.
const LENGTH: usize = 8;

/// JSON Schema's formats, each with texts of that format.
const FORMATS: [(&str, &str); 17] = [
    ("uuid", "{{uuid}}"),
    ("date-time", "{{now}}"),
    ("date", "2026-{{random_int 10 12}}-{{random_int 10 28}}"),
    ("time", "{{random_int 10 23}}:{{random_int 10 59}}:{{random_int 10 59}}Z"),
    ("duration", "PT{{random_int 1 59}}M"),
    ("email", "user{{random_int 1 9999}}@example.com"),
    ("idn-email", "user{{random_int 1 9999}}@example.com"),
    ("hostname", "host{{random_int 1 9999}}.example.com"),
    ("idn-hostname", "host{{random_int 1 9999}}.example.com"),
    ("ipv4", "10.0.{{random_int 0 255}}.{{random_int 1 254}}"),
    ("ipv6", "2001:db8::{{random_int 1 9999}}"),
    ("uri", "https://example.com/{{random_string 8}}"),
    ("uri-reference", "/{{random_string 8}}"),
    ("iri", "https://example.com/{{random_string 8}}"),
    ("iri-reference", "/{{random_string 8}}"),
    ("json-pointer", "/{{random_string 8}}"),
    ("byte", "AAEC"),
];

/// What a name says when the schema says nothing, with the length of its texts.
const NAMES: [(&str, &str, usize); 8] = [
    ("email", "user{{random_int 1000 9999}}@example.com", 20),
    ("currency", "{{random_choice \"EUR\" \"USD\" \"GBP\"}}", 3),
    ("country", "{{random_choice \"PT\" \"IT\" \"AT\"}}", 2),
    ("url", "https://example.com/{{random_string 8}}", 28),
    ("timestamp", "{{now}}", 24),
    ("time", "{{now}}", 24),
    ("at", "{{now}}", 24),
    ("name", "{{random_choice \"Ada\" \"Eva\" \"Ian\"}}", 3),
];

/// A text that every schema of a conjunction allows, as far as that can be told from its keywords.
pub(super) fn template(schemas: &[&Value], name: &str) -> String {
    let text = |key: &'static str| schemas.iter().filter_map(move |schema| schema.get(key)?.as_str());
    let least = schemas.iter().filter_map(|schema| length(schema, "minLength")).max();
    let most = schemas.iter().filter_map(|schema| length(schema, "maxLength")).min();
    let by_format = text("format").find_map(|format| FORMATS.iter().find(|(known, _)| *known == format));
    if let Some((_, template)) = by_format {
        return (*template).to_owned();
    }
    let wanted = LENGTH.max(least.unwrap_or(0)).min(most.unwrap_or(usize::MAX));
    if let Some(template) = text("pattern").find_map(|pattern| pattern::template(pattern, wanted)) {
        return template;
    }
    let fits = |length: usize| least.is_none_or(|least| least <= length) && most.is_none_or(|most| length <= most);
    by_name(name, fits).unwrap_or_else(|| format!("{{{{random_string {wanted}}}}}"))
}

fn length(schema: &Value, key: &str) -> Option<usize> {
    usize::try_from(schema.get(key)?.as_u64()?).ok()
}

fn by_name(name: &str, fits: impl Fn(usize) -> bool) -> Option<String> {
    let name = snake_case(name);
    if is_id(&name) && fits(36) {
        return Some("{{uuid}}".to_owned());
    }
    let said = |word: &str| name == word || name.ends_with(&format!("_{word}"));
    let known = NAMES.iter().find(|(word, _, length)| said(word) && fits(*length));
    known.map(|(_, template, _)| (*template).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::producer::{Generator, Template};
    use crate::validate::{Options, Validator};

    fn render(text: &str, generator: &mut Generator) -> Value {
        let template = Template::compile("t", &format!("\"{text}\"")).unwrap();
        serde_json::from_str(&template.render(generator).unwrap()).unwrap()
    }

    fn check(schema: &Value, name: &str) {
        let validator = Validator::of(schema, Options::default()).unwrap();
        let text = template(&[schema], name);
        let mut generator = Generator::seeded(1);
        for _ in 0..50 {
            let value = render(&text, &mut generator);
            assert!(validator.is_valid(&value), "{schema} {name}: {text}: {value}");
        }
    }

    #[test]
    fn every_format_is_met() {
        for (format, _) in FORMATS {
            check(&json!({ "format": format }), "x");
        }
    }

    #[test]
    fn patterns_and_lengths_are_met() {
        for schema in [
            json!({"pattern": "^[A-Z]{3}$"}),
            json!({"pattern": "^ord_[a-z0-9]{8,12}$"}),
            json!({"pattern": "^(tx|ref)-[0-9]+(\\.[0-9]{2})?$", "minLength": 6}),
            json!({"pattern": "^\\+?[1-9]\\d{1,14}$"}),
            json!({"pattern": "^[0-9a-f]{40}$"}),
            json!({"pattern": "^https?:\\/\\/", "maxLength": 20}),
            json!({"pattern": "^\\S+@\\S+$"}),
            json!({"minLength": 12}),
            json!({"maxLength": 2}),
            json!({"maxLength": 0}),
        ] {
            check(&schema, "x");
        }
    }

    #[test]
    fn a_name_tells_more_where_the_length_allows_it() {
        assert_eq!(template(&[&json!({})], "customerId"), "{{uuid}}");
        assert_eq!(template(&[&json!({"maxLength": 10})], "customer_id"), "{{random_string 8}}");
        assert_eq!(template(&[&json!({})], "createdAt"), "{{now}}");
        for (name, _, length) in NAMES {
            check(&json!({"minLength": length, "maxLength": length}), name);
        }
    }
}
