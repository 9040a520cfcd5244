//! jq's functions that look at a part of a text, or make a text of characters.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, ValR};
use jaq_std::ValT as _;

use super::budget;
use super::value::Val;
use crate::interpreter::Data;

pub(crate) fn functions() -> Vec<Fun<Data>> {
    vec![
        run(("startswith", v(1), |cv| unary(cv, |text, part| Ok(Val::Bool(before(&text, &part)?.is_some()))))),
        run(("endswith", v(1), |cv| unary(cv, |text, part| Ok(Val::Bool(after(&text, &part)?.is_some()))))),
        run(("ltrimstr", v(1), |cv| unary(cv, |text, part| Ok(shortened(&text, before(&text, &part)?))))),
        run(("rtrimstr", v(1), |cv| unary(cv, |text, part| Ok(shortened(&text, after(&text, &part)?))))),
        run(("trim", v(0), |cv| bome(trimmed(&cv.1, str::trim)))),
        run(("ltrim", v(0), |cv| bome(trimmed(&cv.1, str::trim_start)))),
        run(("rtrim", v(0), |cv| bome(trimmed(&cv.1, str::trim_end)))),
        run(("utf8bytelength", v(0), |cv| bome(cv.1.as_text().map(|text| Val::from(text.len()))))),
        run(("implode", v(0), |cv| bome(implode(cv.1)))),
    ]
}

/// What follows a prefix.
fn before<'t>(value: &'t Val, prefix: &Val) -> Result<Option<&'t str>, Error<Val>> {
    let (text, prefix) = (value.as_text()?, prefix.as_text()?);
    budget::read(text.len().min(prefix.len()));
    Ok(text.strip_prefix(prefix))
}

/// What comes before a suffix.
fn after<'t>(value: &'t Val, suffix: &Val) -> Result<Option<&'t str>, Error<Val>> {
    let (text, suffix) = (value.as_text()?, suffix.as_text()?);
    budget::read(text.len().min(suffix.len()));
    Ok(text.strip_suffix(suffix))
}

fn shortened(value: &Val, rest: Option<&str>) -> Val {
    rest.map_or_else(|| value.clone(), Val::str)
}

fn trimmed(value: &Val, trim: fn(&str) -> &str) -> ValR<Val> {
    let text = value.as_text()?;
    let rest = trim(text);
    budget::steps((text.len() - rest.len()) / 16);
    Ok(if rest.len() == text.len() { value.clone() } else { Val::str(rest) })
}

/// The text of some code points; a negative number stands for a byte that was not UTF-8.
fn implode(value: Val) -> ValR<Val> {
    let Val::Arr(arr) = value else {
        return Err(Error::typ(value, "array"));
    };
    budget::room(4 * arr.items().len());
    let mut bytes = Vec::new();
    for item in Val::take_items(arr) {
        let code = item.as_index().ok_or_else(|| Error::typ(item.clone(), "integer"))?;
        if let Ok(byte) = u8::try_from(code.unsigned_abs())
            && code < 0
        {
            bytes.push(byte);
        } else {
            let character = u32::try_from(code).ok().and_then(char::from_u32);
            let character = character.ok_or_else(|| Error::str(format_args!("cannot use {code} as character")))?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
    Ok(Val::from_utf8_bytes(bytes))
}
