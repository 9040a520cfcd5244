//! The pipeline file's text.

use super::column::Column;
use super::columns::Columns;
use super::names::snake_case;
use super::{Origin, Request, yaml};

/// A pipeline file to be written.
pub(super) struct Draft<'a> {
    name: &'a str,
    schema: String,
    origin: String,
    table: String,
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
        let made = || format!("../schemas/{}.schema.json", request.name);
        let (schema, origin) = match &request.origin {
            Origin::Schema(path) => (path.clone(), "a schema".to_owned()),
            Origin::Samples(..) => (made(), "samples".to_owned()),
            Origin::Table(table) => (made(), format!("the table {}", one_line(&table.name.to_string()))),
        };
        let table = match &request.origin {
            Origin::Table(table) => table.name.to_string(),
            Origin::Schema(_) | Origin::Samples(..) => snake_case(request.name),
        };
        Self { name: request.name, schema, origin, table, columns, producer: Producer::None }
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
        let Columns { list, key, about_key, left_out, .. } = self.columns;
        let mut lines = vec!["tables:".to_owned(), format!("  {}:", yaml::scalar(&self.table))];
        lines.extend(about_key.lines().map(|line| format!("    # {}", one_line(line))));
        if !key.is_empty() {
            lines.push(format!("    primary_key: [{}]", names(key)));
        }
        lines.push("    columns:".to_owned());
        lines.extend(list.iter().map(|column| format!("      {}", column_line(column))));
        lines.extend(left_out.iter().map(|line| format!("      # {}", one_line(line))));
        let searched = self.columns.searched();
        if !searched.is_empty() {
            lines.push("    # Columns that you search by need an index:".to_owned());
            lines.push(format!("    # indexes: [{}]", names(&searched)));
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

/// Names inside a list.
fn names(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| yaml::item(name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn column_line(column: &Column) -> String {
    let comment = column.comment.as_ref().map_or_else(String::new, |text| format!("  # {}", one_line(text)));
    yaml::entry(&column.name, &column.line()) + &comment
}
