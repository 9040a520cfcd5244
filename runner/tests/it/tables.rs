//! A pipeline compiled from its text, with its tables in a database of its own: what is decided is written, without a
//! queue between.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::{SourceText, Style, render};
use engine::fault::Fault;
use engine::sink::{Login, PostgresSink, RowOrder, Server, Sink, Written};
use pipeline::message::{Delivery, Metadata, Receipt, Rejection};
use pipeline::row::Rows;
use pipeline::{LiveTypes, Pipeline, Target};

use crate::stack::Stack;

pub(crate) struct Tables {
    pub(crate) stack: Stack,
    pub(crate) pipeline: Pipeline,
    pub(crate) sink: PostgresSink,
}

/// A pipeline whose schema takes every document; `rest` are the keys of its file beside `source` and `schema`.
pub(crate) fn pipeline(rest: &str) -> Pipeline {
    let text = format!("source: {{ queue: a, dlq: b }}\nschema: s.json\n{rest}");
    let read = |path: &Path, _: u64| match path.to_str() {
        Some("s.json") => Ok(b"true".to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let file = load_text(SourceText::new("p.yaml", &text), &Environment::new(), &read);
    let compiled = compiler::compile(&Files { pipelines: vec![file], problems: Vec::new() });
    let mut compiled = compiled.unwrap_or_else(|problems| panic!("{}", render(&problems, Style::Plain)));
    compiled.pipelines.remove(0)
}

/// The pipeline's tables where each live column has its declared type.
pub(crate) fn as_declared(pipeline: &Pipeline) -> impl Iterator<Item = (&Target, &LiveTypes)> {
    static NONE: LiveTypes = LiveTypes::new();
    pipeline.targets().iter().map(|target| (target, &NONE))
}

/// The server of a URL.
pub(crate) fn server(url: &str) -> Arc<Server> {
    Arc::new(Server::new("here".to_owned(), Login::AsGiven(vec![url.parse().expect("a URL")])))
}

pub(crate) fn delivery(body: &str) -> Delivery {
    let metadata = Metadata { message_id: "m-1".to_owned(), ..Metadata::default() };
    Delivery { body: body.to_owned(), metadata, receipt: Receipt(String::new()) }
}

impl Tables {
    /// Compiles and migrates.
    pub(crate) async fn new(rest: &str) -> Self {
        let (stack, pipeline) = (Stack::without_queues().await, pipeline(rest));
        let connection = engine::sink::connect(server(&stack.database), 4).await.expect("the database answers");
        let tables: Vec<_> = pipeline.targets().iter().map(|target| target.table.clone()).collect();
        let done =
            migration::up(&connection.orm(), &tables, migration::LOCK_TIMEOUT).await.expect("the tables are made");
        assert!(done.refusals.is_empty(), "{:?}", done.refusals);
        let sink = PostgresSink::new(&connection, as_declared(&pipeline), Duration::from_secs(30), RowOrder::Key);
        Self { stack, pipeline, sink }
    }

    /// Compiles, and writes to tables that others made with this SQL.
    pub(crate) async fn made_by_others(sql: &str, rest: &str) -> Self {
        Self::made_by_others_in_order(sql, rest, RowOrder::Key).await
    }

    /// As [`Self::made_by_others`], with rows in this order.
    pub(crate) async fn made_by_others_in_order(sql: &str, rest: &str, order: RowOrder) -> Self {
        let (stack, pipeline) = (Stack::without_queues().await, pipeline(rest));
        stack.execute(sql).await;
        let connection = engine::sink::connect(server(&stack.database), 4).await.expect("the database answers");
        let fit = migration::fit(&connection.orm(), pipeline.targets()).await.expect("the tables are read");
        assert!(fit.misfits.is_empty(), "{:?}", fit.misfits);
        let targets = pipeline.targets().iter().zip(&fit.live_types);
        let sink = PostgresSink::new(&connection, targets, Duration::from_secs(30), order);
        Self { stack, pipeline, sink }
    }

    pub(crate) fn decide(&self, body: &str) -> Result<Rows, Rejection> {
        self.pipeline.decider().decide(&delivery(body))
    }

    /// Whether the rows of the body are stored with exactly its values.
    pub(crate) async fn is_stored(&self, body: &str) -> bool {
        self.sink.is_stored(&self.decide(body).expect(body)).await.expect("the tables are read")
    }

    /// Writes the rows of all bodies in one batch.
    pub(crate) async fn store(&self, bodies: &[&str]) -> Result<Written, Fault> {
        let rows: Vec<Rows> = bodies.iter().map(|body| self.decide(body).expect(body)).collect();
        self.sink.write(&rows.iter().collect::<Vec<_>>(), || true).await
    }
}
