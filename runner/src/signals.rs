//! SIGINT and SIGTERM: the first drains, the second ends the process at once.

use tokio::signal::unix::{SignalKind, signal};

use engine::stop::Stopper;

/// Exit code of a process ended by a second signal: 128 + SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;

/// Drains every pipeline at the first signal. Never returns: drop it when the work is done.
pub(crate) async fn watch(stopper: Stopper) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("can't listen for SIGINT and SIGTERM: a signal ends the process at once");
        return std::future::pending().await;
    };
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    };
    let name = next().await;
    tracing::info!("{name}: finishing what is in flight; a second signal exits at once");
    stopper.drain();
    next().await;
    std::process::exit(INTERRUPTED);
}
