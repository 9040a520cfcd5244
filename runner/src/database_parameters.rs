//! The parameters of a database URL that the driver accepts. It ignores all others, and logs them with their values.

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
    Text,
    Number,
    Port,
    Address,
    SslMode,
    /// Of a certificate or a key, which may also be the value itself.
    Pem,
}

/// Each parameter, with the other ways to write it.
const PARAMETERS: [(&[&str], Kind); 13] = [
    (&["sslmode", "ssl-mode"], Kind::SslMode),
    (&ROOT_CERTIFICATE, Kind::Pem),
    (&["sslcert", "ssl-cert"], Kind::Pem),
    (&["sslkey", "ssl-key"], Kind::Pem),
    (&["statement-cache-capacity"], Kind::Number),
    (&["host"], Kind::Text),
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
    let Some((_, kind)) = PARAMETERS.iter().find(|(names, _)| names.contains(&name)) else {
        return Err(InvalidParameter::Unknown(name.to_owned()));
    };
    let (valid, expected) = match kind {
        Kind::Text => return Ok(()),
        Kind::Pem => return check_file(name, value),
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
