//! `runner dev`: the whole loop on this machine, without any preparation.

mod announce;
mod attended;
mod counts;
mod example;
mod stack;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::counts::Counts;
use self::example::Chosen;
use self::stack::Stack;
use crate::backlog::WatchedQueues;
use crate::env_file::EnvFileFlags;
use crate::events::{EventFlags, producer};
use crate::exit::Failure;
use crate::listen::{Bound, ListenAddress, Server, Token, Watched};
use crate::output::failure::one_line;
use crate::output::format::Format;
use crate::output::summary::Summary;
use crate::signals::Signals;
use crate::{load, output, running};
use engine::produce::Production;
use engine::stop::{Stop, Stopper, stop_pair};
use engine::{Ending, Figures};
use pipeline::Pipeline;
use pipeline::producer::{Events, Generator, Pace, Totals};

/// Run the whole loop on this machine: queue, PostgreSQL, producer and pipeline
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DevArgs {
    /// Run this pipeline file [default: pipelines/transactions.yaml, or the only one in pipelines/; without that folder a built-in example]
    pub pipeline: Option<PathBuf>,
    /// Produce this many events at once and wait until each is settled; then wait for Enter on a terminal, else exit [default: run until Ctrl-C]
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

/// What the engine logs of rejections: `dev` prints each kind itself, for a person.
const QUIET: &str = "engine::reject=error";

/// Starts the local services, migrates, produces and processes. Nothing is left running when it returns.
pub(crate) fn run(args: &DevArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let settings = load::settings_without(env_file, QUIET)?;
    let chosen = Chosen::new(args.pipeline.as_deref())?;
    let pipeline = load::one(&chosen.path, &settings)?;
    let producer = producer(&pipeline)?.clone();
    let watched = Watched::new(&pipeline, Arc::new(Figures::new(&pipeline)));
    watched.figures.keep_newest_keys(&pipeline);
    let token = Token::random();
    let server = Server::start(Bound::bind(ListenAddress::FREE_PORT)?, vec![watched.clone()], Some(token.clone()))?;
    announce::first(&chosen, &pipeline, &server, &token);
    let stack = Stack::start(args.keep.clone())?;
    // With --count a person waits for the end, so the pace of the pipeline file does not apply.
    let pace = args.events.pace(if args.count.is_some() { Pace::Unlimited } else { producer.pace });
    let decider = pipeline.decider().clone();
    let events = args.events.events(producer.templates, Generator::from_entropy(), decider);
    let ended = crate::runtime::start()?.block_on(async {
        let (stopper, stop) = stop_pair();
        let session = Session {
            args,
            chosen: &chosen,
            stack: &stack,
            server: &server,
            watched,
            pipeline,
            stopper: stopper.clone(),
            stop,
        };
        tokio::select! {
            done = session.run(events, pace) => done,
            () = Signals::listen().watch(stopper) => unreachable!("the watch never ends"),
        }
    });
    // Before the queue: an action of the page gives its letters back.
    drop(server);
    ended
}

struct Session<'a> {
    args: &'a DevArgs,
    chosen: &'a Chosen,
    stack: &'a Stack,
    server: &'a Server,
    watched: Watched,
    pipeline: Arc<Pipeline>,
    stopper: Stopper,
    stop: Stop,
}

impl Session<'_> {
    async fn run(self, events: Events, pace: Pace) -> Result<(), Failure> {
        let database = self.stack.database();
        let clients = engine::source::connect(self.stack.access()).await.map_err(Failure::Client)?;
        stack::prepare(&self.pipeline, &clients, &database).await?;
        self.announce(pace);

        let figures = Arc::clone(&self.watched.figures);
        let local = stack::local_names(&self.pipeline);
        let queues = WatchedQueues { access: self.stack.access(), queues: local.clone() };
        self.server.watch_queues(self.watched.clone(), queues);
        let services = running::open(&self.pipeline, &local, &clients, &database).await?;
        let queue = engine::source::resolve(&clients, &local.queue).await?;
        let count = self.args.count;
        let production = Production { client: queue.clients.calls, queue_url: queue.url, events, pace, count };
        let counts = Counts::new(&figures);
        let (produced, processed) = tokio::select! {
            both = async {
                tokio::join!(
                    self.produce(production, &figures, &counts),
                    self.process(services, &figures),
                )
            } => both,
            () = counts.keep_printing() => unreachable!("printing never ends"),
            () = figures.progress().keep_moving() => unreachable!("it never ends"),
        };
        counts.finish();
        processed?;
        match produced? {
            // A person has seen it before.
            Produced { summed_up: true, .. } => Ok(()),
            Produced { totals, .. } => self.sum_up(&totals, &figures),
        }
    }

    fn announce(&self, pace: Pace) {
        announce::services(self.stack, pace, self.args.count);
        if self.chosen.is_example() {
            announce::your_own();
        }
        output::to_stderr("");
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

    /// Produces. When that ends, waits until every event is settled and a person has seen it, then stops the pipeline.
    async fn produce(
        &self,
        production: Production,
        figures: &Figures,
        counts: &Counts<'_>,
    ) -> Result<Produced, Failure> {
        let totals = production.run(self.stop.clone(), |_| ()).await;
        let mut summed_up = Ok(false);
        if let Ok(totals) = &totals {
            while figures.ended() < totals.produced && !self.stop.is_draining() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            if attended::stays(self.args) && !self.stop.is_draining() {
                counts.finish();
                summed_up = self.sum_up(totals, figures).map(|()| true);
                self.stay().await;
            }
        }
        self.stopper.drain();
        Ok(Produced { totals: totals?, summed_up: summed_up? })
    }

    /// Leaves everything running until a person ends it.
    async fn stay(&self) {
        output::to_stderr("\nPage, queue and database stay as they are until you press Enter or Ctrl-C.");
        tokio::select! {
            () = attended::enter() => {}
            () = self.stop.draining() => {}
        }
    }

    fn sum_up(&self, totals: &Totals, figures: &Figures) -> Result<(), Failure> {
        let summary = Summary {
            produced: Some(totals.produced),
            total: figures.read(),
            pipelines: vec![(self.pipeline.name().to_owned(), figures.read())],
        };
        output::result(summary.render(self.args.format))
    }
}

/// What was produced, and whether the summary was printed already.
struct Produced {
    totals: Totals,
    summed_up: bool,
}
