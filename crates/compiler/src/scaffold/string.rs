//! Strings a schema allows, as a template draws them: the text between the quotes.

use serde_json::{Value, json};

use super::candidates;
use super::keywords::has_any;
use super::lengths::Lengths;
use super::names::{ends_with_word, is_id};
use pipeline::producer::{Generator, Template};
use pipeline::validate::{Options, Validator};

/// Keywords about strings.
const KEYWORDS: [&str; 5] = ["pattern", "format", "minLength", "maxLength", "not"];
/// Renderings of a text that are checked.
const RENDERINGS: usize = 20;

/// JSON Schema's formats, each with texts of that format.
const FORMATS: [(&str, &str); 20] = [
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
    ("relative-json-pointer", "1/{{random_string 8}}"),
    ("uri-template", "/{{random_string 8}}"),
    ("regex", "^{{random_string 8}}$"),
    ("byte", "AAEC"),
];

/// The text that a name suggests where the schema has neither format nor pattern, with the length of its texts.
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

/// A text that every schema of a conjunction allows, as far as its keywords show. `number` distinguishes the text from
/// others that must differ from it.
pub(super) fn template(schemas: &[&Value], name: &str, number: usize) -> String {
    let lengths = Lengths::of(schemas);
    let format = texts(schemas, "format").find_map(|format| FORMATS.iter().find(|(known, _)| *known == format));
    let usual = by_name(name, &lengths).unwrap_or_else(|| letters(lengths.wanted()));
    let has_length = has_any(schemas.iter().copied(), &["minLength", "maxLength"]);
    let has_pattern = has_any(schemas.iter().copied(), &["pattern", "not"]);
    let is_constrained = has_pattern || (has_length && format.is_some());
    if !is_constrained {
        return format.map_or(usual, |(_, text)| (*text).to_owned());
    }
    let mut candidates = Vec::new();
    if let Some((format, text)) = format {
        candidates.push((*text).to_owned());
        candidates.extend(candidates::of_length(format, &lengths));
    }
    candidates.extend(candidates::of_patterns(texts(schemas, "pattern"), lengths.wanted(), number));
    candidates.push(usual);
    candidates.extend(FORMATS.iter().map(|(_, text)| (*text).to_owned()));
    first_allowed(schemas, &candidates)
}

/// One such text.
pub(super) fn sample(schemas: &[&Value], number: usize) -> String {
    let text = template(schemas, "", number);
    let rendered = Template::compile("string", &format!("\"{text}\"")).and_then(|template| {
        let seed = u64::try_from(number).unwrap_or_default();
        template.render(&mut Generator::seeded(seed))
    });
    rendered.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(text)
}

fn texts<'s>(schemas: &[&'s Value], key: &'static str) -> impl Iterator<Item = &'s str> {
    schemas.iter().filter_map(move |schema| schema.get(key)?.as_str())
}

/// The first text that is allowed; the likeliest when none is.
fn first_allowed(schemas: &[&Value], candidates: &[String]) -> String {
    let allowed = Allowed::of(schemas);
    candidates.iter().find(|text| allowed.accepts(text)).unwrap_or(&candidates[0]).clone()
}

fn letters(length: usize) -> String {
    format!("{{{{random_string {length}}}}}")
}

/// What the keywords about strings allow.
struct Allowed(Option<Validator>);

impl Allowed {
    fn of(schemas: &[&Value]) -> Self {
        let mut kept: Vec<Value> = Vec::new();
        for schema in schemas {
            let mut fields = schema.as_object().cloned().unwrap_or_default();
            fields.retain(|key, _| KEYWORDS.contains(&key.as_str()));
            kept.push(Value::Object(fields));
        }
        Self(Validator::of(&json!({ "allOf": kept }), Options::default()).ok())
    }

