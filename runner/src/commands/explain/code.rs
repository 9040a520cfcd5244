//! `runner explain E0113`: what a code of `validate-config` means, as docs/errors.md explains it.

use compiler::diagnostic::Code;
use serde_json::{Value, json};

/// The page whose list is the table of codes: a test of the compiler compares them.
const PAGE: &str = include_str!("../../../../docs/errors.md");

/// The code with this id, in capitals or not.
pub(super) fn find(id: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(id))
}

pub(super) fn human(code: Code) -> String {
    let head = format!("{} ({}): {}", code.id(), code.level().as_str(), code.title());
    match example(code) {
        "" => head,
        example => format!("{head}\n\n{example}"),
    }
}

pub(super) fn json(code: Code) -> Value {
    json!({
        "code": code.id(),
        "level": code.level().as_str(),
        "title": code.title(),
        "example": example(code),
    })
}

/// The paragraphs from the one that begins with the code to the one that begins with another.
fn example(code: Code) -> &'static str {
    let begin = format!("\n`{}` ", code.id());
    let Some(start) = PAGE.find(&begin) else { return "" };
    let rest = &PAGE[start + 1..];
    let mut end = rest.len();
    for next in ["\n\n`E", "\n\n`W", "\n\n#"] {
        end = end.min(rest.find(next).unwrap_or(end));
    }
    rest[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_ends_where_the_next_code_begins() {
        let code = find("e0105").expect("a code");
        let text = human(code);
        assert!(text.starts_with("E0105 (error): A value of the wrong kind"), "{text}");
        assert!(text.contains("source: [orders, orders-dlq]") && !text.contains("E0106"), "{text}");
    }

    #[test]
    fn every_code_is_explained() {
        for code in Code::ALL {
            assert!(human(*code).contains(code.title()), "{}", code.id());
        }
        assert!(find("E9999").is_none());
    }
}
