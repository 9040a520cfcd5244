//! `.detail-type`, which subtracts.

use std::ops::Range;

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Part, Path};

use super::parse;
use super::path::field_name;

/// `.detail-type`: what was written, and how the field is meant to be written.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::plan) struct Subtraction {
    pub(in crate::plan) span: Range<usize>,
    pub(in crate::plan) meant: String,
}

/// Finds a field minus a word with no space between them, which was meant to be one name.
pub(in crate::plan) fn subtraction(text: &str) -> Option<Subtraction> {
    let term = parse(text)?;
    find_subtraction(&term, text)
}

fn find_subtraction(term: &Term<&str>, text: &str) -> Option<Subtraction> {
    let inside = |terms: &[&Term<&str>]| terms.iter().find_map(|term| find_subtraction(term, text));
    match term {
        Term::BinOp(left, BinaryOp::Math(Math::Sub), right) => {
            dashed_name(left, right, text).or_else(|| inside(&[left, right]))
        }
        Term::BinOp(left, _, right) => inside(&[left, right]),
        Term::Path(inner, _) | Term::Neg(inner) | Term::TryCatch(inner, _) | Term::Arr(Some(inner)) => inside(&[inner]),
        Term::Call(_, arguments) => inside(&arguments.iter().collect::<Vec<_>>()),
        _ => None,
    }
}

fn dashed_name(left: &Term<&str>, right: &Term<&str>, text: &str) -> Option<Subtraction> {
    let Term::Call(word, arguments) = right else {
        return None;
    };
    let at = word.as_ptr().addr() - text.as_ptr().addr();
    if !arguments.is_empty() || !text[..at].ends_with('-') || text[..at].ends_with(" -") {
        return None;
    }
    let ends_in_field = match left {
        Term::Path(_, Path(parts)) => matches!(parts.last(), Some((Part::Index(key), _)) if field_name(key).is_some()),
        Term::BinOp(_, BinaryOp::Math(Math::Sub), _) => true,
        _ => false,
    };
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let start = text[..at].rfind(|c| !in_name(c)).map_or(0, |at| at + 1);
    let end = text[at..].find(|c| !in_name(c)).map_or(text.len(), |end| at + end);
    let dotted = text[..start].ends_with('.');
    (ends_in_field && dotted).then(|| Subtraction { span: start..end, meant: text[start..end].to_owned() })
}
