//! Whether an expression has a result wherever it does not fail.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};

/// Functions with one result for each input and argument.
const ONE_RESULT: [&str; 24] = [
    "IN",
    "add",
    "all",
    "any",
    "ascii_downcase",
    "ascii_upcase",
    "contains",
    "endswith",
    "false",
    "has",
    "index",
    "inside",
    "isempty",
    "length",
    "lower",
    "not",
    "null",
    "rindex",
    "startswith",
    "test",
    "tostring",
    "true",
    "type",
    "upper",
];

/// Whether the term is certain to have a result; `false` when that is not known.
pub(super) fn is_certain(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Term(term) => is_certain(term),
            _ => true,
        }),
        Term::Neg(term) => is_certain(term),
        Term::Path(base, path) => is_certain(base) && has_one_item(path),
        Term::BinOp(_, BinaryOp::Alt, right) => is_certain(right),
        Term::BinOp(
            left,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Cmp(_) | BinaryOp::Math(_) | BinaryOp::Pipe(None),
            right,
        ) => is_certain(left) && is_certain(right),
        Term::Call(name, arguments) => ONE_RESULT.contains(name) && arguments.iter().all(is_certain),
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter().all(|(condition, then)| is_certain(condition) && is_certain(then));
            branches && otherwise.as_deref().is_none_or(is_certain)
        }
        _ => false,
    }
}

fn has_one_item(path: &Path<Term<&str>>) -> bool {
    path.0.iter().all(|(part, opt)| match part {
        _ if matches!(opt, Opt::Optional) => false,
        Part::Index(key) => is_certain(key),
        Part::Range(None, None) => false,
        Part::Range(from, to) => from.iter().chain(to).all(is_certain),
    })
}
