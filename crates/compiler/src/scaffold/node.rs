//! JSON texts as a person would write them: short objects on one line, keys in their own order, helpers in place.

use std::fmt::Write;

use serde_json::Value;

/// Characters of a line, at most, beyond which an object or a list is spread over lines.
const WIDTH: usize = 100;

/// A JSON value with scalars as text: a literal, or a helper of a template that renders one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// As it stands in the text, quotes included.
    Scalar(String),
    /// In this order.
    Array(Vec<Node>),
    /// In this order.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// A string in which helpers may stand.
    pub(super) fn quoted(text: &str) -> Self {
        Self::Scalar(format!("\"{text}\""))
    }

    /// A value as it is, with the keys of its objects in the order `names` gives them.
    pub(super) fn literal(value: &Value, order: &super::KeyOrder) -> Self {
        match value {
            Value::String(text) => Self::quoted(&escaped(text)),
            Value::Array(items) => Self::Array(items.iter().map(|item| Self::literal(item, order)).collect()),
            Value::Object(fields) => {
                let names = order.sorted(fields.keys().map(String::as_str));
                Self::Object(
                    names.iter().map(|name| ((*name).to_owned(), Self::literal(&fields[*name], order))).collect(),
                )
            }
            scalar => Self::Scalar(scalar.to_string()),
        }
    }

    /// The text, with `indent` spaces before every line but the first.
    pub(super) fn text(&self, indent: usize) -> String {
        if let Some(line) = self.is_flat().then(|| self.line()).filter(|line| indent + line.chars().count() <= WIDTH) {
            return line;
        }
        let inner = indent + 2;
        let (open, lines, close) = match self {
            Self::Scalar(text) => return text.clone(),
            Self::Array(items) => ('[', items.iter().map(|item| item.text(inner)).collect::<Vec<_>>(), ']'),
            Self::Object(fields) => {
                let lines = fields.iter().map(|(name, value)| format!("{}: {}", key(name), value.text(inner)));
                ('{', lines.collect(), '}')
            }
        };
        let gap = " ".repeat(inner);
        format!("{open}\n{gap}{}\n{}{close}", lines.join(&format!(",\n{gap}")), " ".repeat(indent))
    }

    /// Nothing in it is nested deeper than one level.
    fn is_flat(&self) -> bool {
        let children: Vec<&Self> = match self {
            Self::Scalar(_) => Vec::new(),
            Self::Array(items) => items.iter().collect(),
            Self::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
        };
        children.iter().all(|child| match child {
            Self::Scalar(_) => true,
            Self::Array(items) => items.iter().all(|item| matches!(item, Self::Scalar(_))),
            Self::Object(fields) => fields.is_empty(),
        })
    }

    /// All of it on one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::Array(items) => format!("[{}]", items.iter().map(Self::line).collect::<Vec<_>>().join(", ")),
            Self::Object(fields) if fields.is_empty() => "{}".to_owned(),
            Self::Object(fields) => {
                let fields = fields.iter().map(|(name, value)| format!("{}: {}", key(name), value.line()));
                // A blank before the brace: `}}` would look like the end of a helper.
                format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn key(name: &str) -> String {
    format!("\"{}\"", escaped(name))
}

/// A text inside a JSON string that is also Handlebars and YAML: no brace that could begin a helper, no backslash that
/// would end up before one, no character that YAML reads as a line break or not at all.
pub(super) fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    let braces = text.contains("{{") || text.ends_with('{');
    let mut escaped = String::with_capacity(inner.len());
    for c in inner.chars() {
        let printable =
            !matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}');
        if printable && !(c == '{' && braces) {
            escaped.push(c);
        } else {
            write!(escaped, "\\u{:04x}", u32::from(c)).expect("writing to a String can't fail");
        }
    }
    if text.ends_with('\\') {
        escaped.truncate(escaped.len() - 2);
        escaped.push_str("\\u005c");
    }
    escaped
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::KeyOrder;
    use super::*;
    use pipeline::producer::{Generator, Template};

    #[test]
    fn short_objects_stand_on_one_line_and_keys_keep_their_order() {
        let text = r#"{"z": 1, "a": {"y": [1, 2], "b": {}}, "m": {"n": {"o": null}}}"#;
        let node = Node::literal(&serde_json::from_str(text).unwrap(), &KeyOrder::of_values(text));
        let expected =
            "{\n  \"z\": 1,\n  \"a\": { \"y\": [1, 2], \"b\": {} },\n  \"m\": {\n    \"n\": { \"o\": null }\n  }\n}";
        assert_eq!(node.text(0), expected);
    }

    #[test]
    fn any_text_survives_template_and_yaml() {
        for text in ["{{uuid}}", "a {", "b\\", "\\{{x}}", "\u{85}\u{2028}\u{7f}", "say \"hi\"\n", "ä: #"] {
            let value = json!({ text: text });
            let written = Node::literal(&value, &KeyOrder::of_values("")).text(0);
            assert_eq!(serde_yaml::from_str::<Value>(&written).unwrap(), value, "{written}");
            let template = Template::compile("t", &written).unwrap();
            let rendered = template.render(&mut Generator::seeded(1)).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&rendered).unwrap(), value, "{written}");
        }
    }
}
