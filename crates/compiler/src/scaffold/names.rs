//! Names: of columns, out of the names of fields; and both as YAML writes them.

/// Bytes of an identifier (PostgreSQL, NAMEDATALEN - 1), less room for a number that makes it unique.
const MAX_BYTES: usize = 60;
/// Names no column can have (PostgreSQL, "System Columns").
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];
/// Plain words that YAML, in one of its versions, reads as something else than a text.
const YAML_WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

/// Names given so far, each once.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// A column's name for a field: letters and digits in lower case, `_` between words, never the same twice.
    pub(super) fn column(&mut self, field: &str) -> String {
        let base = snake_case(field);
        let numbered = (2..).map(|number: usize| format!("{base}_{number}"));
        let name = std::iter::once(base.clone()).chain(numbered).find(|name| !self.0.contains(name));
        let name = name.expect("the numbers don't run out");
        self.0.push(name.clone());
        name
    }
}

/// `detail-type`, `detailType` and `detail type` are `detail_type`.
pub(super) fn snake_case(field: &str) -> String {
    let mut name = String::new();
    let mut previous = ' ';
    for c in field.chars() {
        let starts_word = c.is_uppercase() && (previous.is_lowercase() || previous.is_ascii_digit());
        if (starts_word || !c.is_alphanumeric()) && !name.ends_with('_') && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
        previous = c;
    }
    while name.len() > MAX_BYTES {
        name.pop();
    }
    let name = name.trim_end_matches('_');
    match name {
        "" => "field".to_owned(),
        name if SYSTEM_COLUMNS.contains(&name) => format!("{name}_"),
        name => name.to_owned(),
    }
}

/// A key of a YAML mapping.
pub(super) fn yaml_key(name: &str) -> String {
    let plain = name.starts_with(char::is_alphabetic) && !YAML_WORDS.contains(&name.to_lowercase().as_str());
    if plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// A value on one line, in quotes where a plain one would mean something else.
pub(super) fn yaml_value(text: &str) -> String {
    let starts_plain = text.starts_with(|c: char| c.is_alphanumeric() || "./_$".contains(c));
    let means_more = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    if starts_plain && !means_more { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_in_snake_case() {
        for (field, column) in [
            ("id", "id"),
            ("detail-type", "detail_type"),
            ("customerId", "customer_id"),
            ("HTTPStatus", "httpstatus"),
            ("Größe (cm)", "größe_cm"),
            ("@timestamp", "timestamp"),
            ("_private", "private"),
            ("$", "field"),
            ("xmin", "xmin_"),
            ("1st", "1st"),
            ("order", "order"),
        ] {
            assert_eq!(snake_case(field), column, "{field}");
        }
        assert_eq!(snake_case(&"é".repeat(40)).len(), 60);
    }

    #[test]
    fn no_name_is_given_twice() {
        let mut names = Names::default();
        assert_eq!(
            ["a-b", "a_b", "aB", "a_b_2"].map(|field| names.column(field)),
            ["a_b", "a_b_2", "a_b_3", "a_b_2_2"]
        );
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        assert_eq!(["id", "no", "1st", "größe"].map(yaml_key), ["id", "\"no\"", "\"1st\"", "größe"]);
        let values = ["text", "text = .\"a: b\"", "../it's #1.json", "@x", "../a.json#/x"];
        assert_eq!(
            values.map(yaml_value),
            ["text", "'text = .\"a: b\"'", "'../it''s #1.json'", "'@x'", "../a.json#/x"]
        );
    }
}
