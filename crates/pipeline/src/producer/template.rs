//! Event templates: Handlebars text that renders to one JSON document.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use handlebars::{Context, Output, RenderContext, RenderError, RenderErrorReason, Renderable, TemplateErrorReason};
use serde_json::Value;

use super::generator::Generator;
use super::template_cost;

/// Message attributes that go with an event: the value of each, of the data type `String`, by its name.
pub type Attributes = BTreeMap<String, String>;

/// One compiled template. Rendering needs a [`Generator`], which has the helpers and the randomness.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
    parsed: handlebars::Template,
    attributes: Arc<Attributes>,
}

/// Why a template does not compile or render.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Line in the template's text, from 1.
    pub line: Option<usize>,
    /// Column in that line, from 1.
    pub column: Option<usize>,
}

impl Template {
    /// Parses the text, and makes sure that rendering it ends. Helpers and variables are looked up when it renders.
    pub fn compile(name: impl Into<String>, text: &str) -> Result<Self, TemplateError> {
        let name = name.into();
        let parsed = handlebars::Template::compile_with_name(text, name.clone());
        let parsed = parsed.map_err(|error| syntax_error(&error))?;
        template_cost::check(&parsed).map_err(|error| TemplateError {
            message: error.message.to_owned(),
            line: Some(error.line),
            column: Some(error.column),
        })?;
        Ok(Self { name, parsed, attributes: Arc::default() })
    }

    /// The same template, whose events are sent with these attributes.
    #[must_use]
    pub fn with_attributes(self, attributes: Attributes) -> Self {
        Self { attributes: Arc::new(attributes), ..self }
    }

    /// What its events are sent with.
    pub fn attributes(&self) -> &Arc<Attributes> {
        &self.attributes
    }

    /// The file's name as written in the pipeline file, or what stands for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Renders one event.
    pub fn render(&self, generator: &mut Generator) -> Result<String, TemplateError> {
        let nothing = Context::from(Value::Null);
        let mut output = EventText::default();
        let mut state = RenderContext::new(None);
        self.parsed
            .render(generator.registry(), &nothing, &mut state, &mut output)
            .map_err(|error| render_error(&error))?;
        Ok(output.0)
    }
}

/// The text of an event, as far as SQS accepts it.
#[derive(Debug, Default)]
struct EventText(String);

/// SQS accepts no larger body.
const LARGEST_EVENT: usize = 1 << 20;

impl Output for EventText {
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.0.len() + text.len() > LARGEST_EVENT {
            return Err(io::Error::other("the event is larger than 1 MiB, which SQS does not accept"));
        }
        self.0.push_str(text);
        Ok(())
    }
}

fn syntax_error(error: &handlebars::TemplateError) -> TemplateError {
    let (line, column) = error.pos().unzip();
    let message = match error.reason() {
        TemplateErrorReason::InvalidSyntax(detail) => {
            // The parser's own text draws the place once more; its last line has the reason.
            let reason = detail.lines().last().unwrap_or(detail);
            format!("invalid template syntax: {}", reason.trim_start_matches([' ', '=']))
        }
        other => other.to_string(),
    };
    TemplateError { message, line, column }
}

fn render_error(error: &RenderError) -> TemplateError {
    let message = match error.reason() {
        RenderErrorReason::HelperNotFound(name) => format!("no helper `{name}`"),
        RenderErrorReason::MissingVariable(Some(name)) => format!("no variable or helper `{name}`"),
        RenderErrorReason::PartialNotFound(name) => {
            format!("partial `{name}` not found: a template stands alone")
        }
        other => other.to_string(),
    };
    TemplateError { message, line: error.line_no, column: error.column_no }
}

/// A pipeline's templates, each with its share of the events.
#[derive(Debug, Clone)]
pub struct Templates {
    weighted: Vec<(Template, u32)>,
    total: u64,
}

impl Templates {
    /// `None` when there is nothing to choose from: no template, or all weights 0.
    pub fn new(weighted: Vec<(Template, u32)>) -> Option<Self> {
        let total = weighted.iter().map(|(_, weight)| u64::from(*weight)).sum();
        (total > 0).then_some(Self { weighted, total })
    }

    /// The templates, as written.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Template> {
        self.weighted.iter().map(|(template, _)| template)
    }

    /// Draws a template, by weight: its index and itself.
    pub fn draw(&self, generator: &mut Generator) -> (usize, &Template) {
        let mut at = generator.below(self.total);
        for (index, (template, weight)) in self.weighted.iter().enumerate() {
            match at.checked_sub(u64::from(*weight)) {
                None => return (index, template),
                Some(rest) => at = rest,
            }
        }
        unreachable!("a draw below the total falls on one of the weights")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::compile("t", text).unwrap()
    }

    #[test]
    fn a_syntax_error_has_its_place() {
        let error = Template::compile("t", "{\n  \"a\": {{uuid\n}").unwrap_err();
        assert_eq!(error.line, Some(3), "{error:?}");
        assert!(error.message.starts_with("invalid template syntax"));
        assert!(!error.message.contains('\n'));
    }

    #[test]
    fn an_unknown_helper_is_named_with_its_place() {
        let mut generator = Generator::seeded(1);
        let error = template("{\n  \"a\": {{ uuidd }}}").render(&mut generator).unwrap_err();
        assert_eq!((error.line, error.column), (Some(2), Some(8)));
        assert_eq!(error.message, "no variable or helper `uuidd`");

        let error = template("{{ rand 1 2 }}").render(&mut generator).unwrap_err();
        assert_eq!(error.message, "no helper `rand`");
    }

    #[test]
    fn a_template_stands_alone() {
        let error = template("{{> other}}").render(&mut Generator::seeded(1)).unwrap_err();
        assert!(error.message.contains("`other`"), "{error:?}");
    }

    #[test]
    fn an_event_that_sqs_would_not_accept_is_an_error() {
        let error = template("{{random_string 1048576}}x").render(&mut Generator::seeded(1)).unwrap_err();
        assert!(error.message.contains("larger than 1 MiB"), "{}", error.message);
    }

    #[test]
    fn the_same_seed_renders_the_same_events() {
        let template = template(r#"{"a":"{{uuid}}","b":{{random_int 1 1000000}},"c":"{{random_string 8}}"}"#);
        let render = |seed| {
            let mut generator = Generator::seeded(seed);
            [(); 5].map(|()| template.render(&mut generator).unwrap())
        };
        assert_eq!(render(7), render(7));
        assert_ne!(render(7), render(8));
    }

    #[test]
    fn strings_are_escaped_as_json_and_not_as_html() {
        let mut generator = Generator::seeded(1);
        let text = template(r#"{"a":"{{random_choice "a \"q\" \\ <b>&"}}"}"#).render(&mut generator).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["a"], "a \"q\" \\ <b>&");
    }

    #[test]
    fn weights_share_out_the_draws() {
        let templates = Templates::new(vec![(template("a"), 3), (template("b"), 0), (template("c"), 1)]).unwrap();
        let mut generator = Generator::seeded(1);
        let mut drawn = [0; 3];
        for _ in 0..4_000 {
            drawn[templates.draw(&mut generator).0] += 1;
        }
        assert_eq!(drawn[1], 0);
        assert!((2_800..3_200).contains(&drawn[0]), "{drawn:?}");
        assert!(Templates::new(vec![(template("a"), 0)]).is_none());
        assert!(Templates::new(Vec::new()).is_none());
    }
}
