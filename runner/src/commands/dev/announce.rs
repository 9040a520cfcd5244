//! Where everything is, before the first event.

use std::fmt::Write as _;

use super::example::Chosen;
use super::stack::{REGION, Stack};
use crate::connection;
use crate::listen::{Server, Token};
use crate::output;
use pipeline::Pipeline;
use pipeline::producer::Pace;

/// Says what is known before the local services start, which takes a moment.
pub(super) fn first(chosen: &Chosen, pipeline: &Pipeline, server: &Server, token: &Token) {
    let mut text = "runner dev: ".to_owned();
    if chosen.is_example() {
        text.push_str("a built-in example, since this folder does not contain `pipelines`");
    } else {
        let _ = write!(text, "{}", pipeline.file().display());
    }
    let (source, tables) = (pipeline.source(), connection::tables([pipeline]));
    let tables: Vec<String> = tables.iter().map(|table| table.name.to_string()).collect();
    output::to_stderr(format_args!(
        "{text}\n  \
         page        http://{}/#token={}\n  \
         queue       {}, dead letters in {}\n  \
         tables      {}",
        server.address(),
        token.expose(),
        source.queue.name(),
        source.dlq.name(),
        tables.join(", "),
    ));
}

/// Says where the local services are, and what is sent.
pub(super) fn services(stack: &Stack, pace: Pace, count: Option<u64>) {
    let until = count.map_or("Ctrl-C stops".to_owned(), |count| format!("{count} in all"));
    output::to_stderr(format_args!(
        "  PostgreSQL  psql '{}'\n  \
         SQS         aws --endpoint-url {} --region {REGION} sqs list-queues\n  \
         events      {pace}; {until}",
        stack.postgres.url(),
        stack.sqs.endpoint(),
    ));
}

/// Says how to go on from the example.
pub(super) fn your_own() {
    output::to_stderr("  your own    runner new NAME --from-sample FILE\n              runner dev pipelines/NAME.yaml");
}
