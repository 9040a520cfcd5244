//! Chooses which of a document's errors to report, and puts it into words.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::message::{Code, Rejection};

/// Errors looked at, at most: a large document may have one for every element.
const LOOKED_AT: usize = 1000;
/// Characters of a value or of a schema's text inside a message, at most.
const EXCERPT: usize = 80;

/// The rejection for a document's errors: the one that explains most, and how many more there are.
pub(super) fn rejection<'e>(errors: impl Iterator<Item = ValidationError<'e>>) -> Rejection {
    let errors: Vec<_> = errors.take(LOOKED_AT).collect();
    let Some(first) = deepest(&errors) else {
        return Rejection::new(Code::Schema, "the document breaks the schema");
    };
    let reported = innermost(first);
    let message = match errors.len() - 1 {
        0 => describe(reported),
        more => format!("{} (and {more} more)", describe(reported)),
    };
    // Whether the text matches is not known then.
    let code = if is_unfinished(reported) { Code::Budget } else { Code::Schema };
    Rejection {
        instance_path: Some(reported.instance_path().as_str().to_owned()),
        keyword: Some(reported.kind().keyword().to_owned()),
        schema_path: Some(reported.schema_path().as_str().to_owned()),
        ..Rejection::new(code, message)
    }
}

/// Whether a pattern met its limit before it matched or failed.
fn is_unfinished(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::BacktrackLimitExceeded { .. })
}

/// Each error in a sentence, once.
pub(super) fn sentences<'e>(errors: impl Iterator<Item = ValidationError<'e>>) -> Vec<String> {
    let mut sentences = Vec::new();
    for error in errors {
        let sentence = sentence(&error);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// One error in a sentence: of a choice, what is wrong with the branch that was meant.
pub(super) fn sentence(error: &ValidationError<'_>) -> String {
    describe(innermost(error))
}

/// The first of the errors that lie deepest in the document.
fn deepest<'a, 'e>(errors: &'a [ValidationError<'e>]) -> Option<&'a ValidationError<'e>> {
    errors.iter().reduce(|best, error| if depth(error) > depth(best) { error } else { best })
}

fn depth(error: &ValidationError<'_>) -> usize {
    error.instance_path().as_str().matches('/').count()
}

/// The error inside the branch of an `anyOf` or `oneOf` the document was meant for, as far as that is certain.
fn innermost<'a, 'e>(error: &'a ValidationError<'e>) -> &'a ValidationError<'e> {
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return error;
    };
    match meant(context, depth(error)) {
        Some(branch) => deepest(branch).map_or(error, innermost),
        None => error,
    }
}

