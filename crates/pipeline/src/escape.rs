//! Text of others, made safe to show: a message, a database or a queue may send what a terminal or a reader obeys.

use std::borrow::Cow;

/// The text with control characters and those that change the direction of writing (Unicode, `Bidi_Control`) as escapes
/// like `\u{202e}`. Neither a terminal's commands nor lines of a log can be forged by what is left.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if commands(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

fn commands(character: char) -> bool {
    let line_or_paragraph_separator = matches!(character, '\u{2028}' | '\u{2029}');
    character.is_control() || is_bidi_control(character) || line_or_paragraph_separator
}

fn is_bidi_control(character: char) -> bool {
    matches!(character, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_as_an_escape() {
        assert_eq!(escaped("a\u{1b}[31mred\n\u{202e}back"), "a\\u{1b}[31mred\\u{a}\\u{202e}back");
        assert_eq!(escaped("\u{7f}\u{9b}2J\0"), "\\u{7f}\\u{9b}2J\\u{0}");
    }

    #[test]
    fn other_text_stays_as_it_is() {
        for text in ["", "naïve Übergröße 東京 🦀", "שלום"] {
            assert!(matches!(escaped(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
