//! The functions that an expression can call.

use std::collections::HashSet;
use std::sync::LazyLock;

use jaq_core::load::{self, parse::Def};
use jaq_core::native::Fun;

use crate::interpreter::Data;
use crate::{functions, json_functions, regex, search, strings, syntax, time};

/// Functions that read the machine, other messages or a clock, end the process, or can't be held to a budget.
pub(crate) const LEFT_OUT: [&str; 17] = [
    "debug",
    "debug_empty",
    "env",
    "halt",
    "halt_error",
    "input",
    "input_filename",
    "input_line_number",
    "inputs",
    "jn",
    "localtime",
    "now",
    "stderr",
    "stderr_empty",
    "strflocaltime",
    "tobytes",
    "yn",
];

/// Functions that jq defines in jq, and that jaq does not have.
const MISSING: &str = "
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] = $row);
def INDEX(f): INDEX(.[]; f);
def leaf_paths: paths(scalars);
def toarray: if isarray then . else [.] end;
def trimstr($text): ltrimstr($text) | rtrimstr($text);
";

type Definition = Def<&'static str>;

/// Defined by jaq, a native function here.
const SUB: (&str, usize) = ("sub", 3);

static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let missing = load::parse(MISSING, |parser| parser.defs()).expect("our own jq parses");
    jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(missing)
        .filter(|def| !LEFT_OUT.contains(&def.name) && (def.name, def.args.len()) != SUB)
        .collect()
});

/// Those definitions that `names` lead to, in their order. Compiling all of them would cost each expression more than
/// everything else about it.
pub(crate) fn definitions(names: HashSet<&str>) -> Vec<Definition> {
    let mut wanted: HashSet<&str> = names;
    let mut chosen: Vec<_> = DEFINITIONS
        .iter()
        .rev()
        .filter(|def| {
            let used = wanted.contains(def.name);
            if used {
                syntax::names(&def.body, &mut wanted);
            }
            used
        })
        .cloned()
        .collect();
    chosen.reverse();
    chosen
}

/// The native functions; ours come in the place of jaq's.
pub(crate) fn natives() -> Vec<Fun<Data>> {
    let ours = [json_functions::functions(), time::functions(), search::functions(), strings::functions()];
    let ours: Vec<_> = ours.into_iter().flatten().chain(regex::functions()).chain(functions::natives()).collect();
    let replaced: HashSet<_> = ours.iter().map(|(name, ..)| *name).collect();
    jaq_core::funs()
        .chain(jaq_std::funs())
        .filter(|(name, ..)| !LEFT_OUT.contains(name) && !replaced.contains(name))
        .chain(ours)
        .collect()
}