/// The branch the document was meant for: of those whose constants it has, the one in which it got deepest, with the
/// fewest errors. None when that is not certain: several branches are left and none of them let it below the place itself.
fn meant<'a>(branches: &'a [Vec<ValidationError<'static>>], at: usize) -> Option<&'a [ValidationError<'static>]> {
    let candidates: Vec<_> = branches.iter().map(Vec::as_slice).filter(|branch| !contradicted(branch, at)).collect();
    if let [only] = candidates[..] {
        return Some(only);
    }
    let best = candidates.into_iter().max_by_key(|branch| (reach(branch), std::cmp::Reverse(branch.len())));
    best.filter(|branch| reach(branch) > at)
}

/// How deep in the document a branch got.
fn reach(branch: &[ValidationError<'_>]) -> usize {
    deepest(branch).map_or(0, depth)
}

/// Whether one of the fields that distinguish the branches has another branch's value: a constant, right below the place.
/// A wrong constant further down is an error of this very branch. A value of another type also belongs to another branch.
fn contradicted(branch: &[ValidationError<'_>], at: usize) -> bool {
    branch.iter().any(|error| match error.kind() {
        Kind::Constant { .. } => depth(error) <= at + 1,
        Kind::Enum { options } => depth(error) <= at + 1 && is_single(options),
        Kind::Not { schema } => depth(error) <= at + 1 && is_constant(schema),
        Kind::Type { .. } => depth(error) == at,
        _ => false,
    })
}

/// Whether a schema lists values: `not` one of the known kinds marks the branch for all others.
fn is_constant(schema: &Value) -> bool {
    schema.get("enum").or_else(|| schema.get("const")).is_some()
}

/// Before `const` came with draft 6, an `enum` of one value was written for it.
fn is_single(options: &Value) -> bool {
    options.as_array().is_some_and(|options| options.len() == 1)
}

/// The error in a sentence, with the place it is about.
fn describe(error: &ValidationError<'_>) -> String {
    let place = match error.instance_path().as_str() {
        "" => "the document".to_owned(),
        path => format!("`{path}`"),
    };
    format!("{place} {}", predicate(error))
}

fn predicate(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Type { kind } => format!("is {}, not {}", found(error.instance()), types(kind)),
        Kind::Required { property } => format!("is missing the required field {property}"),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("has fields the schema does not allow: {}", names(unexpected))
        }
        Kind::Enum { options } => format!("is {}, not one of {}", found(error.instance()), cut(&options.to_string())),
        Kind::Constant { expected_value } => {
            format!("is {}, not {}", found(error.instance()), cut(&expected_value.to_string()))
        }
        Kind::Format { format } => format!("is {}, not a valid {format}", found(error.instance())),
        Kind::Pattern { pattern } => format!("is {}, which does not match {}", found(error.instance()), cut(pattern)),
        Kind::BacktrackLimitExceeded { .. } => "takes too many steps to match against its pattern".to_owned(),
        Kind::FalseSchema => "is not allowed here".to_owned(),
        Kind::Contains => contains(error.schema_path().as_str()).to_owned(),
        kind => bound(kind).unwrap_or_else(|| cut(&error.masked().to_string())),
    }
}

/// The keyword shows which bound on the items is broken.
fn contains(schema_path: &str) -> &'static str {
    match schema_path.rsplit('/').next() {
        Some("maxContains") => "has more items of the kind `contains` asks for than `maxContains` allows",
        Some("minContains") => "has fewer items of the kind `contains` asks for than `minContains` wants",
        _ => "has no item of the kind `contains` asks for",
    }
}

/// The keywords that set a bound.
fn bound(kind: &Kind) -> Option<String> {
    Some(match kind {
        Kind::Minimum { limit } => format!("is below the minimum {limit}"),
        Kind::Maximum { limit } => format!("is above the maximum {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("is not above {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("is not below {limit}"),
        Kind::MultipleOf { multiple_of } => format!("is not a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("is shorter than {limit} characters"),
        Kind::MaxLength { limit } => format!("is longer than {limit} characters"),
        Kind::MinItems { limit } => format!("has fewer than {limit} items"),
        Kind::MaxItems { limit } => format!("has more than {limit} items"),
        Kind::AdditionalItems { limit } => format!("has more than {limit} items"),
        Kind::MinProperties { limit } => format!("has fewer than {limit} fields"),
        Kind::MaxProperties { limit } => format!("has more than {limit} fields"),
        Kind::UniqueItems => "has items that are equal".to_owned(),
        Kind::AnyOf { .. } => "matches none of the schemas in `anyOf`".to_owned(),
        Kind::OneOfNotValid { .. } => "matches none of the schemas in `oneOf`".to_owned(),
        Kind::OneOfMultipleValid { .. } => "matches more than one of the schemas in `oneOf`".to_owned(),
        Kind::Not { .. } => "matches the schema in `not`".to_owned(),
        Kind::PropertyNames { error } => {
            format!("has a field name that is not allowed: {}", cut(&error.instance().to_string()))
        }
        _ => return None,
    })
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(ty) => ty.to_string(),
        TypeKind::Multiple(types) => types.iter().map(|ty| ty.to_string()).collect::<Vec<_>>().join(" or "),
    }
}

/// A scalar by its text, a container by its kind.
fn found(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) => format!("the string {}", cut(&format!("{text:?}"))),
        Value::Number(number) => format!("the number {}", cut(&number.to_string())),
        other => other.to_string(),
    }
}

fn names(names: &[String]) -> String {
    cut(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
