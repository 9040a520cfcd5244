//! `runner dev`: the whole loop on this machine, without any preparation.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use devstack::postgres::{Postgres, PostgresOptions};
use devstack::sqs::{Sqs, SqsOptions};

use crate::connection;
use crate::events::{EventFlags, producer};
use crate::exit::Failure;
use crate::listen::{Bound, ListenAddress, Server, Watched, WatchedQueues};
use crate::output::failure::one_line;
use crate::output::format::Format;
use crate::output::summary::Summary;
use crate::running::Queues;
use crate::settings::DatabaseUrl;
use crate::signals::Signals;
use crate::{load, output, running};
use engine::fault::Fault;
use engine::produce::Production;
use engine::source::{Access, Clients, Keys};
use engine::stop::{Stop, Stopper, stop_pair};
use engine::{Ending, Figures};
use pipeline::producer::{Events, Generator, Pace, Totals};
use pipeline::{Pipeline, QueueRef};

/// Run the whole loop on this machine: queue, PostgreSQL, producer and pipeline
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DevArgs {
    /// Run this pipeline file
    #[arg(default_value = "pipelines/transactions.yaml")]
    pub pipeline: PathBuf,
    /// Produce this many events at once, wait until each is settled, and exit [default: run until Ctrl-C]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub count: Option<u64>,
    /// What to send, and how fast
    #[command(flatten)]
    pub events: EventFlags,
    /// Keep the database in this folder, and start from it the next time
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Print the summary in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Starts the local services, migrates, produces and processes. Nothing is left running when it returns.
pub(crate) fn run(args: &DevArgs) -> Result<(), Failure> {
    let settings = load::settings()?;
    let pipeline = load::one(&args.pipeline, &settings)?;
    let producer = producer(&pipeline)?.clone();
    let watched = Watched::new(&pipeline, Arc::new(Figures::new(&pipeline)));
    let server = Server::start(Bound::bind(ListenAddress::FREE_PORT)?, vec![watched.clone()])?;
    announce_first(&pipeline, &server);
    let stack = Stack::start(args.keep.clone())?;
    // With --count a person waits for the end, so the pace of the pipeline file does not apply.
    let pace = args.events.pace(if args.count.is_some() { Pace::Unlimited } else { producer.pace });
    let decider = pipeline.decider().clone();
    let events = args.events.events(producer.templates, Generator::from_entropy(), decider);
    crate::runtime::start()?.block_on(async {
        let (stopper, stop) = stop_pair();
        let session = Session { stack: &stack, server: &server, watched, pipeline, stopper: stopper.clone(), stop };
        tokio::select! {
            done = session.run(events, pace, args) => done,
            () = Signals::listen().watch(stopper) => unreachable!("the watch never ends"),
        }
    })
}

/// The local queue service and PostgreSQL server. Dropping it stops both.
struct Stack {
    sqs: Sqs,
    postgres: Postgres,
}

impl Stack {
    fn start(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let sqs = Sqs::start(SqsOptions::default()).map_err(Failure::LocalQueue)?;
        let options = PostgresOptions { data_dir: keep, ..PostgresOptions::default() };
        let postgres = Postgres::start(&options)?;
        Ok(Self { sqs, postgres })
    }

    fn access(&self) -> Access {
        Access {
            endpoint: Some(self.sqs.endpoint().to_owned()),
            region: Some(REGION.to_owned()),
            keys: Some(Keys { id: "local".to_owned(), secret: "local".to_owned(), session: None }),
            profile: None,
        }
    }
}

/// The region of the local queues: the local queue service's default.
const REGION: &str = "us-east-1";
/// Time between two looks at the counters.
const SHOW_INTERVAL: Duration = Duration::from_secs(1);

struct Session<'a> {
    stack: &'a Stack,
    server: &'a Server,
    watched: Watched,
    pipeline: Arc<Pipeline>,
    stopper: Stopper,
    stop: Stop,
}

