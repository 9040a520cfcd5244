//! Signals: the first that asks for the end drains the pipelines, a later one ends the process at once.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use engine::stop::Stopper;

/// The exit code after a second signal: 128 + SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;
/// A second signal within this time counts as the first one: terminals and supervisors send several at once.
const ONE_REQUEST: Duration = Duration::from_secs(1);

/// The signals a process is sent, from the moment it listens.
pub(crate) struct Signals(io::Result<Listening>);

struct Listening {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    /// Ignored, where the default would end the process without draining.
    user: [Signal; 2],
}

impl Signals {
    /// Begins to listen; inside a runtime.
    pub(crate) fn listen() -> Self {
        Self(Listening::new())
    }

    /// Drains every pipeline at the first signal. Never returns: drop it when the work is done.
    pub(crate) async fn watch(self, stopper: Stopper) {
        let mut listening = match self.0 {
            Ok(listening) => listening,
            Err(error) => {
                tracing::warn!(%error, "can't listen for signals: a signal ends the process at once");
                return std::future::pending().await;
            }
        };
        let name = listening.next().await;
        let first = Instant::now();
        tracing::info!("{name}: finishing what is in flight; a second signal exits at once");
        stopper.drain();
        loop {
            listening.next().await;
            if first.elapsed() > ONE_REQUEST {
                std::process::exit(INTERRUPTED);
            }
        }
    }
}

impl Listening {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            user: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
        })
    }

    /// Waits for a signal that asks for the end, and gives its name.
    async fn next(&mut self) -> &'static str {
        loop {
            let [first, second] = &mut self.user;
            tokio::select! {
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.hangup.recv() => return "SIGHUP",
                _ = first.recv() => tracing::info!("SIGUSR1 has no meaning here; going on"),
                _ = second.recv() => tracing::info!("SIGUSR2 has no meaning here; going on"),
            }
        }
    }
}
