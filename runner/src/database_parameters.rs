//! The parameters of a database URL. The driver ignores what it does not have, and logs it with its value.

use std::net::IpAddr;

use sea_orm::sqlx::postgres::PgSslMode;

use crate::text_file;

/// What is wrong with a parameter. Never shows its value, which may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParameter {
    /// The driver does not have it.
    #[error("`{0}` is not a parameter of the connection")]
    Unknown(String),
    /// Its value is not one that the driver accepts.
    #[error("`{name}` is not {expected}")]
    Value {
        /// The parameter.
        name: String,
        /// What its values are.
        expected: &'static str,
    },
    /// The file that it names can't be used.
    #[error("the file that `{name}` names can't be read: {error}")]
    File {
        /// The parameter.
        name: String,
        /// Why.
        error: String,
    },
}

/// The values of a parameter.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One of these words.
    Word(&'static [&'static str], &'static str),
    Text,
    Host,
    Number,
    Port,
    Address,
    SslMode,
    /// Of a certificate or a key, which may also be the value itself.
    Pem,
}

/// The parameters of libpq that the driver does not have. They are honoured here, or have no other meaning than that what
/// happens anyway: a connection that is silent is noticed by itself, however `keepalives` are set.
const OWN: [(&str, Kind); 15] = [
    (TARGET, Kind::Word(&["any", "read-write", "primary"], "any, read-write or primary: a pipeline writes")),
    (CONNECT_TIMEOUT, Kind::Number),
    (FALLBACK_NAME, Kind::Text),
    ("channel_binding", Kind::Word(&["disable", "prefer"], "disable or prefer")),
    ("client_encoding", Kind::Word(&["UTF8", "utf8", "UTF-8", "utf-8", "auto"], "UTF8 or auto")),
    ("gssencmode", Kind::Word(&["disable", "prefer"], "disable or prefer")),
    ("keepalives", Kind::Number),
    ("keepalives_count", Kind::Number),
    ("keepalives_idle", Kind::Number),
    ("keepalives_interval", Kind::Number),
    ("load_balance_hosts", Kind::Word(&["disable"], "disable")),
    ("sslcompression", Kind::Word(&["0"], "0")),
    ("sslnegotiation", Kind::Word(&["postgres"], "postgres")),
    ("sslsni", Kind::Word(&["1"], "1")),
    ("tcp_user_timeout", Kind::Number),
];

/// Which of several servers is used.
pub(crate) const TARGET: &str = "target_session_attrs";
/// The longest wait for a server, in seconds.
pub(crate) const CONNECT_TIMEOUT: &str = "connect_timeout";
/// The `application_name` to use if the URL does not set one.
pub(crate) const FALLBACK_NAME: &str = "fallback_application_name";

/// Whether the driver does not have this parameter.
pub(crate) fn is_own(name: &str) -> bool {
    OWN.iter().any(|(own, _)| *own == name)
}

/// Each parameter of the driver, with the other ways to write it.
const PARAMETERS: [(&[&str], Kind); 13] = [
    (&["sslmode", "ssl-mode"], Kind::SslMode),
    (&ROOT_CERTIFICATE, Kind::Pem),
    (&["sslcert", "ssl-cert"], Kind::Pem),
    (&["sslkey", "ssl-key"], Kind::Pem),
    (&["statement-cache-capacity"], Kind::Number),
    (&["host"], Kind::Host),
    (&["hostaddr"], Kind::Address),
    (&["port"], Kind::Port),
    (&["dbname"], Kind::Text),
    (&["user"], Kind::Text),
    (&["password"], Kind::Text),
    (&["application_name"], Kind::Text),
    (&["options"], Kind::Text),
];

/// The certificates that a server's is verified with.
pub(crate) const ROOT_CERTIFICATE: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];

/// Checks a parameter as the URL has it, without escapes.
pub(crate) fn check(name: &str, value: &str) -> Result<(), InvalidParameter> {
    if name.starts_with("options[") && name.ends_with(']') {
        return Ok(());
    }
    let own = OWN.iter().find(|(own, _)| *own == name).map(|(_, kind)| kind);
    let of_driver = PARAMETERS.iter().find(|(names, _)| names.contains(&name)).map(|(_, kind)| kind);
    let kind = own.or(of_driver).ok_or_else(|| InvalidParameter::Unknown(name.to_owned()))?;
    let (valid, expected) = match kind {
        Kind::Text => return Ok(()),
        Kind::Pem => return check_file(name, value),
        Kind::Word(words, expected) => (words.contains(&value), *expected),
        Kind::Host => (!value.contains(','), "one host; write several where the URL has its host, as h1:5432,h2:5432"),
        Kind::Number => (value.parse::<usize>().is_ok(), "a number"),
        Kind::Port => (value.parse::<u16>().is_ok(), "a number from 0 to 65535"),
        Kind::Address => (value.parse::<IpAddr>().is_ok(), "an IP address"),
        Kind::SslMode => {
            (value.parse::<PgSslMode>().is_ok(), "disable, allow, prefer, require, verify-ca or verify-full")
        }
    };
    if valid { Ok(()) } else { Err(InvalidParameter::Value { name: name.to_owned(), expected }) }
}

fn check_file(name: &str, value: &str) -> Result<(), InvalidParameter> {
    if value.starts_with("-----BEGIN ") {
        return Ok(());
    }
    let read = text_file::read(value.as_ref());
    read.map(drop).map_err(|error| InvalidParameter::File { name: name.to_owned(), error: error.to_string() })
}
