//! The result of a message as a case would write it, ready to be pasted.

use serde_json::Value;

use super::expected::{Expected, ExpectedRow};
use pipeline::TableMapping;
use pipeline::message::Rejection;
use pipeline::row::Rows;

/// In a few words: `1 row of orders`, ``rejected with `schema` ``, `skipped`.
pub fn outcome(tables: &[TableMapping], result: &Result<Rows, Rejection>) -> String {
    match result {
        Err(rejection) => format!("rejected with `{}`", rejection.code.as_str()),
        Ok(rows) if rows.is_empty() => "skipped".to_owned(),
        Ok(rows) => rows_of(&tables.iter().zip(rows.tables.iter().map(Vec::len)).collect::<Vec<_>>()),
    }
}

/// `1 row of orders, 2 rows of items`; tables without rows are not named unless all are.
pub(super) fn rows_of(counts: &[(&TableMapping, usize)]) -> String {
    let has_rows = counts.iter().any(|(_, count)| *count > 0);
    let mut parts = Vec::new();
    for (table, count) in counts {
        match count {
            0 if has_rows => {}
            0 => parts.push(format!("no row of {}", table.name)),
            1 => parts.push(format!("1 row of {}", table.name)),
            _ => parts.push(format!("{count} rows of {}", table.name)),
        }
    }
    parts.join(", ")
}

/// The lines of a case that expect exactly this: `rows:` with the columns that the case lists, `rejected:`, or
/// `skipped: true`. At most `most` rows of each table are written.
pub fn written(tables: &[TableMapping], result: &Result<Rows, Rejection>, case: &Expected, most: usize) -> String {
    match result {
        Err(rejection) => rejected(rejection),
        Ok(rows) if rows.is_empty() => "skipped: true\n".to_owned(),
        Ok(rows) => {
            let mut text = "rows:\n".to_owned();
            for (index, (table, rows)) in tables.iter().zip(&rows.tables).enumerate() {
                if !rows.is_empty() {
                    text += &table_lines(table, &case.listed(index, table, rows), most);
                }
            }
            text
        }
    }
}

/// `column: value` for each column that is listed.
pub(super) fn entries(table: &TableMapping, row: &ExpectedRow) -> Vec<String> {
    let columns = table.columns.iter().zip(row);
    columns.filter_map(|(column, value)| Some(format!("{}: {}", key(&column.name), value.as_ref()?))).collect()
}

fn table_lines(table: &TableMapping, rows: &[ExpectedRow], most: usize) -> String {
    let lines = rows.iter().take(most).map(|row| format!("    - {}\n", entries(table, row).join("\n      ")));
    let more = match rows.len().saturating_sub(most) {
        0 => String::new(),
        1 => "    # and 1 more row\n".to_owned(),
        more => format!("    # and {more} more rows\n"),
    };
    format!("  {}:\n{}{more}", key(&table.name), lines.collect::<String>())
}

fn rejected(rejection: &Rejection) -> String {
    let fields = [
        ("path", &rejection.instance_path),
        ("column", &rejection.column),
        ("keyword", &rejection.keyword),
        ("schema_path", &rejection.schema_path),
    ];
    let mut lines = vec!["rejected:".to_owned(), format!("  code: {}", rejection.code.as_str())];
    for (name, text) in fields {
        if let Some(text) = text {
            lines.push(format!("  {name}: {}", Value::from(text.as_str())));
        }
    }
    lines.push(format!("  message: {}\n", Value::from(rejection.message.as_str())));
    lines.join("\n")
}

/// A name as a YAML key: in quotes unless it is one word that YAML reads as a text. The quotes are those of JSON, which are
/// valid in the one-line mappings of a difference too.
fn key(name: &str) -> String {
    let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
    let literal = ["null", "true", "false"].contains(&name.to_ascii_lowercase().as_str());
    if word && !literal { name.to_owned() } else { Value::from(name).to_string() }
}
