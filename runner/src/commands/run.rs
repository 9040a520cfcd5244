//! `runner run`: process events until stopped.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::backlog::{QueueLength, WatchedQueues};
use crate::connection::{DatabaseFlags, QueueFlags};
use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::listen::{Bound, ListenAddress, Server, Token, Watched};
use crate::output::failure::one_line;
use crate::output::format::Format;
use crate::output::summary::Summary;
use crate::report::{Reported, Reports};
use crate::running::{Patience, Queues};
use crate::settings::{Settings, SettingsError};
use crate::signals::Signals;
use crate::{load, output, running};
use engine::stop::{Stop, Stopper, stop_pair};
use engine::{Ending, Figures};
use pipeline::Pipeline;

/// Process events until stopped
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct RunArgs {
    /// Pipeline files, or folders of them
    #[arg(required = true, value_name = "PIPELINE|DIR")]
    pub pipelines: Vec<PathBuf>,
    /// Stop once the queues are empty: nothing waiting, in flight or delayed
    #[arg(long)]
    pub until_empty: bool,
    /// Wait for queues, database and tables that are not there yet, instead of failing
    #[arg(long)]
    pub wait: bool,
    /// Try again for this long to reach queues and database at the start; with --wait without end
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = crate::duration::parse)]
    pub start_timeout: Duration,
    /// End all pipelines as soon as one fails, instead of when all have ended
    #[arg(long)]
    pub fail_fast: bool,
    /// How long to finish what is in flight after a signal
    #[arg(long, value_name = "DURATION", default_value = "25s", value_parser = crate::duration::parse)]
    pub grace: Duration,
    /// How often to log a line of figures for each pipeline
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = crate::duration::parse)]
    pub report_every: Duration,
    /// Where to listen, and what the page may do
    #[command(flatten)]
    pub page: PageFlags,
    /// How to print the summary
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Where the database is
    #[command(flatten)]
    pub database: DatabaseFlags,
    /// Where the queue is
    #[command(flatten)]
    pub queue: QueueFlags,
}

/// Flags of the endpoint.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PageFlags {
    /// Answer /metrics, /live, /ready and /status on this address, without a host on 127.0.0.1 [default: RUNNER_LISTEN, else nowhere]
    #[arg(long, value_name = "[HOST:]PORT")]
    listen: Option<ListenAddress>,
    /// Let the live page list, show and redrive dead letters; needs RUNNER_ACTIONS_TOKEN, which the page asks for
    #[arg(long)]
    allow_actions: bool,
}

impl PageFlags {
    /// Takes the address, if there is one, and gives the token with which the page may act, if it may.
    fn bind(&self, settings: &Settings) -> Result<Option<(Bound, Option<Token>)>, Failure> {
        let token = self.allow_actions.then(|| settings.actions_token()).transpose()?;
        match settings.listen(self.listen)? {
            Some(address) => Ok(Some((Bound::bind(address)?, token))),
            None if token.is_some() => Err(SettingsError::NoPage.into()),
            None => Ok(None),
        }
    }
}

/// Runs every pipeline on a thread of its own: a busy one takes no time from the others, and one thread with nothing
/// to share is the fastest way to run one.
pub(crate) fn run(args: &RunArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let started = Instant::now();
    let runtime = crate::runtime::start()?;
    // Before anything else: a signal during the start must not be lost.
    let signals = runtime.block_on(async { Signals::listen() });
    let settings = load::settings(env_file)?;
    let pipelines = load::pipelines(&args.pipelines, &settings)?;
    let database = args.database.server(&settings)?;
    // An address that is in use is reported before anything begins.
    let bound = args.page.bind(&settings)?;
    let (stopper, stop) = stop_pair();
    let context = Arc::new(Context { args: args.clone(), settings, database, started });
    let mut all = Vec::with_capacity(pipelines.len());
    for pipeline in pipelines {
        let figures = Arc::new(Figures::new(&pipeline));
        all.push(Prepared { pipeline, figures });
    }
    let reported = all.iter().map(|prepared| report_of(prepared, &context)).collect();
    // It answers until the last pipeline has ended.
    let _server = bound.map(|(bound, token)| listen(bound, token, &all, &context)).transpose()?;
    let threads: Vec<_> = all
        .into_iter()
        .map(|prepared| spawn(&context, prepared, stopper.clone(), stop.clone()))
        .collect::<Result<_, _>>()?;
    let mut reports = Reports::new(reported);
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = wait_for(threads) => ended,
            () = reports.repeat(args.report_every) => unreachable!("the report never ends"),
            () = signals.watch(stopper) => unreachable!("the watch never ends"),
        }
    });
    // An outage that ended just now.
    reports.write_outages();
    finish(ended, args.format)
}

struct Context {
    args: RunArgs,
    settings: Settings,
    database: Arc<engine::sink::Server>,
    started: Instant,
}

/// A pipeline before its thread begins.
struct Prepared {
    pipeline: Arc<Pipeline>,
    figures: Arc<Figures>,
}

struct Ended {
    name: String,
    figures: Arc<Figures>,
    result: Result<(), Failure>,
}

