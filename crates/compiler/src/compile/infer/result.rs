//! Whether it is followed everywhere in an expression if a part of it yields nothing.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};

use super::term;

/// Functions of jq with one result for each input and argument.
const ONE_RESULT: [&str; 61] = [
    "IN",
    "abs",
    "add",
    "all",
    "any",
    "ascii_downcase",
    "ascii_upcase",
    "ceil",
    "contains",
    "endswith",
    "explode",
    "fabs",
    "false",
    "flatten",
    "floor",
    "from_entries",
    "fromdate",
    "fromjson",
    "group_by",
    "has",
    "implode",
    "index",
    "inside",
    "isempty",
    "join",
    "keys",
    "keys_unsorted",
    "length",
    "ltrim",
    "ltrimstr",
    "map",
    "max",
    "max_by",
    "min",
    "min_by",
    "not",
    "null",
    "reverse",
    "rindex",
    "round",
    "rtrim",
    "rtrimstr",
    "sort",
    "sort_by",
    "split",
    "sqrt",
    "startswith",
    "test",
    "to_entries",
    "todate",
    "tojson",
    "tonumber",
    "tostring",
    "trim",
    "true",
    "trunc",
    "type",
    "unique",
    "unique_by",
    "utf8bytelength",
    "with_entries",
];

/// Whether the term yields nothing only where its [`super::Yield`] says so; `false` when that is not known.
pub(super) fn is_certain(term: &Term<&str>) -> bool {
    yields(term, true)
}

/// Whether the term yields something. With `items`, `.[]` is taken to yield something, where the [`super::Yield`] of the
/// whole says when it does not.
fn yields(term: &Term<&str>, items: bool) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Term(term) => yields(term, items),
            _ => true,
        }),
        Term::Neg(term) => yields(term, items),
        Term::Path(base, path) => yields(base, items) && has_one_item(path, items),
        Term::BinOp(_, BinaryOp::Alt, right) => yields(right, false),
        Term::BinOp(
            left,
            BinaryOp::And
            | BinaryOp::Or
            | BinaryOp::Cmp(_)
            | BinaryOp::Comma
            | BinaryOp::Math(_)
            | BinaryOp::Pipe(None),
            right,
        ) => yields(left, items) && yields(right, items),
        Term::Call(name, arguments) => has_one_result(name) && arguments.iter().all(|argument| yields(argument, false)),
        Term::IfThenElse(branches, otherwise) => {
            let branches = branches.iter().all(|(condition, then)| yields(condition, false) && yields(then, false));
            branches && otherwise.as_deref().is_none_or(|otherwise| yields(otherwise, false))
        }
        _ => false,
    }
}

/// Whether a function has one result; each of those beyond jq's has.
fn has_one_result(name: &str) -> bool {
    ONE_RESULT.contains(&name) || jq::functions().any(|function| function.name == name)
}

fn has_one_item(path: &Path<Term<&str>>, items: bool) -> bool {
    path.0.iter().all(|(part, opt)| match part {
        _ if matches!(opt, Opt::Optional) => false,
        Part::Index(key) => is_literal(key),
        Part::Range(None, None) => items,
        Part::Range(from, to) => from.iter().chain(to).all(is_literal),
    })
}

/// A key or a bound that is written out: what a computed one yields is followed nowhere.
fn is_literal(key: &Term<&str>) -> bool {
    matches!(key, Term::Var(_)) || term::literal(key).is_some()
}
