//! A port that stays ours while nothing listens on it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Connections the system completes before they are accepted.
const BACKLOG: u32 = 128;

/// A port of this process. A bound socket that does not listen holds it: the system refuses connections to it, and
/// does not choose the port for another socket.
#[derive(Debug)]
pub(crate) struct ReservedPort {
    _holder: TcpSocket,
    address: SocketAddr,
}

impl ReservedPort {
    pub(crate) fn reserve(address: Ipv4Addr) -> io::Result<Self> {
        let holder = bound_socket((address, 0).into())?;
        let address = holder.local_addr()?;
        Ok(Self { _holder: holder, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens on the port until the listener is dropped; then connections are refused again.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        bound_socket(self.address)?.listen(BACKLOG)
    }
}

/// Sockets that all set these options can share a port, as long as one of them listens.
fn bound_socket(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // Linux shares a port by the option above, the BSDs and macOS by this one.
    #[cfg(not(target_os = "linux"))]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}
