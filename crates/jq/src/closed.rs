//! Recognizes expressions that look at nothing: one run before the first message shows what every run yields.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::Part;

/// Functions that don't look at their input, with the count of their arguments.
const CLOSED: [(&str, usize); 17] = [
    ("add", 1),
    ("empty", 0),
    ("error", 1),
    ("false", 0),
    ("first", 1),
    ("infinite", 0),
    ("isempty", 1),
    ("last", 1),
    ("limit", 2),
    ("nan", 0),
    ("nth", 2),
    ("null", 0),
    ("range", 1),
    ("range", 2),
    ("range", 3),
    ("skip", 2),
    ("true", 0),
];

/// Whether a term yields the same whatever its input is. It does not look for variables of the message.
pub(crate) fn is_closed(term: &Term<&str>) -> bool {
    match term {
        Term::Num(_) | Term::Var(_) | Term::Break(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Term(term) => is_closed(term),
            _ => true,
        }),
        Term::Arr(inner) => inner.iter().all(|term| is_closed(term)),
        Term::Obj(fields) => fields.iter().all(|(key, value)| is_closed(key) && value.as_ref().is_some_and(is_closed)),
        Term::Neg(term) | Term::Label(_, term) | Term::TryCatch(term, _) => is_closed(term),
        Term::BinOp(left, op, right) => is_closed(left) && (sees_left(op) || is_closed(right)),
        Term::Fold(_, source, Pattern::Var(_), arguments) => {
            is_closed(source) && arguments.first().is_some_and(is_closed)
        }
        Term::IfThenElse(cases, otherwise) => {
            let mut cases = cases.iter();
            cases.all(|(condition, then)| is_closed(condition) && is_closed(then))
                && otherwise.as_ref().is_some_and(|term| is_closed(term))
        }
        Term::Call("any" | "all", arguments) => arguments.len() == 2 && is_closed(&arguments[0]),
        Term::Call(name, arguments) => CLOSED.contains(&(*name, arguments.len())) && arguments.iter().all(is_closed),
        Term::Id | Term::Recurse | Term::Def(..) | Term::Fold(..) => false,
        Term::Path(head, path) => is_closed(head) && path.0.iter().all(|(part, _)| is_closed_part(part)),
    }
}

/// The right side of `|` sees nothing but what the left side yields.
fn sees_left(op: &BinaryOp<&str>) -> bool {
    matches!(op, BinaryOp::Pipe(None))
}

fn is_closed_part(part: &Part<Term<&str>>) -> bool {
    match part {
        Part::Index(term) => is_closed(term),
        Part::Range(from, to) => from.iter().chain(to).all(is_closed),
    }
}
