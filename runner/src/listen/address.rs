//! Where to listen.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// An address to listen on: `9090`, `:9090`, `0.0.0.0:9090`, `[::1]:9090` or `localhost:9090`. Without a host it is this
/// machine only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenAddress(SocketAddr);

/// A text that is not an address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write a port, or an IP address and a port: 9090, 0.0.0.0:9090, [::]:9090")]
pub struct AddressError;

impl ListenAddress {
    /// Any free port, for this machine only.
    pub const FREE_PORT: Self = Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));

    /// The address as the system takes it.
    pub fn socket(self) -> SocketAddr {
        self.0
    }
}

impl FromStr for ListenAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let local = text.strip_prefix("localhost:").or(text.strip_prefix(':')).unwrap_or(text);
        if let Ok(port) = local.parse::<u16>() {
            return Ok(Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)));
        }
        text.parse().map(Self).map_err(|_| AddressError)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_host_it_is_this_machine() {
        for (text, address) in [
            ("9090", "127.0.0.1:9090"),
            (":9090", "127.0.0.1:9090"),
            ("localhost:0", "127.0.0.1:0"),
            ("0.0.0.0:9090", "0.0.0.0:9090"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(
                text.parse::<ListenAddress>().map(|parsed| parsed.to_string()).as_deref(),
                Ok(address),
                "{text}"
            );
        }
        for wrong in ["", "metrics", "127.0.0.1", "70000", "host:9090", "127.0.0.1:", "-1", "::1:80x"] {
            assert_eq!(wrong.parse::<ListenAddress>(), Err(AddressError), "{wrong}");
        }
    }
}
