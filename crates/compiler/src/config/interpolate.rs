//! `${VAR}` in plain settings, as Compose does it.

use std::collections::BTreeMap;

/// The environment, as `load` read it.
pub type Environment = BTreeMap<String, String>;

/// Why a text can't be interpolated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// The variable is not set, and no default is given.
    #[error("variable `{0}` is not set")]
    Unset(String),
    /// `${VAR:?message}`: the pipeline file has its own message for what is missing.
    #[error("variable `{name}` is not set: {message}")]
    Required {
        /// The variable.
        name: String,
        /// The file's own message.
        message: String,
    },
    /// `${` without `}`, or something else than a variable between them.
    #[error("`{0}` is not a valid variable: write `${{NAME}}`, `${{NAME:-default}}` or `${{NAME:?message}}`")]
    Malformed(String),
}

/// Replaces every `${VAR}`. A lone `$` stays; `$${` stands for `${`.
///
/// `:-` and `:?` count an empty variable as unset, `-` and `?` do not. Defaults are not interpolated again.
pub fn interpolate(text: &str, env: &Environment) -> Result<String, InterpolationError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let after = &rest[at + 2..];
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at - 1]);
            out.push_str("${");
            rest = after;
            continue;
        }
        out.push_str(&rest[..at]);
        let end = after.find('}').ok_or_else(|| InterpolationError::Malformed(rest[at..].to_owned()))?;
        out.push_str(&variable(&after[..end], env)?);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// What stands between the braces.
fn variable(inner: &str, env: &Environment) -> Result<String, InterpolationError> {
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, operator) = inner.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(InterpolationError::Malformed(format!("${{{inner}}}")));
    }
    let set = env.get(name);
    let filled = set.filter(|value| !value.is_empty());
    if operator.is_empty() {
        set.cloned().ok_or_else(|| InterpolationError::Unset(name.to_owned()))
    } else if let Some(default) = operator.strip_prefix(":-") {
        Ok(filled.map_or(default, String::as_str).to_owned())
    } else if let Some(message) = operator.strip_prefix(":?") {
        filled.cloned().ok_or_else(|| required(name, message))
    } else if let Some(default) = operator.strip_prefix('-') {
        Ok(set.map_or(default, String::as_str).to_owned())
    } else if let Some(message) = operator.strip_prefix('?') {
        set.cloned().ok_or_else(|| required(name, message))
    } else {
        Err(InterpolationError::Malformed(format!("${{{inner}}}")))
    }
}

fn required(name: &str, message: &str) -> InterpolationError {
    InterpolationError::Required { name: name.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> Result<String, InterpolationError> {
        let env = [("A", "1"), ("EMPTY", "")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        interpolate(text, &env.into())
    }

    #[test]
    fn values_defaults_and_escapes() {
        for (text, expected) in [
            ("x-${A}-y", "x-1-y"),
            ("${B:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${EMPTY-two}", ""),
            ("${B-}", ""),
            ("${A:?needed}", "1"),
            ("${EMPTY?needed}", ""),
            ("$${A} $A $", "${A} $A $"),
            ("${A}${A}", "11"),
        ] {
            assert_eq!(replaced(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_missing_or_malformed_is_an_error() {
        assert_eq!(replaced("${B}"), Err(InterpolationError::Unset("B".into())));
        assert!(replaced("${EMPTY:?set it}").unwrap_err().to_string().ends_with("set it"));
        for text in ["${", "${}", "${1A}", "${A!}", "${A:}", "${A b}"] {
            assert!(matches!(replaced(text), Err(InterpolationError::Malformed(_))), "{text}");
        }
    }
}
