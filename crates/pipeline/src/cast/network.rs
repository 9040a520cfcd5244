//! Network addresses.

use std::net::IpAddr;

use serde_json::Value;

use super::problem::{Problem, string};
use crate::row::Cell;

/// An address, with an optional prefix length; host bits may be set, as inet allows.
pub(crate) fn inet(value: &Value) -> Result<Cell, Problem> {
    let text = string(value)?;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| Problem::Form)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    match prefix {
        Some(prefix) if !is_prefix(prefix, longest) => Err(Problem::Form),
        _ => Ok(Cell::Literal(text.to_owned())),
    }
}

fn is_prefix(text: &str, longest: u8) -> bool {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical && text.parse::<u8>().is_ok_and(|bits| bits <= longest)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};

    #[test]
    fn inet_takes_addresses_and_prefixes() {
        for text in ["10.0.0.1", "10.1.2.3/8", "::1", "fe80::1/64", "0.0.0.0/0"] {
            assert_eq!(to("inet", &format!("{text:?}")), literal(text));
        }
        assert_rejected(
            "inet",
            &[
                "\"10.0.0\"",
                "\"10.0.0.1/33\"",
                "\"::1/129\"",
                "\"::1/+4\"",
                "\"1.1.1.1/08\"",
                "\"fe80::1%eth0\"",
                "\"host\"",
                "\"1.1.1.1/\"",
            ],
        );
    }
}
