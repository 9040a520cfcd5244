//! Whether a person sits at the terminal, and when that person has seen enough.

use std::io::{self, IsTerminal as _};

use tokio::sync::oneshot;

use super::DevArgs;
use crate::output::format::Format;

/// Whether the stack stays after the last event, until a person ends it. A program that waits for the end gets it at once.
pub(super) fn stays(args: &DevArgs) -> bool {
    args.count.is_some()
        && matches!(args.format, Format::Human)
        && io::stdin().is_terminal()
        && io::stdout().is_terminal()
}

/// Waits for the Enter key, or for the end of stdin.
pub(super) async fn enter() {
    let (send, pressed) = oneshot::channel();
    // A thread of its own: one of the runtime's would hold up the end until the key is pressed.
    std::thread::spawn(move || {
        let _ = io::stdin().read_line(&mut String::new());
        let _ = send.send(());
    });
    let _ = pressed.await;
}
