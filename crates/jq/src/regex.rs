//! jq's functions with regular expressions. jaq's own make all matches before the first one is counted.

use std::rc::Rc;

use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Bind, Cv, Error, Exn, ValR, ValXs};
use regex_bites::{Captures, Match, Regex, RegexBuilder};

use super::budget;
use super::regex_cost;
use super::text::Text;
use super::value::Val;
use crate::interpreter::Data;

/// Others are defined by these, in jq.
pub(crate) fn functions() -> Vec<Fun<Data>> {
    let replacement = [Bind::Var(()), Bind::Fun(()), Bind::Var(())];
    vec![
        run(("matches", v(2), |cv| bome(with_search(cv, Search::matches)))),
        run(("split_", v(2), |cv| bome(with_search(cv, Search::split)))),
        run(("sub", replacement.into(), |cv| sub(cv))),
    ]
}

fn with_search(mut cv: Cv<'_, Data>, f: fn(&Search, &str) -> Val) -> ValR<Val> {
    let flags = cv.0.pop_var();
    let pattern = cv.0.pop_var();
    let search = Search::new(&cv.1, &pattern, &flags)?;
    Ok(f(&search, cv.1.as_text()?))
}

struct Search {
    regex: Regex,
    /// All matches, not the first alone.
    global: bool,
    skip_empty: bool,
}

impl Search {
    /// Makes the search, after paying for it.
    fn new(input: &Val, pattern: &Val, flags: &Val) -> Result<Self, Error<Val>> {
        let (flags, pattern, text) = (flags.as_text()?, pattern.as_text()?, input.as_text()?);
        regex_cost::pay(text, pattern, flags);
        let mut builder = RegexBuilder::new(pattern);
        for flag in flags.chars() {
            match flag {
                'g' | 'n' => &mut builder,
                'i' => builder.case_insensitive(true),
                'm' => builder.multi_line(true),
                's' => builder.dot_matches_new_line(true),
                'p' => builder.multi_line(true).dot_matches_new_line(true),
                'l' => builder.swap_greed(true),
                'x' => builder.ignore_whitespace(true),
                other => return Err(Error::str(format_args!("invalid regex flag: {other}"))),
            };
        }
        let regex = builder.build().map_err(|error| Error::str(format_args!("invalid regex: {error}")))?;
        Ok(Self { regex, global: flags.contains('g'), skip_empty: flags.contains('n') })
    }

    fn captures<'t>(&self, text: &'t str) -> impl Iterator<Item = (Match<'t>, Captures<'t>)> {
        let found = self.regex.captures_iter(text).filter_map(|captures| {
            budget::steps(4 + captures.len());
            Some((captures.get(0)?, captures))
        });
        let counted = found.filter(|(whole, _)| !(self.skip_empty && whole.is_empty()));
        counted.take(if self.global { usize::MAX } else { 1 })
    }

    /// An array for each match: the whole, and the groups that took part.
    fn matches(&self, text: &str) -> Val {
        let names = ["length", "name", "offset", "string"].map(|name| Rc::new(Text::from(name.to_owned())));
        let (mut bytes, mut chars) = (0, 0);
        let arrays = self.captures(text).map(|(whole, captures)| {
            chars += text[bytes..whole.start()].chars().count();
            bytes = whole.start();
            let groups = self.regex.capture_names().zip(captures.iter());
            let group = |(name, group): (Option<&str>, Option<Match<'_>>)| {
                let group = group?;
                let offset = chars + text[whole.start()..group.start()].chars().count();
                Some(described(&names, group.as_str(), offset, name))
            };
            groups.filter_map(group).collect::<Val>()
        });
        arrays.collect()
    }

    /// The texts between the matches.
    fn split(&self, text: &str) -> Val {
        let mut end = 0;
        let mut between = Vec::new();
        for (whole, _) in self.captures(text) {
            between.push(Val::str(&text[end..whole.start()]));
            end = whole.end();
        }
        between.push(Val::str(&text[end..]));
        between.into_iter().collect()
    }

    /// Named groups as an object.
    fn named(&self, captures: &Captures<'_>) -> Val {
        let groups = self.regex.capture_names().zip(captures.iter());
        Val::obj(groups.filter_map(|(name, group)| Some((Rc::new(name?.to_owned().into()), Val::str(group?.as_str())))))
    }
}

fn described([length, name, offset, string]: &[Rc<Text>; 4], group: &str, at: usize, named: Option<&str>) -> Val {
    let fields = [
        Some((length, Val::from(group.chars().count()))),
        named.map(|text| (name, Val::str(text))),
        Some((offset, Val::from(at))),
        Some((string, Val::str(group))),
    ];
    Val::obj(fields.into_iter().flatten().map(|(name, value)| (Rc::clone(name), value)))
}

/// The text with `f` of each match in its place; as many texts as `f` has results.
fn sub(mut cv: Cv<'_, Data>) -> ValXs<'_, Val> {
    let flags = cv.0.pop_var();
    let (f, context) = cv.0.pop_fun();
    let pattern = cv.0.pop_var();
    let replace = |captured| f.run((context.clone(), captured)).collect();
    match substituted(&cv.1, &pattern, &flags, replace) {
        Ok(texts) => Box::new(texts.into_iter().map(Ok)),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

fn substituted<'a>(
    input: &Val,
    pattern: &Val,
    flags: &Val,
    replace: impl Fn(Val) -> Result<Vec<Val>, Exn<'a, Val>>,
) -> Result<Vec<Val>, Exn<'a, Val>> {
    let search = Search::new(input, pattern, flags)?;
    let text = input.as_text()?;
    let mut end = 0;
    let mut texts = vec![Val::str("")];
    for (whole, captures) in search.captures(text) {
        let replacements = replace(search.named(&captures))?;
        texts = appended(texts, &[Val::str(&text[end..whole.start()])])?;
        texts = appended(texts, &replacements)?;
        end = whole.end();
    }
    appended(texts, &[Val::str(&text[end..])])
}

/// Each text with each end. A text with one end alone grows in place.
fn appended<'a>(texts: Vec<Val>, ends: &[Val]) -> Result<Vec<Val>, Exn<'a, Val>> {
    let pairs = texts.into_iter().flat_map(|text| std::iter::repeat_n(text, ends.len()).zip(ends.iter().cloned()));
    pairs.map(|(text, end)| (text + end).map_err(Exn::from)).collect()
}
