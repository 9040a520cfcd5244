//! `.detail-type`, which subtracts.

use std::ops::Range;

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Math;

use super::parse;

/// `.detail-type`: what was written, and how the field is meant to be written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Subtraction {
    pub(crate) span: Range<usize>,
    pub(crate) meant: String,
}

/// Finds a field minus a word with no space between them, which was meant to be one name.
pub(crate) fn subtraction(text: &str) -> Option<Subtraction> {
    let term = parse(text)?;
    find_subtraction(&term, text)
}

fn find_subtraction(term: &Term<&str>, text: &str) -> Option<Subtraction> {
    let inside = |terms: &[&Term<&str>]| terms.iter().find_map(|term| find_subtraction(term, text));
    match term {
        Term::BinOp(left, BinaryOp::Math(Math::Sub), right) => {
            dashed_name(right, text).or_else(|| inside(&[left, right]))
        }
        Term::BinOp(left, _, right) => inside(&[left, right]),
        Term::Path(inner, _) | Term::Neg(inner) | Term::TryCatch(inner, _) | Term::Arr(Some(inner)) => inside(&[inner]),
        Term::Call(_, arguments) => inside(&arguments.iter().collect::<Vec<_>>()),
        _ => None,
    }
}

/// The word after the dash, and the name right before it that starts with a dot.
fn dashed_name(right: &Term<&str>, text: &str) -> Option<Subtraction> {
    let Term::Call(word, arguments) = right else {
        return None;
    };
    let at = word.as_ptr().addr() - text.as_ptr().addr();
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start = text[..at].trim_end_matches(in_name).len();
    let end = text.len() - text[at..].trim_start_matches(in_name).len();
    let meant = &text[start..end];
    let field = text[..start].ends_with('.') && meant.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let joined = text[start..at].ends_with('-') && arguments.is_empty();
    (field && joined).then(|| Subtraction { span: start..end, meant: meant.to_owned() })
}
