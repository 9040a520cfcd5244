//! The summary of a producer, for a person or a program.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::output::format::Format;
use pipeline::producer::Totals;

/// The summary of `runner produce`.
pub(crate) fn render(totals: &Totals, format: Format) -> String {
    match format {
        Format::Human => human(totals),
        Format::Json => json(totals).to_string(),
    }
}

fn json(totals: &Totals) -> Value {
    json!({
        "produced": totals.produced,
        "invalid": totals.invalid,
        "templates": object(&templates(totals)),
        "breakages": object(&breakages(totals)),
    })
}

fn human(totals: &Totals) -> String {
    let mut text = format!("produced  {}  ({})", totals.produced, list(&templates(totals)));
    if totals.invalid > 0 {
        let _ = write!(text, "\ninvalid   {}  ({})", totals.invalid, list(&breakages(totals)));
    }
    text
}

fn templates(totals: &Totals) -> Vec<(&str, u64)> {
    totals.templates.iter().map(|(name, count)| (name.as_str(), *count)).collect()
}

fn breakages(totals: &Totals) -> Vec<(&str, u64)> {
    totals.breakages.iter().map(|(kind, count)| (kind.as_str(), *count)).collect()
}

fn object(counts: &[(&str, u64)]) -> Map<String, Value> {
    counts.iter().map(|(name, count)| ((*name).to_owned(), (*count).into())).collect()
}

fn list(counts: &[(&str, u64)]) -> String {
    counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::producer::{Events, Generator, Share, Template, Templates};

    #[test]
    fn the_summary_has_the_same_numbers_in_both_formats() {
        let template = Template::compile("a.hbs", "{\"n\": {{seq}}}").unwrap();
        let templates = Templates::new(vec![(template, 1)]).unwrap();
        let half: Share = "0.5".parse().unwrap();
        let mut events = Events::new(templates, Generator::seeded(1))
            .breaking(half, |body, _| serde_json::from_str::<Value>(body).is_ok_and(|value| value["n"].is_u64()));
        let mut totals = events.totals();
        for _ in 0..4 {
            totals.add(&events.draw().unwrap());
        }
        assert_eq!(
            render(&totals, Format::Json),
            r#"{"breakages":{"missing_field":1,"not_json":1},"invalid":2,"produced":4,"templates":{"a.hbs":4}}"#
        );
        assert_eq!(
            render(&totals, Format::Human),
            "produced  4  (a.hbs 4)\ninvalid   2  (not_json 1, missing_field 1)"
        );
    }
}
