//! What rendering a template costs at most, counted before it renders: partials that include each other would never end,
//! and loops inside loops multiply.

use handlebars::Template;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement as Element};
use serde_json::Value;

/// Parts of a template that one event may be made of.
const MOST_PARTS: usize = 1_000_000;
/// Blocks and partials inside each other.
const MOST_LEVELS: usize = 64;

/// Why a template costs too much, and where in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooCostly {
    pub(super) message: &'static str,
    pub(super) line: usize,
    pub(super) column: usize,
}

const RECURSIVE: &str = "a partial includes itself, so the event would never end";
const TOO_DEEP: &str = "more than 64 blocks and partials inside each other";
const TOO_LONG: &str = "its loops and partials render more than 1,000,000 parts for one event";

/// Whether rendering ends soon, whatever the helpers give.
pub(super) fn check(template: &Template) -> Result<(), TooCostly> {
    let mut parts = Parts::default();
    parts.collect(template);
    Walk { inline: &parts.inline, longest_list: parts.longest_list.max(parts.hash_keys), open: Vec::new(), rendered: 0 }
        .template(template, 1, 0)
}

/// The inline partials of a template, and the longest list a loop in it may go through.
#[derive(Default)]
struct Parts<'t> {
    /// By name; `None` where only rendering shows the name.
    inline: Vec<(Option<&'t str>, &'t Template)>,
    longest_list: usize,
    /// A loop may also go through the named arguments of partials.
    hash_keys: usize,
}

impl<'t> Parts<'t> {
    fn collect(&mut self, template: &'t Template) {
        for element in &template.elements {
            match element {
                Element::Expression(helper) | Element::HtmlExpression(helper) | Element::HelperBlock(helper) => {
                    self.arguments(helper.params.iter().chain(helper.hash.values()));
                    for inner in helper.template.iter().chain(&helper.inverse) {
                        self.collect(inner);
                    }
                }
                Element::DecoratorExpression(other)
                | Element::DecoratorBlock(other)
                | Element::PartialExpression(other)
                | Element::PartialBlock(other) => self.decorator(element, other),
                _ => {}
            }
        }
    }

    fn decorator(&mut self, element: &Element, decorator: &'t DecoratorTemplate) {
        self.arguments(decorator.params.iter().chain(decorator.hash.values()));
        self.hash_keys += decorator.hash.len();
        let Some(inner) = &decorator.template else { return };
        if matches!(element, Element::DecoratorBlock(_)) {
            let name = match decorator.params.first() {
                Some(Parameter::Literal(Value::String(name))) => Some(name.as_str()),
                _ => None,
            };
            self.inline.push((name, inner));
        }
        self.collect(inner);
    }

    fn arguments<'a>(&mut self, arguments: impl Iterator<Item = &'a Parameter>) {
        for argument in arguments {
            match argument {
                Parameter::Literal(value) => self.longest_list = self.longest_list.max(longest_list(value)),
                Parameter::Subexpression(inner) => {
                    if let Element::Expression(helper) = &*inner.element {
                        self.arguments(helper.params.iter().chain(helper.hash.values()));
                    }
                }
                _ => {}
            }
        }
    }
}

/// The elements or fields of the longest list or object in a value.
fn longest_list(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest_list).fold(items.len(), usize::max),
        Value::Object(fields) => fields.values().map(longest_list).fold(fields.len(), usize::max),
        _ => 0,
    }
}

/// Goes the way of the renderer, each loop once.
struct Walk<'p, 't> {
    inline: &'p [(Option<&'t str>, &'t Template)],
    longest_list: usize,
    /// The partials that are being rendered.
    open: Vec<&'t Template>,
    rendered: usize,
}

