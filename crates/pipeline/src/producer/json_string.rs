//! `{{#json_string}} ... {{/json_string}}`: a document inside a string of another.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderErrorReason, Renderable,
    StringOutput,
};

use super::json_text::{escape_json, one_line};

/// Renders its block, and writes it as the inside of a JSON string.
pub(super) struct JsonString;

impl HelperDef for JsonString {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(block) = helper.template().filter(|_| helper.params().is_empty()) else {
            let usage = "write `{{#json_string}} ... {{/json_string}}`".to_owned();
            return Err(RenderErrorReason::Other(usage).into());
        };
        let mut inside = StringOutput::new();
        block.render(registry, context, state, &mut inside)?;
        let inside = inside.into_string().map_err(RenderErrorReason::from)?;
        out.write(&escape_json(&one_line(&inside)))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::producer::{Generator, Template};

    fn render(text: &str) -> Result<String, String> {
        let template = Template::compile("t", text).map_err(|error| error.message)?;
        template.render(&mut Generator::seeded(1)).map_err(|error| error.message)
    }

    #[test]
    fn a_document_is_put_into_a_string() {
        let text = r#"{"Message": "{{#json_string}}
            {"n": {{seq}}, "text": "{{random_choice "a \"q\""}}",
             "inner": "{{#json_string}}{"deep": true}{{/json_string}}"}
        {{/json_string}}"}"#;
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let message = parse(parse(&render(text).unwrap())["Message"].as_str().unwrap());
        assert_eq!((&message["n"], &message["text"]), (&json!(1), &json!("a \"q\"")));
        assert_eq!(parse(message["inner"].as_str().unwrap()), json!({"deep": true}));
    }

    #[test]
    fn it_is_a_block_without_arguments() {
        for text in ["{{json_string \"a\"}}", "{{#json_string 1}}a{{/json_string}}"] {
            assert!(render(text).unwrap_err().contains("{{#json_string}}"), "{text}");
        }
    }
}
