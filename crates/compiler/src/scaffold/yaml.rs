//! Parts of a YAML file, quoted by `serde_yaml` wherever a plain text would be read as something else.

use super::node::escaped;

/// What starts a new line in YAML 1.1 or 1.2.
const LINE_BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

/// A text on one line: a key, a value, or a name in a list.
pub(super) fn scalar(text: &str) -> String {
    if text.contains(LINE_BREAKS) {
        // `serde_yaml` would spread the text over lines, by the rules of YAML 1.1; a JSON string is YAML too.
        return format!("\"{}\"", escaped(text));
    }
    serde_yaml::to_string(text).expect("every text can be written as YAML").trim_end().to_owned()
}

/// A text among others between brackets, where more characters mean something.
pub(super) fn item(text: &str) -> String {
    if text.contains([',', '[', ']', '{', '}']) {
        return format!("\"{}\"", escaped(text));
    }
    scalar(text)
}

/// The line `key: value`.
pub(super) fn entry(key: &str, value: &str) -> String {
    format!("{}: {}", scalar(key), scalar(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_cases;
    use crate::diagnostic::SourceText;

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        assert_eq!(["id", "null", "1", "größe", "@x"].map(scalar), ["id", "'null'", "'1'", "größe", "'@x'"]);
        for (value, line) in [
            ("text null", "a: text null"),
            ("text = .\"a: b\"", "a: 'text = .\"a: b\"'"),
            ("../it's #1.json", "a: '../it''s #1.json'"),
            ("../a.json#/x", "a: ../a.json#/x"),
            ("${A_QUEUE_NAME:-a}", "a: ${A_QUEUE_NAME:-a}"),
            ("a\nb", "a: \"a\\nb\""),
        ] {
            assert_eq!(entry("a", value), line);
        }
    }

    #[test]
    fn a_name_in_a_list_is_read_back_as_it_was() {
        for name in ["id", "Order \"Id\"", "a,b", "[x", "y]", "{z}", "a: b", "#", "'"] {
            let list: Vec<String> = serde_yaml::from_str(&format!("[{}, other]", item(name))).unwrap();
            assert_eq!(list, [name, "other"]);
        }
    }

    /// By our own reader, of YAML 1.2, and by that of `serde_yaml`.
    #[test]
    fn a_text_is_read_back_as_it_was() {
        for text in [
            "a\nb",
            " a ",
            "a\n\n",
            "\t",
            "#",
            "- a",
            "no",
            "1e3",
            "{{a}}",
            "a: b\n  c",
            "\r",
            "[",
            "\u{feff}",
            "é",
            "'\"",
            "\u{85}",
            ". \u{2028} ",
            "\u{2029}\\",
            "\u{7f}",
            "~",
            "",
        ] {
            let written = scalar(text);
            assert!(!written.contains('\n'), "{written}");
            assert_eq!(serde_yaml::from_str::<String>(&written).unwrap(), text, "{written}");
            let (cases, problems) = parse_cases(&SourceText::new("t.yaml", &format!("- {}\n", entry("name", text))));
            assert_eq!(problems, []);
            assert_eq!(cases[0].name.value, text, "{written}");
        }
    }
}
