//! The pipeline file's text.

use super::column::Column;
use super::columns::Columns;
use super::names::{snake_case, yaml_key, yaml_value};
use super::{Origin, Request};

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
    /// That template is not right yet: what is wrong with it.
    Remark(String),
}

impl<'a> Draft<'a> {
    pub(super) fn new(request: &Request<'a>, columns: &'a Columns) -> Self {
        let (schema, origin) = match &request.origin {
            Origin::Schema(path) => (path.clone(), "a schema"),
            Origin::Samples(..) => (format!("../schemas/{}.schema.json", request.name), "samples"),
        };
        Self { name: request.name, schema, origin, columns, producer: Producer::None }
    }

    /// With the template that stands beside it; as a remark, when its events are not stored.
    pub(super) fn with_producer(self, refused: Option<&str>) -> Self {
        let producer = refused.map_or(Producer::Template, |why| Producer::Remark(why.to_owned()));
        Self { producer, ..self }
    }

    pub(super) fn text(&self) -> String {
        let Self { name, origin, .. } = self;
        let variable = snake_case(name).to_uppercase();
        // `${` in a setting would be a variable.
        let schema = yaml_value(&self.schema.replace("${", "$${"));
        let head = format!(
            "# Made by `runner new` from {origin}; every line is yours to change.\n\
             source:\n  queue: ${{{variable}_QUEUE_NAME:-{name}}}\n  dlq: ${{{variable}_DLQ_QUEUE_NAME:-{name}-dlq}}\n\n\
             schema: {schema}\n\n"
        );
        format!("{head}{}{}", self.table(), self.producer())
    }

    fn table(&self) -> String {
        let Columns { list, key, has_key } = self.columns;
        let mut lines = vec!["tables:".to_owned(), format!("  {}:", yaml_key(&snake_case(self.name)))];
        if !has_key {
            let remark = "    # No field is sure to identify an event. If one does, name it here and drop the message id:\n    \
                          # an event that is sent twice is then stored once.";
            lines.push(remark.to_owned());
        }
        lines.push(format!("    primary_key: [{}]", yaml_key(key)));
        lines.push("    columns:".to_owned());
        lines.extend(list.iter().map(|column| format!("      {}", column_line(column))));
        let searched = self.columns.searched();
        if !searched.is_empty() {
            let names: Vec<String> = searched.into_iter().map(yaml_key).collect();
            lines.push("    # Columns you search by want an index:".to_owned());
            lines.push(format!("    # indexes: [{}]", names.join(", ")));
        }
        lines.join("\n") + "\n"
    }

    fn producer(&self) -> String {
        let name = self.name;
        let lines = format!("producer:\n  every: 1s\n  templates: [{name}.json.hbs]\n");
        match &self.producer {
            Producer::None => String::new(),
            Producer::Template => format!("\n{lines}"),
            Producer::Remark(why) => format!(
                "\n# Sample events: {name}.json.hbs is a start, but what it renders is rejected:\n# {}\n\
                 # Mend it, and take the `#` away:\n#\n{}",
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
    format!("{}: {}{instead}", yaml_key(&column.name), yaml_value(&format!("{}{null}{expr}", column.ty)))
}
