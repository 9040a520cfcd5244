//! The pipeline file's text.

use super::column::Column;
use super::columns::Columns;
use super::names::snake_case;
use super::{Origin, Request, yaml};

/// A pipeline file to be written.
pub(super) struct Draft<'a> {
    name: &'a str,
    schema: String,
    origin: &'static str,
    columns: &'a Columns,
    producer: Producer,
}

/// The end of the file.
enum Producer {
    None,
    /// The template that stands beside it.
    Template,
    /// A comment: the template is not right yet, and why.
    Comment(String),
}

impl<'a> Draft<'a> {
    pub(super) fn new(request: &Request<'a>, columns: &'a Columns) -> Self {
        let (schema, origin) = match &request.origin {
            Origin::Schema(path) => (path.clone(), "a schema"),
            Origin::Samples(..) => (format!("../schemas/{}.schema.json", request.name), "samples"),
        };
        Self { name: request.name, schema, origin, columns, producer: Producer::None }
    }

    /// With the template that stands beside it; in a comment, when its events are not stored.
    pub(super) fn with_producer(self, rejected: Option<&str>) -> Self {
        let producer = rejected.map_or(Producer::Template, |why| Producer::Comment(why.to_owned()));
        Self { producer, ..self }
    }

    pub(super) fn text(&self) -> String {
        let Self { name, origin, .. } = self;
        let variable = snake_case(name).to_uppercase();
        let queue = yaml::entry("queue", &format!("${{{variable}_QUEUE_NAME:-{name}}}"));
        let dlq = yaml::entry("dlq", &format!("${{{variable}_DLQ_QUEUE_NAME:-{name}-dlq}}"));
        // `${` in a setting would be a variable.
        let schema = yaml::entry("schema", &self.schema.replace("${", "$${"));
        let head = format!(
            "# Made by `runner new` from {origin}; every line is yours to change.\n\
             source:\n  {queue}\n  {dlq}\n\n{schema}\n\n"
        );
        format!("{head}{}{}", self.table(), self.producer())
    }

    fn table(&self) -> String {
        let Columns { list, key, has_key } = self.columns;
        let mut lines = vec!["tables:".to_owned(), format!("  {}:", yaml::scalar(&snake_case(self.name)))];
        if !has_key {
            let comment = "    # No field is sure to identify an event. If one does, name it here and drop the message id:\n    \
                          # an event that is sent twice is then stored once.";
            lines.push(comment.to_owned());
        }
        lines.push(format!("    primary_key: [{}]", yaml::scalar(key)));
        lines.push("    columns:".to_owned());
        lines.extend(list.iter().map(|column| format!("      {}", column_line(column))));
        let searched = self.columns.searched();
        if !searched.is_empty() {
            let names: Vec<String> = searched.into_iter().map(yaml::scalar).collect();
            lines.push("    # Columns that you search by need an index:".to_owned());
            lines.push(format!("    # indexes: [{}]", names.join(", ")));
        }
        lines.join("\n") + "\n"
    }

    fn producer(&self) -> String {
        let name = self.name;
        let template = yaml::scalar(&format!("{name}.json.hbs"));
        let lines = format!("producer:\n  every: 1s\n  templates: [{template}]\n");
        match &self.producer {
            Producer::None => String::new(),
            Producer::Template => format!("\n{lines}"),
            Producer::Comment(why) => format!(
                "\n# Sample events: {name}.json.hbs is a start, but what it renders is rejected:\n# {}\n\
                 # Correct it, and remove the `#`:\n#\n{}",
                one_line(why),
                lines.lines().map(|line| format!("# {line}\n")).collect::<String>()
            ),
        }
    }
}

/// A text that stays inside a comment.
fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'), " ")
}

fn column_line(column: &Column) -> String {
    let null = if column.nullable { " null" } else { "" };
    let expr = column.expr.as_ref().map_or_else(String::new, |expr| format!(" = {expr}"));
    let instead = column.instead.as_ref().map_or_else(String::new, |line| format!("  # a time? {line}"));
    yaml::entry(&column.name, &format!("{}{null}{expr}", column.ty)) + &instead
}
