//! Which functions an expression can call.

use std::collections::HashSet;
use std::sync::LazyLock;

use jaq_core::load::parse::Def;
use jaq_core::load::{self};
use jaq_core::native::Fun;

use super::{Data, functions, syntax, time};

/// What reads the machine, other messages or a clock, ends the process, or can't be held to a budget.
pub(super) const LEFT_OUT: [&str; 17] = [
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

/// Definitions in jq of our own: a search is paid for before it starts.
const OURS: &str = "
def matches($re; $flags): regex_cost($re; $flags) as $_ | matches_($re; $flags);
def split_matches($re; $flags): regex_cost($re; $flags) as $_ | split_matches_($re; $flags);
def split_($re; $flags): regex_cost($re; $flags) as $_ | split_native($re; $flags);
";

/// What jq defines in jq and jaq does not have.
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

static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let parsed = |text| load::parse(text, |parser| parser.defs()).expect("our own jq parses");
    jaq_core::defs()
        .chain(parsed(OURS))
        .chain(jaq_std::defs())
        .chain(jaq_json::defs())
        .chain(parsed(MISSING))
        .filter(|def| !LEFT_OUT.contains(&def.name))
        .collect()
});

/// Those definitions that `names` lead to, in their order. Compiling all of them would cost each expression more than
/// everything else about it.
pub(super) fn definitions(names: HashSet<&str>) -> Vec<Definition> {
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
pub(super) fn natives() -> Vec<Fun<Data>> {
    let ours: Vec<_> = functions::json().into_iter().chain(functions::events()).chain(time::functions()).collect();
    let replaced: HashSet<_> = ours.iter().map(|(name, ..)| *name).collect();
    jaq_core::funs()
        .chain(jaq_std::funs())
        .filter(|(name, ..)| !LEFT_OUT.contains(name) && !replaced.contains(name))
        .map(|(name, arguments, native)| (renamed(name), arguments, native))
        .chain(ours)
        .collect()
}

/// The names under which [`OURS`] calls what it wraps.
fn renamed(name: &'static str) -> &'static str {
    match name {
        "matches" => "matches_",
        "split_matches" => "split_matches_",
        "split_" => "split_native",
        other => other,
    }
}
