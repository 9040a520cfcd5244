//! Indents JSON for a person, without changing its keys, their order or its numbers.

/// The JSON text with one member or element per line.
pub(crate) fn indented(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut rest, mut depth) = (json, 0_usize);
    while let Some(c) = rest.chars().next() {
        let (token, after) = rest.split_at(if c == '"' { string_length(rest) } else { c.len_utf8() });
        rest = after;
        match c {
            ' ' | '\t' | '\n' | '\r' => {}
            '{' | '[' if after.trim_ascii_start().starts_with(['}', ']']) => {
                let (end, after) = after.trim_ascii_start().split_at(1);
                out.extend([token, end]);
                rest = after;
            }
            '{' | '[' | ',' => {
                out.push(c);
                depth += usize::from(c != ',');
                new_line(&mut out, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ':' => out.push_str(": "),
            _ => out.push_str(token),
        }
    }
    out
}

/// The bytes of the string that a text starts with, quotes and all.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == '"' && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order_and_numbers_their_digits() {
        let text = r#" {"b":1.50,"a":[ ],"c":{"x, y":"\\\"}: [","n":[1e400,{ }]}} "#;
        let expected = "{\n  \"b\": 1.50,\n  \"a\": [],\n  \"c\": {\n    \"x, y\": \"\\\\\\\"}: [\",\n    \
                        \"n\": [\n      1e400,\n      {}\n    ]\n  }\n}";
        assert_eq!(indented(text), expected);
    }
}
