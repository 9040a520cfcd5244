//! Compiles the text of an expression to a program.

use std::collections::HashSet;
use std::thread;

use jaq_core::compile::Undefined;
use jaq_core::load::lex::Lexer;
use jaq_core::load::parse::{BinaryOp, Parser, Term};
use jaq_core::load::{self, Arena, File, Loader, span};
use jaq_core::{Compiler, Filter};

use crate::error::ExprError;
use crate::interpreter::Data;
use crate::path::Root;
use crate::program::Program;
use crate::{closed, library, syntax};

/// Bytes of an expression, at most. Parser and compiler recurse, at most as deep as the text is long.
const LONGEST: usize = 8 << 10;
/// Enough stack for that.
const STACK: usize = 64 << 20;

pub(crate) fn compile(text: &str) -> Result<Program, ExprError> {
    if text.len() > LONGEST {
        let message = format!("an expression has at most {LONGEST} bytes");
        return Err(error(message, 0..text.len()));
    }
    thread::scope(|scope| {
        let compiler = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || compile_here(text))
            .expect("the system has room for one more thread");
        compiler.join().unwrap_or_else(|_| {
            let message = "the parser can't read this expression".to_owned();
            Err(error(message, 0..text.len()))
        })
    })
}

fn compile_here(text: &str) -> Result<Program, ExprError> {
    let term = parse(text)?;
    syntax::check(text, &term)?;
    let mut names = HashSet::new();
    syntax::names(&term, &mut names);
    let mut variables = Vec::new();
    for root in Root::VARIABLES {
        if root.variable().is_some_and(|name| names.contains(name)) {
            variables.push(root);
        }
    }
    let (head, body) = split(text, &term);
    let closed = head.is_none() && variables.is_empty() && closed::is_closed(&term);
    Ok(Program {
        filter: build(text, body, names, &variables)?,
        head,
        variables,
        pipeline: syntax::pipeline(text, &term),
        closed,
    })
}

fn parse(text: &str) -> Result<Term<&str>, ExprError> {
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        let (expected, rest) = &errors[0];
        let start = span(text, rest).start;
        let end = start + rest.chars().next().map_or(0, char::len_utf8);
        syntax_error(expected.as_str(), start..end, &text[start..end])
    })?;
    let first = tokens.first().map_or("", |token| token.as_str());
    if ["import", "include", "module"].contains(&first) {
        let message = format!("`{first}` is not for expressions");
        return Err(error(message, span(text, first)));
    }
    Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let (expected, found) = &errors[0];
        let found = found.map_or(&text[text.len()..], |token| token.as_str());
        syntax_error(expected.as_str(), span(text, found), found)
    })
}

fn syntax_error(expected: &str, at: std::ops::Range<usize>, found: &str) -> ExprError {
    let message = match (expected, found) {
        (expected, "") => format!("expected {expected}, found the end"),
        ("nothing", found) => format!("unexpected `{found}`"),
        (expected, found) => format!("expected {expected}, found `{found}`"),
    };
    error(message, at)
}

/// For `PATH | REST`: the path, and the text of the rest.
fn split<'t>(text: &'t str, term: &Term<&str>) -> (Option<super::Path>, &'t str) {
    let Term::BinOp(head, BinaryOp::Pipe(None), _) = term else {
        return (None, text);
    };
    let path = syntax::rooted(text, head).filter(|_| syntax::is_simple(text, head));
    // With a bracket before the path, the rest would have the bracket that closes it.
    let path = path.filter(|path| text[..path.span.start].trim().is_empty());
    let rest = path.as_ref().and_then(|path| text[path.span.end..].trim_start().strip_prefix('|'));
    match rest {
        Some(rest) => (path, rest),
        None => (None, text),
    }
}

fn build(text: &str, body: &str, names: HashSet<&str>, variables: &[Root]) -> Result<Filter<Data>, ExprError> {
    let arena = Arena::default();
    let file = File { code: body, path: () };
    let loader = Loader::new(library::definitions(names));
    let modules = loader.load(&arena, file).map_err(|errors| load_error(text, &errors[0].1))?;
    Compiler::default()
        .with_funs(library::natives())
        .with_global_vars(variables.iter().filter_map(|root| root.variable()))
        .compile(modules)
        .map_err(|errors| {
            let (name, undefined) = &errors[0].1[0];
            undefined_error(text, name, undefined)
        })
}

/// The text parsed before, so this is not reached; but the error has a message all the same.
fn load_error(text: &str, error_: &load::Error<&str>) -> ExprError {
    let message = format!("the expression can't be loaded: {error_:?}");
    error(message, 0..text.len())
}

fn undefined_error(text: &str, name: &str, undefined: &Undefined) -> ExprError {
    let at = span(text, name);
    let bare = name.trim_start_matches('$');
    if library::LEFT_OUT.contains(&bare) || bare == "ENV" {
        let message = format!("`{name}` is left out: an expression sees its message and nothing else");
        return error(message, at);
    }
    let (message, help) = match undefined {
        Undefined::Filter(0) => (format!("no function `{name}`"), field_hint(text, name, &at)),
        Undefined::Filter(arity) => (format!("no function `{name}` with {arity} arguments"), None),
        Undefined::Var => (
            format!("no variable `{name}`"),
            Some("there are `$doc`, `$body`, `$sqs`, and in `unwrap` `$raw`".to_owned()),
        ),
        other => (format!("no {} `{name}`", other.as_str()), None),
    };
    ExprError { help, ..error(message, at) }
}

/// A bare word as the whole expression was meant as a field.
fn field_hint(text: &str, name: &str, at: &std::ops::Range<usize>) -> Option<String> {
    let starts = text[..at.start].trim_end();
    let alone = starts.is_empty() || starts.ends_with(['(', ',', '|']);
    // `@csv` is a format, not a word.
    (alone && !name.starts_with('@')).then(|| format!("a field is written `.{name}`"))
}

fn error(message: String, span: std::ops::Range<usize>) -> ExprError {
    ExprError { message, span, help: None }
}
