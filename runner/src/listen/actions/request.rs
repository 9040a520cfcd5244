//! What an action is about.

use serde::Deserialize;

use engine::dlq::{Filter, Kind, RedriveOptions, Selection};
use pipeline::producer::Pace;

/// The body of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// For `show`: the id of a letter, or of the message that was rejected.
    id: Option<String>,
    /// For `dry-run` and `redrive`.
    kind: Option<KindOfLetters>,
}

/// A kind, as `/status` and `list` write it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KindOfLetters {
    code: String,
    place: Option<String>,
    keyword: Option<String>,
    sqlstate: Option<String>,
}

/// An action.
#[derive(Debug)]
pub(super) enum Action {
    /// Group all letters by kind.
    List,
    /// One letter, whole.
    Show { id: String },
    /// Send those of a kind back that would pass now, or only count them.
    Redrive { kind: Kind, dry_run: bool },
}

/// What is wrong with a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("the body is not a request: {0}")]
    Body(serde_json::Error),
    #[error("the body has no `{0}`")]
    Missing(&'static str),
    #[error("{0:?} is not an action: there are list, show, dry-run and redrive")]
    Unknown(String),
}

impl Request {
    /// Reads a body; an empty one is about everything.
    pub(super) fn parse(body: &[u8]) -> Result<Self, RequestError> {
        if body.is_empty() { Ok(Self::default()) } else { serde_json::from_slice(body).map_err(RequestError::Body) }
    }

    /// The action of this name.
    pub(super) fn action(self, name: &str) -> Result<Action, RequestError> {
        match name {
            "list" => Ok(Action::List),
            "show" => Ok(Action::Show { id: self.id.ok_or(RequestError::Missing("id"))? }),
            "dry-run" | "redrive" => {
                let kind = self.kind.ok_or(RequestError::Missing("kind"))?;
                Ok(Action::Redrive { kind: kind.into(), dry_run: name == "dry-run" })
            }
            other => Err(RequestError::Unknown(other.to_owned())),
        }
    }
}

impl From<KindOfLetters> for Kind {
    fn from(kind: KindOfLetters) -> Self {
        let KindOfLetters { code, place, keyword, sqlstate } = kind;
        Self { code, place, keyword, sqlstate }
    }
}

/// The letters of a kind.
pub(super) fn selection(kind: &Kind) -> Selection {
    Selection { filter: Some(Filter::of_kind(kind.clone())), max: None }
}

/// As fast as the queue accepts them; what other pipelines rejected, and what was redriven often, is left alone.
pub(super) fn options(dry_run: bool) -> RedriveOptions {
    RedriveOptions { pace: Pace::Unlimited, dry_run, again: false, of_others: false }
}
