//! The dead letters of a pipeline: what `runner dlq` and the live page do with them. Needs the queues, and no database.

use std::sync::Arc;

use crate::dlq_failure::DlqFailure;
use crate::exit::Failure;
use crate::running::Queues;
use engine::dlq::{
    DeadLetter, Held, Kinds, Listing, Redrive, RedriveOptions, Redriven, Resender, Search, Seen, Selection, Unsettled,
    VISIBILITY, look,
};
use engine::fault::Fault;
use engine::source::{Clients, Queue, SqsSource, resolve};
use engine::stop::Stop;
use pipeline::Pipeline;

/// The opened queues of a pipeline.
pub(crate) struct Letters {
    pipeline: Arc<Pipeline>,
    pub(crate) dlq: Queue,
    /// The queue that the pipeline receives from.
    queue: Queue,
}

/// Gets the number of letters seen so far, and about how many there are.
pub(crate) type Progress<'a> = &'a dyn Fn(u64, u64);

/// What a redrive did, also where it ended early.
pub(crate) struct RedriveResult {
    pub(crate) seen: Seen,
    pub(crate) redriven: Redriven,
    pub(crate) unsettled: Unsettled,
    /// What ended it early.
    pub(crate) ended: Result<(), Fault>,
}

impl Letters {
    /// Finds both queues.
    pub(crate) async fn open(pipeline: Arc<Pipeline>, clients: &Clients, queues: &Queues) -> Result<Self, Failure> {
        let dlq = resolve(clients, &queues.dlq).await?;
        let queue = resolve(clients, &queues.queue).await?;
        if dlq.url == queue.url {
            return Err(Failure::SameQueue(pipeline.file().to_owned()));
        }
        dlq.warn_of_assumptions();
        queue.warn_of_assumptions();
        Ok(Self { pipeline, dlq, queue })
    }

    /// The letters, as something to receive from.
    pub(crate) fn source(&self) -> SqsSource {
        SqsSource::new(&self.dlq, Some(VISIBILITY))
    }

    /// Groups the selected letters by kind.
    pub(crate) async fn list(
        &self,
        selection: &Selection,
        stop: &Stop,
        progress: Progress<'_>,
    ) -> Result<(Seen, Kinds), Failure> {
        let (source, listing) = (self.source(), Listing::default());
        let held = Held::new(&source);
        let (seen, ended) = look(&held, &source, selection, &listing, stop, progress).await;
        held.finish().await;
        ended.map_err(DlqFailure::Queue)?;
        Ok((seen, listing.into_kinds()))
    }

    /// Finds a letter by its id, or by the id of the message that was rejected.
    pub(crate) async fn find(&self, id: &str, stop: &Stop, progress: Progress<'_>) -> Result<DeadLetter, Failure> {
        let (source, search) = (self.source(), Search::new(id.to_owned()));
        let held = Held::new(&source);
        let (seen, ended) = look(&held, &source, &Selection::default(), &search, stop, progress).await;
        held.finish().await;
        ended.map_err(DlqFailure::Queue)?;
        match search.into_found() {
            Some(letter) => Ok(letter),
            None if seen.interrupted => Err(DlqFailure::Interrupted.into()),
            None => Err(DlqFailure::NoSuchLetter { id: id.to_owned(), seen: seen.seen, about: seen.about }.into()),
        }
    }

    /// Sends the selected letters back that the pipeline, as it is now, would accept; or only counts them.
    pub(crate) async fn redrive(
        &self,
        selection: &Selection,
        options: RedriveOptions,
        stop: &Stop,
        progress: Progress<'_>,
    ) -> RedriveResult {
        // A send that is given up too early is repeated: the patience is that for dead letters.
        let to = Resender::new(self.queue.clients.dead_letters.clone(), &self.queue, &self.dlq);
        let redrive = Redrive::new(&self.pipeline, to, options, stop);
        let source = self.source();
        let held = Held::new(&source);
        let (seen, ended) = look(&held, &source, selection, &redrive, stop, progress).await;
        let unsettled = held.finish().await;
        RedriveResult { seen, redriven: redrive.into_result(), unsettled, ended }
    }
}
