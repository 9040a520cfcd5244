//! Diagnostics for machines.

use serde::Serialize;

use super::Diagnostic;

/// One diagnostic as JSON; the place's fields are null when it concerns no file.
#[derive(Debug, Serialize)]
pub struct Record<'a> {
    code: &'a str,
    level: &'a str,
    message: &'a str,
    label: &'a str,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    help: Vec<&'a str>,
}

/// Records to serialize; lines and columns count from 1, and `end_column` is the one after the last character.
pub fn records(diagnostics: &[Diagnostic]) -> Vec<Record<'_>> {
    diagnostics.iter().map(record).collect()
}

fn record(diagnostic: &Diagnostic) -> Record<'_> {
    let place = diagnostic.place.as_ref();
    Record {
        code: diagnostic.code.id(),
        level: diagnostic.code.level().as_str(),
        message: &diagnostic.message,
        label: &diagnostic.label,
        file: place.map(|place| place.file().display().to_string()),
        line: place.map(|place| place.start().0),
        column: place.map(|place| place.start().1),
        end_line: place.map(|place| place.end().0),
        end_column: place.map(|place| place.end().1),
        help: diagnostic.help.iter().map(String::as_str).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Place, SourceText};
    use super::*;

    #[test]
    fn a_record_names_file_line_and_columns() {
        let source = SourceText::new("p.yaml", "a: 1\nb: two\n");
        let diagnostic = Diagnostic::new(Code::BadValue, "bad", Place::new(&source, 8..11)).help("write 2");
        let json = serde_json::to_value(records(std::slice::from_ref(&diagnostic))).unwrap();
        assert_eq!(
            json,
            serde_json::json!([{"code": "E0106", "level": "error", "message": "bad", "label": "", "file": "p.yaml",
                "line": 2, "column": 4, "end_line": 2, "end_column": 7, "help": ["write 2"]}])
        );
    }
}
