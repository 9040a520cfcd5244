//! How `runner dlq` fails.

use engine::fault::Fault;
use jq::ExprError;

/// Why a command of `dlq` failed.
#[derive(Debug, thiserror::Error)]
pub enum DlqFailure {
    /// `--where` is not an expression.
    #[error("`--where`, column {}: {error}{}", column(text, error), marked(text, error))]
    Where {
        /// As written on the command line.
        text: String,
        /// What is wrong with it.
        error: ExprError,
    },
    /// `purge` has nobody to ask.
    #[error("`purge` asks before it deletes letters, and stdin is not a terminal")]
    NobodyToAsk,
    /// None of the letters has the id.
    #[error("no letter has the id {id}; {seen}{} were seen", of_about(*about))]
    NoSuchLetter {
        /// As written on the command line.
        id: String,
        /// Letters that were looked at.
        seen: u64,
        /// Letters in the queue, as far as SQS counted them.
        about: Option<u64>,
    },
    /// The queue does not answer as it should.
    #[error("can't go on with the letters: {0}")]
    Queue(Fault),
    /// Not every selected letter left the queue.
    #[error("{0} of the selected letters stayed in the dead-letter queue")]
    Stayed(u64),
    /// Letters were sent, and are in the dead-letter queue still.
    #[error("{0} letters are done with, but could not be deleted: they may be redriven a second time")]
    Undeleted(usize),
    /// A signal, or a person's no.
    #[error("stopped: nothing was deleted")]
    NothingDeleted,
    /// A signal.
    #[error("stopped before every letter was seen")]
    Interrupted,
}

impl DlqFailure {
    /// Whether the command line is wrong.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Where { .. } | Self::NobodyToAsk)
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Where { error, .. } => error.help.as_deref(),
            Self::NobodyToAsk => Some("add --yes"),
            Self::NoSuchLetter { .. } => {
                Some("`runner dlq list` shows ids; a letter that somebody else holds is not seen")
            }
            Self::Queue(_) => Some("the letters that were not sent or deleted are in the queue within 30 s"),
            Self::Stayed(_) | Self::Undeleted(_) | Self::NothingDeleted | Self::Interrupted => None,
        }
    }
}

/// How many letters there are, where SQS counted them.
pub(crate) fn of_about(about: Option<u64>) -> String {
    about.map(|about| format!(" of about {about}")).unwrap_or_default()
}

/// The place of a mistake, counted in characters from 1.
fn column(text: &str, error: &ExprError) -> usize {
    text.get(..error.span.start).map_or(0, |before| before.chars().count()) + 1
}

/// The expression with a mark under the mistake, where it is written on one line.
fn marked(text: &str, error: &ExprError) -> String {
    if text.contains(char::is_control) {
        return String::new();
    }
    let width = text.get(error.span.clone()).map_or(0, |part| part.chars().count()).max(1);
    format!("\n  {text}\n  {:indent$}{}", "", "^".repeat(width), indent = column(text, error) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_an_expression_is_marked() {
        let text = ".é == foo";
        let error = ExprError { message: "`foo` is not known".to_owned(), span: 7..10, help: None };
        let failure = DlqFailure::Where { text: text.to_owned(), error };
        assert_eq!(failure.to_string(), "`--where`, column 7: `foo` is not known\n  .é == foo\n        ^^^");
    }
}
