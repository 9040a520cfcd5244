//! What no two pipelines may share: a name and a source queue.

use crate::config::PipelineText;
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::QueueRef;

/// Reports every file with the name or the source queue of an earlier one.
pub(super) fn check(texts: &[PipelineText]) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let earlier = &texts[..at];
        problems.extend(earlier.iter().find_map(|first| one_name(first, text)));
        problems.extend(earlier.iter().find_map(|first| one_queue(first, text)));
    }
    problems
}

fn one_name(first: &PipelineText, second: &PipelineText) -> Option<Diagnostic> {
    let name = second.name();
    if first.name() != name {
        return None;
    }
    let message = format!("{} is a pipeline named `{name}` too", first.source.path.display());
    let problem = Diagnostic::new(Code::DuplicateName, message, Place::new(&second.source, 0..0));
    Some(
        problem.help("a pipeline has the name of its file, also in logs and dead letters: rename one of the two files"),
    )
}

/// SQS hands each message to one receiver: each of two pipelines would get a random share of the messages.
fn one_queue(first: &PipelineText, second: &PipelineText) -> Option<Diagnostic> {
    let (known, known_place) = queue(first)?;
    let (queue, place) = queue(second)?;
    if !queue.may_be(&known) {
        return None;
    }
    let message = format!("queue `{queue}` is already the source of {}", first.source.path.display());
    let problem = Diagnostic::new(Code::SharedQueue, message, place).label("again here").related(known_place, "here");
    let problem = problem.help("each pipeline would get a random share of the messages: give each its own queue");
    Some(problem.help("one pipeline can write to several tables"))
}

/// A source queue and its place; one that names no queue is reported elsewhere.
fn queue(text: &PipelineText) -> Option<(QueueRef, Place)> {
    let setting = &text.file.as_ref()?.source.queue;
    let queue = setting.parse().ok()?;
    Some((queue, Place::new(&text.source, setting.range.clone())))
}
