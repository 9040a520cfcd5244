//! Escapes of characters beyond 16 bits, which JSON writes as two halves (`"\ud83d\ude00"`, RFC 8259, 7) and the reader of
//! YAML refuses: hidden from it, and put together in what it reads.

use std::borrow::Cow;

/// A text without such escapes.
pub(super) struct Hidden<'t> {
    pub(super) text: Cow<'t, str>,
    /// Stands where the backslash of each half stood; a character that the text has nowhere.
    mark: Option<char>,
}

/// As many characters as before, so that each keeps its place.
pub(super) fn hide(text: &str) -> Hidden<'_> {
    let mut halves = text.match_indices('\\').filter(|(at, _)| is_half(&text[at + 1..])).peekable();
    let unused = ('\u{e000}'..='\u{f8ff}').find(|mark| !text.contains(*mark));
    let (Some(_), Some(mark)) = (halves.peek(), unused) else {
        return Hidden { text: Cow::Borrowed(text), mark: None };
    };
    let mut hidden = String::new();
    let mut from = 0;
    for (at, _) in halves {
        // After an odd number of others the backslash is itself escaped.
        let before = text[..at].len() - text[..at].trim_end_matches('\\').len();
        if before.is_multiple_of(2) {
            hidden.push_str(&text[from..at]);
            hidden.push(mark);
            from = at + 1;
        }
    }
    hidden.push_str(&text[from..]);
    Hidden { text: Cow::Owned(hidden), mark: Some(mark) }
}

/// Whether one half follows a backslash.
fn is_half(escape: &str) -> bool {
    let digits = escape.strip_prefix('u').and_then(|digits| digits.get(..4));
    digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()).is_some_and(|unit| (0xd800..0xe000).contains(&unit))
}

impl Hidden<'_> {
    /// A scalar with its escapes again. In double quotes two halves are one character; `None` where one stands alone.
    pub(super) fn shown(&self, scalar: String, in_double_quotes: bool) -> Option<String> {
        let Some(mark) = self.mark.filter(|mark| scalar.contains(*mark)) else {
            return Some(scalar);
        };
        if !in_double_quotes {
            return Some(scalar.replace(mark, "\\"));
        }
        let mut parts = scalar.split(mark);
        let mut shown = parts.next()?.to_owned();
        let mut first_half = None;
        for part in parts {
            let (escape, rest) = part.split_at_checked("ud83d".len())?;
            let half = u16::from_str_radix(&escape[1..], 16).ok()?;
            match first_half.take() {
                None if rest.is_empty() => first_half = Some(half),
                None => return None,
                Some(first) => {
                    shown.push(char::decode_utf16([first, half]).next()?.ok()?);
                    shown.push_str(rest);
                }
            }
        }
        first_half.is_none().then_some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_keeps_its_place() {
        for text in [r#"{"a": "\ud83d\ude00", 'b': \\ud83d}"#, r"\u00e9", "", r"\", r"\u", r"\ud8"] {
            let hidden = hide(text);
            assert_eq!(hidden.text.chars().count(), text.chars().count());
            assert_eq!(hidden.shown(hidden.text.clone().into_owned(), false).unwrap(), text);
        }
    }

    #[test]
    fn two_halves_are_one_character() {
        let read = |text: &str| {
            let hidden = hide(text);
            hidden.shown(hidden.text.clone().into_owned(), true)
        };
        assert_eq!(read(r"a\ud83d\uDE00b\ud83d\ude01").unwrap(), "a\u{1f600}b\u{1f601}");
        for alone in [r"\ud83d", r"\ud83dx", r"\ud83d \ude00", r"\ude00\ud83d", r"\ude00", r"\ud83d\ud83d"] {
            assert_eq!(read(alone), None, "{alone}");
        }
    }
}
