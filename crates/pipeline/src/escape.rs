//! Text of others, made safe to show: a message, a database or a queue may send what a terminal or a reader obeys.

use std::borrow::Cow;

/// The text on one line, with unsafe characters as escapes like `\u{202e}`. Neither a terminal's commands nor lines of a log
/// can be forged by what is left.
pub fn escaped(text: &str) -> Cow<'_, str> {
    escaped_but(text, |_| false)
}

/// The text with unsafe characters as escapes, but for those that are `kept`.
pub fn escaped_but(text: &str, kept: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_replaced = |character| is_unsafe(character) && !kept(character);
    if !text.contains(is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_replaced(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// The text with its lines and tabs, and other unsafe characters as escapes.
pub fn escaped_lines(text: &str) -> Cow<'_, str> {
    escaped_but(text, |character| matches!(character, '\n' | '\t'))
}

/// Whether a terminal or a reader obeys a character rather than showing it: control characters, and those that end a line,
/// change the direction of text (Unicode, UAX #9) or have no width.
pub fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{2028}' | '\u{2029}'
            | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_as_an_escape() {
        assert_eq!(escaped("a\u{1b}[31mred\n\u{202e}back"), "a\\u{1b}[31mred\\n\\u{202e}back");
        assert_eq!(escaped("\u{7f}\u{9b}2J\0"), "\\u{7f}\\u{9b}2J\\u{0}");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "naïve Übergröße 東京 🦀", "שלום"] {
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
