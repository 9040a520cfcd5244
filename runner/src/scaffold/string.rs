//! Strings a schema allows, as a template draws them: the text between the quotes.

use serde_json::{Value, json};

use super::columns::is_id;
use super::names::snake_case;
use super::pattern;
use crate::producer::{Generator, Template};
use crate::validate::{Options, Validator};

/// Letters of a text about which nothing is said.
const LENGTH: usize = 8;
/// Renderings by which a text is judged.
const RENDERINGS: usize = 5;

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
    let wanted = LENGTH.max(least.unwrap_or(0)).min(most.unwrap_or(usize::MAX));
    let known = |format: &str| FORMATS.iter().find(|(known, _)| *known == format).map(|(_, text)| (*text).to_owned());
    let of_format = text("format").find_map(known);
    if text("pattern").next().is_some() {
        return matching(schemas, of_format, text("pattern"), wanted);
    }
    let fits = |length: usize| least.is_none_or(|least| least <= length) && most.is_none_or(|most| length <= most);
    of_format.or_else(|| by_name(name, fits)).unwrap_or_else(|| letters(wanted))
}

/// The first text that is allowed: of the format, of the patterns, of any format; the likeliest when none is.
fn matching<'p>(
    schemas: &[&Value],
    of_format: Option<String>,
    patterns: impl Iterator<Item = &'p str>,
    length: usize,
) -> String {
    let each: Vec<String> = patterns.filter_map(|pattern| pattern::template(pattern, length)).collect();
    let all = each.iter().cloned().reduce(|one, other| joined(&one, &other));
    let others = FORMATS.iter().map(|(_, text)| (*text).to_owned());
    let likely = of_format.into_iter().chain(all).chain(each).chain([letters(length)]);
    let candidates: Vec<String> = likely.chain(others).collect();
    let allowed = Allowed::by(schemas);
    candidates.iter().find(|text| allowed.takes(text)).unwrap_or(&candidates[0]).clone()
}

fn letters(length: usize) -> String {
    format!("{{{{random_string {length}}}}}")
}

/// What the keywords about strings allow.
struct Allowed(Option<Validator>);

impl Allowed {
    fn by(schemas: &[&Value]) -> Self {
        let keyword = |key: &&str| ["pattern", "format", "minLength", "maxLength"].contains(key);
        let kept = |schema: &&Value| -> Value {
            let fields = schema.as_object().into_iter().flatten().filter(|(key, _)| keyword(&key.as_str()));
            fields.map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        let all = json!({ "allOf": schemas.iter().map(kept).collect::<Vec<Value>>() });
        Self(Validator::of(&all, Options::default()).ok())
    }

    /// A few renderings tell; the event as a whole is tried out in any case.
    fn takes(&self, text: &str) -> bool {
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

/// A text for two patterns, of which one says how it begins (`order--`) and the other how it goes on (`[a-z]+--[0-9]+`):
/// they are joined at the longest end of the first that the second has too.
fn joined(one: &str, other: &str) -> String {
    let (start, whole) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let ends = start.char_indices().map(|(at, _)| &start[at..]);
    let mut shared = ends.filter_map(|end| Some(&whole[whole.find(end)? + end.len()..]));
    shared.next().map_or_else(|| whole.to_owned(), |rest| format!("{start}{rest}"))
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
    use super::*;

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
            json!({"pattern": "^(?=[0-9]{4}-).*Z$"}),
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
            let value = render(&template(&schemas, "x"), &mut Generator::seeded(1));
            let text = value.as_str().unwrap();
            assert!(text.starts_with("tool--") && text.len() == 14, "{text}");
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
