//! One entry of `producer.templates`.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{Keyed, Spanned};

/// A template: `file.json.hbs`, inline text, or `{ file: ..., weight: 3, attributes: ... }` / `{ inline: ..., weight: 1 }`.
#[derive(Debug, Clone)]
pub struct Template {
    /// The file, as a path from the pipeline file, or the text itself.
    pub body: TemplateBody,
    /// Its share among the templates.
    pub weight: Option<Spanned<i64>>,
    /// Message attributes its events are sent with, by name.
    pub attributes: Option<Keyed<Spanned<String>>>,
}

/// Where a template's text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateBody {
    /// In a file beside the pipeline file.
    File(String),
    /// Here.
    Inline(Spanned<String>),
}

/// A template with its share.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Full {
    /// A Handlebars file, as a path from this file.
    file: Option<String>,
    /// Handlebars text.
    inline: Option<Spanned<String>>,
    /// Its share among the templates, a whole number; 1 when left out.
    weight: Option<Spanned<i64>>,
    /// Message attributes of every event of this template, each by its name.
    attributes: Option<Keyed<Spanned<String>>>,
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, range } = Spanned::<Form>::deserialize(deserializer)?;
        let body = match value {
            Form::Text(text) if is_inline(&text) => TemplateBody::Inline(Spanned { value: text, range }),
            Form::Text(path) => TemplateBody::File(path),
            Form::Full(template) => return Ok(template),
        };
        Ok(Self { body, weight: None, attributes: None })
    }
}

/// A path has no line break and no braces.
fn is_inline(text: &str) -> bool {
    text.contains(['\n', '{'])
}

impl Full {
    fn body(&self) -> Result<TemplateBody, &'static str> {
        match (&self.file, &self.inline) {
            (Some(file), None) => Ok(TemplateBody::File(file.clone())),
            (None, Some(text)) => Ok(TemplateBody::Inline(text.clone())),
            _ => Err("a template has either `file` or `inline`"),
        }
    }
}

enum Form {
    Text(String),
    Full(Template),
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FormVisitor)
    }
}

struct FormVisitor;

impl<'de> Visitor<'de> for FormVisitor {
    type Value = Form;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file's name, a template's text, or `{ file, inline, weight, attributes }`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Form, E> {
        Ok(Form::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Form, A::Error> {
        let full = Full::deserialize(MapAccessDeserializer::new(map))?;
        let body = full.body().map_err(A::Error::custom)?;
        Ok(Form::Full(Template { body, weight: full.weight, attributes: full.attributes }))
    }
}
