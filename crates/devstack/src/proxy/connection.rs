//! One connection through the proxy: two sockets, and the bytes of each passed to the other.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::watch;

use super::mode::Mode;

const CHUNK: usize = 16 * 1024;

/// What a connection watches while it runs.
#[derive(Debug, Clone)]
pub(crate) struct Signals {
    pub(crate) mode: watch::Receiver<Mode>,
    /// Changes when all connections have to be reset.
    pub(crate) cut: watch::Receiver<()>,
}

/// A direction ended before its sender closed it: a socket failed, or bytes were swallowed, and what comes after them
/// would make no sense to the receiver.
struct Broken;

/// What became of a chunk.
enum Fate {
    Passed,
    Swallowed,
}

/// Passes bytes between a client and the target until both have closed, or one breaks, or all are cut.
pub(crate) async fn run(mut client: TcpStream, target: SocketAddr, mut signals: Signals) {
    let Some(mut server) = connect(&client, target, &mut signals).await else {
        reset(&client);
        return;
    };
    let ended = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let upwards = pass(from_client, to_server, signals.mode.clone());
        let downwards = pass(from_server, to_client, signals.mode.clone());
        tokio::select! {
            ended = async { tokio::try_join!(upwards, downwards) } => ended.is_ok(),
            _ = signals.cut.changed() => false,
        }
    };
    if !ended {
        reset(&client);
        reset(&server);
    }
}

/// Connects to the target; `None` if it refuses, or if all connections are cut meanwhile.
async fn connect(client: &TcpStream, target: SocketAddr, signals: &mut Signals) -> Option<TcpStream> {
    let server = tokio::select! {
        server = TcpStream::connect(target) => server.ok()?,
        _ = signals.cut.changed() => return None,
    };
    // Each chunk has to leave at once. A socket that refuses the option is broken; the first read shows it.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    Some(server)
}

/// Makes the socket send a reset when it is dropped, instead of an orderly end.
fn reset(socket: &TcpStream) {
    // A socket that refuses the option is closed already.
    let _ = socket.set_zero_linger();
}

/// Passes one direction until its sender closes it, then closes it to the receiver.
async fn pass(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut mode: watch::Receiver<Mode>) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK];
    let mut bytes_lost = false;
    let mut sender_closed = false;
    loop {
        let current = *mode.borrow_and_update();
        if bytes_lost && current != Mode::HalfOpen {
            return Err(Broken);
        }
        let read = tokio::select! {
            changed = mode.changed() => {
                changed.map_err(|_| Broken)?;
                continue;
            }
            read = from.read(&mut chunk), if current != Mode::Stall && !sender_closed => read,
        };
        let length = match read {
            Ok(length) => length,
            // The receiver of a half-open connection does not learn that the sender has gone.
            Err(_) if *mode.borrow() == Mode::HalfOpen => 0,
            Err(_) => return Err(Broken),
        };
        sender_closed = length == 0;
        match deliver(&chunk[..length], &mut to, &mut mode).await? {
            Fate::Passed if sender_closed => return Ok(()),
            Fate::Passed => {}
            Fate::Swallowed => bytes_lost = true,
        }
    }
}

/// Treats a chunk by the mode of this moment, which may have changed since the read began; no bytes are the end.
async fn deliver(chunk: &[u8], to: &mut WriteHalf<'_>, mode: &mut watch::Receiver<Mode>) -> Result<Fate, Broken> {
    let mut is_delayed = false;
    loop {
        let current = *mode.borrow_and_update();
        match current {
            Mode::Delay(delay) if !is_delayed => {
                tokio::time::sleep(delay).await;
                is_delayed = true;
            }
            Mode::Forward | Mode::Delay(_) | Mode::RefuseConnections => {
                write(chunk, to).await.map_err(|_| Broken)?;
                return Ok(Fate::Passed);
            }
            Mode::Stall => mode.changed().await.map_err(|_| Broken)?,
            Mode::HalfOpen => return Ok(Fate::Swallowed),
        }
    }
}

async fn write(chunk: &[u8], to: &mut WriteHalf<'_>) -> io::Result<()> {
    if chunk.is_empty() { to.shutdown().await } else { to.write_all(chunk).await }
}
