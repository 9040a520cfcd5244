//! Full jq: an expression that is more than a simple path.
//!
//! The interpreter is jaq's, on values of our own that keep to a budget.

use std::fmt;

use jaq_core::{Ctx, Error, Exn, Filter, Vars};
use serde_json::Value;

use crate::budget::{Ended, Limit};
use crate::interpreter::{Data, Table};
use crate::path::{Path, Root};
use crate::scope::Scope;
use crate::value::Val;

/// A compiled program.
pub(crate) struct Program {
    pub(crate) filter: Filter<Data>,
    /// The path whose value the filter gets, when the program is `PATH | ...`: no need to convert the whole document.
    pub(crate) head: Option<Path>,
    pub(crate) variables: Vec<Root>,
    pub(crate) pipeline: Option<(Path, Vec<String>)>,
    pub(crate) closed: bool,
}

/// Why a program has no value.
#[derive(Debug)]
pub(crate) enum Failure {
    /// jq's own error, or an `error(..)` of the expression.
    Error(String),
    /// More than one result.
    Several,
    /// Over a limit.
    Stopped(Limit),
}

/// Characters of jq's message, at most.
const LONGEST_MESSAGE: usize = 200;

impl Program {
    /// Whether it may look at this root.
    pub(crate) fn uses(&self, root: Root) -> bool {
        let input = self.head.as_ref().map_or(Root::Input, |path| path.root);
        input == root || self.variables.contains(&root)
    }

    pub(crate) fn pipeline(&self) -> Option<(&Path, &[String])> {
        self.pipeline.as_ref().map(|(path, functions)| (path, &**functions))
    }

    /// Whether it looks at nothing, so that one run shows what every run does.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Runs on one message. No result is null.
    pub(crate) fn run(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        match scope.steps().spend(|| self.evaluate(scope)) {
            Ok(result) => result,
            Err(Ended::Limit(limit)) => Err(Failure::Stopped(limit)),
            Err(Ended::Panic) => Err(Failure::Error("the interpreter failed".to_owned())),
        }
    }

    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Failure> {
        let input = match &self.head {
            Some(path) => {
                let value = path.get(scope.root(path.root));
                Val::from_value(value.map_err(|error| Failure::Error(error.to_string()))?)
            }
            None => scope.val(Root::Input),
        };
        let variables = self.variables.iter().map(|root| scope.val(*root));
        let context = Ctx::<Data>::new(Table(&self.filter.lut), Vars::new(variables));
        let mut results = self.filter.id.run((context, input));
        let first = results.next().transpose().map_err(failure)?;
        match results.next().transpose().map_err(failure)? {
            Some(_) => Err(Failure::Several),
            None => Ok(first.map_or(Value::Null, |value: Val| value.to_value())),
        }
    }
}

/// An `error("text")` by its text, jq's own by its message; never more than the beginning.
fn failure(exception: Exn<'_, Val>) -> Failure {
    let text = match exception.get_err().map(Error::into_val) {
        Ok(Val::Str(text)) => text.to_string(),
        Ok(value) => value.to_string(),
        Err(_) => "it breaks out of a label that is not there".to_owned(),
    };
    Failure::Error(match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    })
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}
