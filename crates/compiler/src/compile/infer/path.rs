//! Paths: one step after the other into the values.

use jaq_core::load::parse::Term;
use jaq_core::path::{Opt, Part, Path};

use super::fact::{Step, step};
use super::field::Asked;
use super::index::slice;
use super::term::text;
use super::{Null, Walker, Yield};
use schema::Type;

/// The steps gone so far.
struct Trail {
    /// As jq writes them, from a variable or the input on.
    written: String,
    /// Where the last field's name ends.
    end: Option<usize>,
}

impl Trail {
    fn from(base: &Term<&str>) -> Self {
        let written = if let Term::Var(name) = base { (*name).to_owned() } else { String::new() };
        Self { written, end: None }
    }

    fn push(&mut self, part: &Part<Term<&str>>, quiet: bool) {
        let written = match part {
            Part::Index(key) => match step(key) {
                Some(Step::Field(name)) => jq::step(&name),
                Some(Step::Index(index)) => format!("[{index}]"),
                None => "[..]".to_owned(),
            },
            Part::Range(None, None) => "[]".to_owned(),
            Part::Range(..) => "[..:..]".to_owned(),
        };
        self.written.push_str(&written);
        self.written.push_str(if quiet { "?" } else { "" });
    }
}

impl<'t, 's> Walker<'t, 's> {
    pub(super) fn path(&mut self, base: &Term<&'t str>, path: &Path<Term<&'t str>>, input: &Yield<'s>) -> Yield<'s> {
        let mut value = self.term(base, input);
        let mut trail = Trail::from(base);
        for (part, opt) in &path.0 {
            let quiet = matches!(opt, Opt::Optional);
            let findings = self.findings.len();
            let fails = quiet && may_fail(&value, part);
            value = self.part(&value, part, input, &mut trail);
            trail.push(part, quiet);
            if quiet {
                self.findings.truncate(findings);
            }
            if fails {
                let end = trail.end.unwrap_or(self.text.len());
                value = value.or_nothing(Some(Null::new("`?` yields nothing where the step before it fails", 0..end)));
            }
        }
        value
    }

    fn part(
        &mut self,
        value: &Yield<'s>,
        part: &Part<Term<&'t str>>,
        input: &Yield<'s>,
        trail: &mut Trail,
    ) -> Yield<'s> {
        let next = match part {
            Part::Index(key) => match field_name(key) {
                Some((name, slice)) => {
                    let span = slice.map_or(0..self.text.len(), |slice| self.span(slice));
                    trail.end = Some(span.end);
                    self.field(value, &Asked { name: &name, before: &trail.written, span })
                }
                None => self.index(value, key, input, trail.end),
            },
            Part::Range(None, None) => self.iterate(value, trail.end),
            Part::Range(from, to) => {
                let span = trail.end.unwrap_or(0)..self.text.len();
                self.takes(value, "`[..:..]`", &[Type::String, Type::Array], true, &span);
                slice(value.clone(), from.as_ref(), to.as_ref())
            }
        };
        let origin = match part {
            Part::Index(key) => value.origin.as_ref().zip(step(key)).map(|(origin, step)| origin.step(step)),
            Part::Range(None, None) => Some(self.fresh()),
            Part::Range(..) => None,
        };
        let origin = origin.or(next.origin);
        let facts =
            if let Part::Index(key) = part { [next.facts, value.facts_below(step(key))].concat() } else { next.facts };
        let next = Yield { origin, facts, ..next }.or_nothing(value.nothing.clone()).or_many(value.many.clone());
        self.refined(next)
    }
}

/// Whether a step fails for some of the values before it, as far as their types show.
fn may_fail(value: &Yield<'_>, part: &Part<Term<&str>>) -> bool {
    let each = matches!(part, Part::Range(None, None));
    let taken: &[Type] = match part {
        Part::Index(key) if field_name(key).is_some() => &[Type::Object],
        Part::Index(Term::Num(_) | Term::Neg(_)) => &[Type::Array],
        Part::Index(_) => return false,
        Part::Range(..) if each => &[Type::Array, Type::Object],
        Part::Range(..) => &[Type::Array, Type::String],
    };
    let refused = value.types().is_some_and(|types| types.iter().any(|(ty, _)| !taken.contains(ty)));
    refused || (each && value.null.is_some())
}

/// The name of `.name`, `."name"` and `["name"]`, and the slice of the expression it stands in.
pub(super) fn field_name<'t>(key: &Term<&'t str>) -> Option<(String, Option<&'t str>)> {
    let Term::Str(None, parts) = key else {
        return None;
    };
    let slice = match parts[..] {
        [jaq_core::load::lex::StrPart::Str(slice)] => Some(slice),
        _ => None,
    };
    Some((text(parts)?, slice))
}
