//! The local services, and what of a pipeline has to be there before it runs.

use std::path::PathBuf;
use std::sync::Arc;

use aws_sdk_sqs::types::QueueAttributeName;
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::sqs::{Sqs, SqsOptions};

use crate::connection;
use crate::database_url::DatabaseUrl;
use crate::exit::Failure;
use crate::running::Queues;
use engine::fault::Fault;
use engine::sink::Server;
use engine::source::{Access, Clients, Keys};
use pipeline::{Pipeline, QueueRef};

/// The region of the local queues: the local queue service's default.
pub(super) const REGION: &str = "us-east-1";

/// The local queue service and PostgreSQL server. Dropping it stops both.
pub(super) struct Stack {
    pub(super) sqs: Sqs,
    pub(super) postgres: Postgres,
}

impl Stack {
    pub(super) fn start(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let sqs = Sqs::start(SqsOptions::default()).map_err(Failure::LocalQueue)?;
        let options = PostgresOptions { data_dir: keep, ..PostgresOptions::default() };
        let postgres = Postgres::start(&options)?;
        Ok(Self { sqs, postgres })
    }

    pub(super) fn database(&self) -> Arc<Server> {
        Arc::new(DatabaseUrl::new(&self.postgres.url()).expect("the URL is well-formed").server())
    }

    pub(super) fn access(&self) -> Access {
        Access {
            endpoint: Some(self.sqs.endpoint().to_owned()),
            default_endpoint: None,
            region: Some(REGION.to_owned()),
            keys: Some(Keys { id: "local".to_owned(), secret: "local".to_owned(), session: None, account: None }),
            profile: None,
        }
    }
}

/// The pipeline's queues on the local service, which has only names: an account or host in the pipeline file is dropped.
pub(super) fn local_names(pipeline: &Pipeline) -> Queues {
    let source = pipeline.source();
    Queues { queue: QueueRef::Name(source.queue.name().to_owned()), dlq: QueueRef::Name(source.dlq.name().to_owned()) }
}

/// Creates the pipeline's queues and tables.
pub(super) async fn prepare(pipeline: &Pipeline, clients: &Clients, database: &Arc<Server>) -> Result<(), Failure> {
    let source = pipeline.source();
    for queue in [&source.dlq, &source.queue] {
        create_queue(clients, queue).await?;
    }
    let connection = connection::open(database, 2).await?;
    let report = migration::up(&connection.orm(), &connection::tables([pipeline]), migration::LOCK_TIMEOUT).await?;
    if report.refusals.is_empty() { Ok(()) } else { Err(Failure::Refused(report.refusals)) }
}

async fn create_queue(clients: &Clients, queue: &QueueRef) -> Result<(), Failure> {
    let request = clients.calls.create_queue().queue_name(queue.name());
    let request = if queue.is_fifo() { request.attributes(QueueAttributeName::FifoQueue, "true") } else { request };
    match request.send().await.map_err(|error| Fault::from_sdk("sqs:CreateQueue", error)) {
        Ok(_) => Ok(()),
        Err(fault) => Err(Failure::CreateQueue { queue: queue.name().to_owned(), fault }),
    }
}