/// A pipeline's thread. Its figures are readable while it runs, and whatever becomes of it.
struct Thread {
    name: String,
    figures: Arc<Figures>,
    ended: oneshot::Receiver<Result<(), Failure>>,
}

fn listen(bound: Bound, token: Option<Token>, all: &[Prepared], context: &Context) -> Result<Server, Failure> {
    let mut watched = Vec::with_capacity(all.len());
    for Prepared { pipeline, figures } in all {
        watched.push(Watched::new(pipeline, Arc::clone(figures)));
    }
    let server = Server::start(bound, watched.clone(), token)?;
    tracing::info!("listening on http://{}", server.address());
    for (Prepared { pipeline, .. }, watched) in all.iter().zip(watched) {
        if let Some(queues) = queues_of(pipeline, context) {
            server.watch_queues(watched, queues);
        }
    }
    Ok(server)
}

/// `None` where the settings are wrong, which the pipeline itself reports.
fn queues_of(pipeline: &Pipeline, context: &Context) -> Option<WatchedQueues> {
    let access = context.args.queue.access(&context.settings, &pipeline.source().queue).ok()?;
    Some(WatchedQueues { access, queues: Queues::of(pipeline) })
}

fn report_of(Prepared { pipeline, figures }: &Prepared, context: &Context) -> Reported {
    let backlog = queues_of(pipeline, context).map(|watched| QueueLength::new(watched.access, watched.queues.queue));
    Reported { pipeline: pipeline.name().to_owned(), figures: Arc::clone(figures), backlog }
}

fn spawn(context: &Arc<Context>, prepared: Prepared, stopper: Stopper, stop: Stop) -> Result<Thread, Failure> {
    let (send, receive) = oneshot::channel();
    let Prepared { pipeline, figures } = prepared;
    let shared = Arc::clone(&figures);
    let context = Arc::clone(context);
    let name = pipeline.name().to_owned();
    let thread = std::thread::Builder::new().name(pipeline.name().to_owned());
    let pipeline_name = name.clone();
    let work = move || {
        let ending = EndOf(Arc::clone(&shared));
        let result =
            crate::runtime::start().and_then(|runtime| runtime.block_on(one(&context, pipeline, shared, &stop)));
        if let Err(failure) = &result {
            // The others go on; the process ends with this failure when all have ended.
            tracing::error!(pipeline = pipeline_name, "stopped: {}", one_line(failure));
            if context.args.fail_fast {
                stopper.drain();
            }
        }
        ending.0.progress().ended(result.as_ref().err().map(one_line));
        let _ = send.send(result);
    };
    thread.spawn(work).map_err(Failure::Thread)?;
    Ok(Thread { name, figures, ended: receive })
}

/// Notes in its figures that a pipeline has ended, also where its thread panics.
struct EndOf(Arc<Figures>);

impl Drop for EndOf {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.progress().ended(Some("panicked; this is a bug".to_owned()));
        }
    }
}

async fn one(context: &Context, pipeline: Arc<Pipeline>, figures: Arc<Figures>, stop: &Stop) -> Result<(), Failure> {
    let args = &context.args;
    let patience = Patience { wait: args.wait, transient: args.start_timeout };
    let moving = Arc::clone(&figures);
    tokio::spawn(async move { moving.progress().keep_moving().await });
    let opening = running::patiently(&pipeline, &figures, patience, async || {
        let clients = args.queue.clients(&context.settings, &pipeline.source().queue).await?;
        running::open(&pipeline, &Queues::of(&pipeline), &clients, &context.database).await
    });
    let Some(services) = stop.unless_draining(opening).await else {
        figures.progress().drains();
        return Ok(());
    };
    let services = services?;
    let ready_ms = u64::try_from(context.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(pipeline = pipeline.name(), ready_ms, "receiving from {}", pipeline.source().queue);
    let ending = Ending { until_empty: args.until_empty, grace: args.grace };
    running::run(pipeline, services, ending, figures, stop.clone()).await
}

/// Waits until every pipeline has ended.
async fn wait_for(threads: Vec<Thread>) -> Vec<Ended> {
    let mut ended = Vec::new();
    for thread in threads {
        // A thread that dropped its sender panicked; its message is on stderr already.
        let result = thread.ended.await.unwrap_or_else(|_| Err(Failure::Panicked(thread.name.clone())));
        ended.push(Ended { name: thread.name, figures: thread.figures, result });
    }
    ended
}

/// Prints what was done, unless nothing was; then every failure, in one report.
fn finish(ended: Vec<Ended>, format: Format) -> Result<(), Failure> {
    let total = Figures::total(ended.iter().map(|end| &*end.figures));
    let failed = ended.iter().any(|end| end.result.is_err());
    if !failed || total.counts.received > 0 {
        let pipelines = ended.iter().map(|end| (end.name.clone(), end.figures.read())).collect();
        output::result(Summary { produced: None, total, pipelines }.render(format))?;
    }
    ended.into_iter().filter_map(|end| end.result.err()).reduce(Failure::and).map_or(Ok(()), Err)
}
