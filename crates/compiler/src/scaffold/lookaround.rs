//! Patterns without look-aheads and look-behinds, which match no characters of their own: a text for the rest can be
//! written, and is then checked against the whole pattern.

const LOOKAROUNDS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];

/// The pattern without its look-aheads and look-behinds.
pub(super) fn without_lookarounds(pattern: &str) -> String {
    let mut kept = String::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let is_lookaround = LOOKAROUNDS.iter().any(|start| rest.starts_with(start));
        let (part, after) = rest.split_at(if is_lookaround { group(rest) } else { atom(rest) });
        if !is_lookaround {
            kept.push_str(part);
        }
        rest = after;
    }
    kept
}

/// Bytes of a group, from its parenthesis to the one that closes it.
fn group(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match text.as_bytes()[at] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += atom(&text[at..]);
        if depth == 0 {
            break;
        }
    }
    at
}

/// Bytes of the first element: an escape, a class, a character.
fn atom(text: &str) -> usize {
    let mut chars = text.chars();
    let first = chars.next().map_or(0, char::len_utf8);
    match text.as_bytes().first() {
        Some(b'\\') => first + chars.next().map_or(0, char::len_utf8),
        Some(b'[') => class(text),
        _ => first,
    }
}

fn class(text: &str) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text.as_bytes()[at] {
            b']' => return at + 1,
            b'[' => at += 1,
            _ => at += atom(&text[at..]),
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_looks_is_left_out() {
        for (pattern, rest) in [
            ("^(?!foo)[a-z]+$", "^[a-z]+$"),
            (r"^(?=.*\d)(?=.*[()\]])x(?<!y(z)\))$", "^x$"),
            (r"^\(?=a[(?=]$", r"^\(?=a[(?=]$"),
            ("(?<name>a)(?:b)", "(?<name>a)(?:b)"),
            ("a(?=b", "a"),
            ("ä(?!ö)[ü", "ä[ü"),
        ] {
            assert_eq!(without_lookarounds(pattern), rest, "{pattern}");
        }
    }
}