    /// Checks a few renderings; the event as a whole is tried out in any case.
    fn accepts(&self, text: &str) -> bool {
        let Ok(template) = Template::compile("string", &format!("\"{text}\"")) else {
            return false;
        };
        let mut generator = Generator::seeded(0);
        (0..RENDERINGS).all(|_| {
            let value = template.render(&mut generator).ok().and_then(|text| serde_json::from_str(&text).ok());
            value.zip(self.0.as_ref()).is_some_and(|(value, allowed)| allowed.is_valid(&value))
        })
    }
}

fn by_name(name: &str, lengths: &Lengths) -> Option<String> {
    if is_id(name) && lengths.fit(36) {
        return Some("{{uuid}}".to_owned());
    }
    let known = NAMES.iter().find(|(word, _, length)| ends_with_word(name, word) && lengths.fit(*length));
    known.map(|(_, template, _)| (*template).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, generator: &mut Generator) -> Value {
        let template = Template::compile("t", &format!("\"{text}\"")).unwrap();
        serde_json::from_str(&template.render(generator).unwrap()).unwrap()
    }

    fn check(schema: &Value, name: &str) {
        let validator = Validator::of(schema, Options::default()).unwrap();
        let text = template(&[schema], name, 0);
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
            json!({"pattern": "^(?=[0-9]{4}-).*Z$"}),
            json!({"pattern": "^(?!foo)[a-z]+$"}),
            json!({"pattern": "^(?=.*\\d)[a-z\\d]{8}$"}),
            json!({"pattern": "^(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])(?=.*[@$!%*?&]).{8,}$"}),
            json!({"pattern": "^(?![_.(])[\\w.)]+(?<![_.])$", "minLength": 12}),
            json!({"pattern": "^\\p{Lu}\\p{Ll}+$"}),
            json!({"pattern": "^[а-я]{2,}$"}),
            json!({"pattern": "^[a-z]+(-[a-z]+){2}$", "maxLength": 12}),
            json!({"not": {"pattern": "^x"}}),
            json!({"format": "email", "minLength": 30}),
            json!({"format": "email", "maxLength": 8}),
            json!({"format": "uri", "maxLength": 12}),
            json!({"format": "uri", "maxLength": 8}),
            json!({"format": "uri", "minLength": 200}),
            json!({"format": "hostname", "minLength": 40}),
            json!({"format": "hostname", "maxLength": 4}),
            json!({"minLength": 12}),
            json!({"maxLength": 2}),
            json!({"maxLength": 0}),
        ] {
            check(&schema, "x");
        }
    }

    #[test]
    fn two_patterns_are_joined_where_they_meet() {
        let whole = json!({"pattern": "^[a-z][a-z-]*--[0-9]{8}$"});
        for schemas in [[&whole, &json!({"pattern": "^tool--"})], [&json!({"pattern": "^tool--"}), &whole]] {
            let value = render(&template(&schemas, "x", 0), &mut Generator::seeded(1));
            let text = value.as_str().unwrap();
            assert!(text.starts_with("tool--") && text.len() == 14, "{text}");
        }
    }

    #[test]
    fn texts_that_have_to_differ_do() {
        let schema = json!({"pattern": "^[A-Z]{2}$"});
        assert_eq!([0, 1].map(|number| template(&[&schema], "", number)), ["AB", "BC"]);
        assert_ne!(
            sample(&[&json!({"pattern": "^[a-z0-9]{8}$"})], 0),
            sample(&[&json!({"pattern": "^[a-z0-9]{8}$"})], 1)
        );
    }

    #[test]
    fn a_name_tells_more_where_the_length_allows_it() {
        assert_eq!(template(&[&json!({})], "customerId", 0), "{{uuid}}");
        assert_eq!(template(&[&json!({"maxLength": 10})], "customer_id", 0), "{{random_string 8}}");
        assert_eq!(template(&[&json!({})], "createdAt", 0), "{{now}}");
        for (name, _, length) in NAMES {
            check(&json!({"minLength": length, "maxLength": length}), name);
        }
    }
}
