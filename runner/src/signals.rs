//! SIGINT and SIGTERM: the first signal drains the pipelines, the second ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use engine::stop::Stopper;

/// The exit code after a second signal: 128 + SIGINT, as shells report it.
const INTERRUPTED: i32 = 130;

/// Drains every pipeline at the first signal. Never returns: drop it when the work is done.
pub(crate) async fn watch(stopper: Stopper) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::warn!("can't listen for SIGINT and SIGTERM: a signal ends the process at once");
        return std::future::pending().await;
    };
    let name = next(&mut interrupt, &mut terminate).await;
    tracing::info!("{name}: finishing what is in flight; a second signal exits at once");
    stopper.drain();
    next(&mut interrupt, &mut terminate).await;
    std::process::exit(INTERRUPTED);
}

/// Waits for either signal and gives its name.
async fn next(interrupt: &mut Signal, terminate: &mut Signal) -> &'static str {
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}