impl Session<'_> {
    async fn run(self, events: Events, pace: Pace, args: &DevArgs) -> Result<(), Failure> {
        let database = DatabaseUrl::new(&self.stack.postgres.url())?;
        let clients = engine::source::connect(self.stack.access()).await.map_err(Failure::Client)?;
        let source = self.pipeline.source();
        for queue in [&source.dlq, &source.queue] {
            create_queue(&clients, queue).await?;
        }
        self.migrate(&database).await?;
        self.announce(pace, args.count);

        let figures = Arc::clone(&self.watched.figures);
        let local = local_names(&self.pipeline);
        let queues = WatchedQueues { access: self.stack.access(), queues: local.clone() };
        self.server.watch_queues(self.watched.clone(), queues);
        let services = running::open(&self.pipeline, &local, &clients, &database).await?;
        let queue = engine::source::resolve(&clients, &local.queue).await?;
        let production = Production { client: clients.calls, queue_url: queue.url, events, pace, count: args.count };
        let (totals, processed) = tokio::select! {
            both = async {
                tokio::join!(
                    self.produce(production, &figures),
                    self.process(services, &figures),
                )
            } => both,
            () = show(&figures) => unreachable!("showing never ends"),
            () = figures.progress().keep_moving() => unreachable!("it never ends"),
        };
        processed?;
        let summary = Summary {
            produced: Some(totals?.produced),
            total: figures.read(),
            pipelines: vec![(self.pipeline.name().to_owned(), figures.read())],
        };
        output::result(summary.render(args.format))
    }

    /// Processes until stopped. When it fails, it stops the producer too.
    async fn process(&self, services: running::Opened, figures: &Arc<Figures>) -> Result<(), Failure> {
        let ending = Ending { until_empty: false, grace: Duration::from_secs(10) };
        let run = running::run(Arc::clone(&self.pipeline), services, ending, Arc::clone(figures), self.stop.clone());
        let ended = run.await;
        figures.progress().ended(ended.as_ref().err().map(one_line));
        self.stopper.drain();
        ended
    }

    /// Produces. When that ends, waits until every event is settled, then stops the pipeline.
    async fn produce(&self, production: Production, figures: &Figures) -> Result<Totals, Failure> {
        let produced = production.run(self.stop.clone(), |_| ()).await;
        if let Ok(totals) = &produced {
            while figures.ended() < totals.produced && !self.stop.is_draining() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        self.stopper.drain();
        Ok(produced?)
    }

    async fn migrate(&self, database: &DatabaseUrl) -> Result<(), Failure> {
        let connection = connection::open(database, 2).await?;
        let report = migration::up(&connection, &connection::tables([&*self.pipeline])).await?;
        if report.refusals.is_empty() { Ok(()) } else { Err(Failure::Refused(report.refusals)) }
    }

    fn announce(&self, pace: Pace, count: Option<u64>) {
        let until = count.map_or("Ctrl-C stops".to_owned(), |count| format!("{count} in all"));
        output::to_stderr(format_args!(
            "  PostgreSQL  psql '{}'\n  \
             SQS         aws --endpoint-url {} --region {REGION} sqs list-queues\n  \
             events      {pace}; {until}\n",
            self.stack.postgres.url(),
            self.stack.sqs.endpoint(),
        ));
    }
}

/// Says where to look, before the local services start, which takes a moment.
fn announce_first(pipeline: &Pipeline, server: &Server) {
    let (file, address) = (pipeline.file().display(), server.address());
    output::to_stderr(format_args!("runner dev: {file}\n  page        http://{address}/"));
}

/// The pipeline's queues on the local service, which has only names: an account or host in the pipeline file is dropped.
fn local_names(pipeline: &Pipeline) -> Queues {
    let source = pipeline.source();
    Queues { queue: QueueRef::Name(source.queue.name().to_owned()), dlq: QueueRef::Name(source.dlq.name().to_owned()) }
}

async fn create_queue(clients: &Clients, queue: &QueueRef) -> Result<(), Failure> {
    let request = clients.calls.create_queue().queue_name(queue.name());
    let request = if queue.is_fifo() { request.attributes(QueueAttributeName::FifoQueue, "true") } else { request };
    match request.send().await.map_err(Fault::from_sdk) {
        Ok(_) => Ok(()),
        Err(fault) => Err(Failure::CreateQueue { queue: queue.name().to_owned(), fault }),
    }
}

/// Prints a line each time the counters have changed, at most once a second.
async fn show(figures: &Figures) {
    let mut shown = 0;
    loop {
        tokio::time::sleep(SHOW_INTERVAL).await;
        let reading = figures.read();
        if figures.ended() != shown {
            shown = figures.ended();
            let skipped = if reading.skipped == 0 { String::new() } else { format!(", {} skipped", reading.skipped) };
            output::to_stderr(format_args!(
                "  {} received, {} stored, {} dead-lettered{skipped}",
                reading.received, reading.stored, reading.dead_lettered
            ));
        }
    }
}
