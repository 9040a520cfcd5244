//! Names of columns, made of the names of fields.

/// Bytes of an identifier (PostgreSQL, NAMEDATALEN - 1), less room for a number that makes it unique.
const MAX_BYTES: usize = 60;
/// Names no column can have (PostgreSQL, "System Columns").
const SYSTEM_COLUMNS: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

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

/// Whether a name is that of an identifier.
pub(super) fn is_id(name: &str) -> bool {
    ends_with_word(name, "id") || ends_with_word(name, "uuid")
}

/// Whether the last word of a name is this one: `at` of `createdAt`.
pub(super) fn ends_with_word(name: &str, word: &str) -> bool {
    snake_case(name).rsplit('_').next() == Some(word)
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
}
