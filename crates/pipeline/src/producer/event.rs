//! The stream of events: drawn, rendered, some of them broken; and how many were made.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::json_text::one_line;
use super::{Attributes, Breakage, Generator, Share, Template, TemplateError, Templates};

/// One event, ready to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// One line of JSON, unless it is broken or the pipeline opens an envelope that is not JSON.
    pub body: String,
    /// Sent beside the body.
    pub attributes: Arc<Attributes>,
    /// The index of its template.
    pub template: usize,
    /// How it is broken; `None` for a valid event.
    pub breakage: Option<Breakage>,
}

impl Event {
    /// What it counts against SQS's limits: the body, and name, data type and value of each attribute.
    pub fn size(&self) -> usize {
        let mut size = self.body.len();
        for (name, value) in &*self.attributes {
            size += name.len() + "String".len() + value.len();
        }
        size
    }
}

type Check = Box<dyn Fn(&str, &Attributes) -> bool + Send>;

/// An endless stream of events.
pub struct Events {
    templates: Templates,
    generator: Generator,
    invalid: Share,
    is_valid: Check,
    made: u64,
}

impl Events {
    /// Valid events only.
    pub fn new(templates: Templates, generator: Generator) -> Self {
        Self { templates, generator, invalid: Share::default(), is_valid: Box::new(|_, _| true), made: 0 }
    }

    /// Breaks a share of the events, so that `is_valid` refuses the body of each with its attributes.
    #[must_use]
    pub fn breaking(mut self, share: Share, is_valid: impl Fn(&str, &Attributes) -> bool + Send + 'static) -> Self {
        self.invalid = share;
        self.is_valid = Box::new(is_valid);
        self
    }

    /// The next event.
    pub fn draw(&mut self) -> Result<Event, TemplateError> {
        let (index, template) = self.templates.draw(&mut self.generator);
        let body = one_line(&template.render(&mut self.generator)?);
        self.made += 1;
        let mut event = Event { body, attributes: Arc::clone(template.attributes()), template: index, breakage: None };
        if self.invalid.hits(self.made) {
            let turn = usize::try_from(self.invalid.of(self.made - 1)).unwrap_or(0);
            let (body, kind) = Breakage::apply(turn, &event.body, |body| (self.is_valid)(body, &event.attributes));
            event.body = body;
            event.breakage = Some(kind);
        }
        Ok(event)
    }

    /// The totals before the first event.
    pub fn totals(&self) -> Totals {
        Totals { templates: self.templates.iter().map(|t| (t.name().to_owned(), 0)).collect(), ..Totals::default() }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.templates.iter().map(Template::name).collect();
        f.debug_struct("Events")
            .field("templates", &names)
            .field("invalid", &self.invalid)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

/// What was produced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Events the queue accepted.
    pub produced: u64,
    /// Those among them that were broken on purpose.
    pub invalid: u64,
    /// Events by template, in the pipeline file's order.
    pub templates: Vec<(String, u64)>,
    /// Broken events by kind.
    pub breakages: BTreeMap<Breakage, u64>,
}

impl Totals {
    /// Counts one event.
    pub fn add(&mut self, event: &Event) {
        self.produced += 1;
        if let Some((_, count)) = self.templates.get_mut(event.template) {
            *count += 1;
        }
        if let Some(kind) = event.breakage {
            self.invalid += 1;
            *self.breakages.entry(kind).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(seed: u64) -> Events {
        let a = Template::compile("a", "{\n  \"n\": {{seq}},\n  \"text\": \"two  words\"\n}\n").unwrap();
        let b = Template::compile("b", "{\"n\": {{seq}}}").unwrap();
        let templates = Templates::new(vec![(a, 1), (b, 1)]).unwrap();
        Events::new(templates, Generator::seeded(seed))
    }

    #[test]
    fn an_event_is_one_line_with_its_strings_as_written() {
        let mut events = events(1);
        let bodies: Vec<_> = (0..20).map(|_| events.draw().unwrap().body).collect();
        assert!(bodies.iter().any(|body| body.ends_with("\"text\": \"two  words\"}")));
        assert!(bodies.iter().all(|body| !body.contains('\n')));
    }

    #[test]
    fn the_share_is_broken_and_counted() {
        let mut events = events(1).breaking("0.2".parse().unwrap(), |body, _| {
            serde_json::from_str::<serde_json::Value>(body).is_ok_and(|value| value["n"].is_u64())
        });
        let mut totals = events.totals();
        for _ in 0..100 {
            totals.add(&events.draw().unwrap());
        }
        assert_eq!((totals.produced, totals.invalid), (100, 20));
        assert_eq!(totals.templates.iter().map(|(_, n)| n).sum::<u64>(), 100);
        let kinds: Vec<_> = totals.breakages.keys().collect();
        assert_eq!(kinds, [&Breakage::NotJson, &Breakage::MissingField, &Breakage::WrongType]);
    }
}