impl<'t> Walk<'_, 't> {
    /// Counts a template that is rendered so many times, inside so many others.
    fn template(&mut self, template: &'t Template, times: usize, level: usize) -> Result<(), TooCostly> {
        for (index, element) in template.elements.iter().enumerate() {
            self.rendered = self.rendered.saturating_add(times);
            let counted = match self.rendered {
                ..=MOST_PARTS if level <= MOST_LEVELS => self.element(element, times, level + 1),
                ..=MOST_PARTS => Err(TOO_DEEP.into()),
                _ => Err(TOO_LONG.into()),
            };
            counted.map_err(|error| error.at(template, index))?;
        }
        Ok(())
    }

    fn element(&mut self, element: &'t Element, times: usize, level: usize) -> Result<(), TooCostly> {
        match element {
            Element::Expression(helper) | Element::HtmlExpression(helper) | Element::HelperBlock(helper) => {
                let times = times.saturating_mul(self.loops(helper));
                helper.template.iter().chain(&helper.inverse).try_for_each(|inner| self.template(inner, times, level))
            }
            Element::PartialExpression(partial) | Element::PartialBlock(partial) => {
                partial.template.iter().try_for_each(|inner| self.template(inner, times, level))?;
                self.partial(partial, times, level)
            }
            // Texts, and the definitions of partials, which cost only where they are included.
            _ => Ok(()),
        }
    }

    /// How often a block renders what is inside it.
    fn loops(&self, helper: &HelperTemplate) -> usize {
        match (helper.name.as_name(), helper.params.first()) {
            (Some("each"), Some(Parameter::Literal(list))) => longest_list(list).max(1),
            (Some("each"), _) => self.longest_list.max(1),
            _ => 1,
        }
    }

    /// Every inline partial that may have the name.
    fn partial(&mut self, partial: &DecoratorTemplate, times: usize, level: usize) -> Result<(), TooCostly> {
        let called = partial.name.as_name().map(|name| name.trim_matches(['\'', '"', '[', ']']));
        for &(name, inner) in self.inline {
            if name.zip(called).is_some_and(|(name, called)| name != called) {
                continue;
            }
            if self.open.iter().any(|open| std::ptr::eq(*open, inner)) {
                return Err(RECURSIVE.into());
            }
            self.open.push(inner);
            self.template(inner, times, level)?;
            self.open.pop();
        }
        Ok(())
    }
}

impl From<&'static str> for TooCostly {
    fn from(message: &'static str) -> Self {
        Self { message, line: 0, column: 0 }
    }
}

impl TooCostly {
    /// At an element of a template, unless the place is known already.
    fn at(self, template: &Template, index: usize) -> Self {
        match template.mapping.get(index) {
            Some(place) if self.line == 0 => Self { line: place.0, column: place.1, ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Generator, Template};

    fn compiled(text: &str) -> Template {
        Template::compile("t", text).unwrap()
    }

    #[test]
    fn a_template_that_never_ends_is_an_error_with_its_place() {
        for (text, line, expected) in [
            ("{{#*inline \"a\"}}\n{{> a}}{{/inline}}{{> a}}", 2, "includes itself"),
            ("{{#*inline \"a\"}}{{> b}}{{/inline}}{{#*inline \"b\"}}\n{{> a}}{{/inline}}{{> a}}", 2, "includes itself"),
            ("{{#*inline \"a\"}}\n{{> (random_choice \"a\" \"b\")}}{{/inline}}{{> a}}", 2, "includes itself"),
            ("{{#*inline (random_choice \"a\" \"b\")}}{{> a}}{{/inline}}{{> a}}", 1, "includes itself"),
            ("{{#*inline \"a\"}}{{#> b}}{{> a}}{{/b}}{{/inline}}{{> a}}", 1, "includes itself"),
        ] {
            let error = Template::compile("t", text).expect_err(text);
            assert!(error.message.contains(expected), "{text}: {}", error.message);
            assert_eq!(error.line, Some(line), "{text}");
        }
    }

    #[test]
    fn loops_and_partials_inside_each_other_have_a_budget() {
        let loops = |levels: usize, list: &str| {
            format!("{}1{}", format!("{{{{#each {list}}}}}").repeat(levels), "{{/each}}".repeat(levels))
        };
        let error = Template::compile("t", &loops(7, "[1,2,3,4,5,6,7,8,9,10]")).unwrap_err();
        assert!(error.message.contains("1,000,000 parts"), "{}", error.message);
        let error = Template::compile("t", &loops(70, "[1]")).unwrap_err();
        assert!(error.message.contains("64 blocks"), "{}", error.message);
        let twice = |level: usize| {
            format!("{{{{#*inline \"p{level}\"}}}}{{{{> p{0}}}}}{{{{> p{0}}}}}{{{{/inline}}}}", level + 1)
        };
        let doubling: String = (0..40).map(twice).collect();
        let error = Template::compile("t", &format!("{doubling}{{{{#*inline \"p40\"}}}}{{{{/inline}}}}{{{{> p0}}}}"));
        assert!(error.unwrap_err().message.contains("1,000,000 parts"));
        let rendered = compiled(&loops(2, "[1,2,3]")).render(&mut Generator::seeded(1)).unwrap();
        assert_eq!(rendered, "111111111");
    }

    #[test]
    fn inline_partials_may_call_each_other() {
        let text = "{{#*inline \"a\"}}[{{> b}},{{> b}}]{{/inline}}{{#*inline \"b\"}}1{{/inline}}{{> a}}";
        assert_eq!(compiled(text).render(&mut Generator::seeded(1)).unwrap(), "[1,1]");
    }
}
