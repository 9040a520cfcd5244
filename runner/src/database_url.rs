//! The URL of a database: checked part by part, printed without its password, and how far it protects the connection.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::database_parameters::{
    CONNECT_TIMEOUT, FALLBACK_NAME, InvalidParameter, ROOT_CERTIFICATE, TARGET, check, is_own,
};
use engine::sink::{Login, Server, Wanted};
use schema::percent::decoded;

/// Which part of a database URL is wrong. Never shows what may be a part of the password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// It starts in another way.
    #[error("it is not a PostgreSQL URL")]
    Scheme,
    /// A character of the user or the password ends the part of the URL they stand in.
    #[error("the user or the password contains `/`, `?` or `#`")]
    Unescaped,
    /// Not a name or an address.
    #[error("the host is not valid")]
    Host,
    /// What follows the host.
    #[error("the port is not a number from 0 to 65535")]
    Port,
    /// One after the `?`.
    #[error("{0}")]
    Parameter(InvalidParameter),
}

impl InvalidUrl {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Scheme => "start it with postgres:// or postgresql://",
            Self::Unescaped => {
                "write %2F, %3F or %23 for it, and %40 for an `@` behind the host; or set DB_USER, DB_PASSWORD and the \
                 other DB_ variables instead, which need no escapes"
            }
            Self::Host => "write a host name, an IPv4 address, or an IPv6 address in brackets",
            Self::Port => "write postgres://USER:PASSWORD@HOST:PORT/NAME; a `:` or `@` of the password is %3A or %40",
            Self::Parameter(InvalidParameter::Unknown(_)) => "remove it, or correct its name",
            Self::Parameter(_) => "correct it, or leave it out",
        }
    }
}

/// Why others may read or change what goes over a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unprotected {
    /// TLS is not asked for, or only if the server likes to.
    #[error("the connection to PostgreSQL on {0} may be without encryption")]
    Unencrypted(String),
    /// The server may be anybody.
    #[error("the connection to PostgreSQL on {0} is encrypted, but the certificate of the server is not verified")]
    Unverified(String),
}

impl Unprotected {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        "set sslmode=verify-full in the URL, or DB_SSLMODE=verify-full beside DB_HOST; for a certificate authority of your own, \
         name its certificate with sslrootcert or DB_SSLROOTCERT"
    }
}

/// A database URL. Printing it hides the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    url: String,
    /// The URL of each host, with the parameters that the driver has.
    hosts: Vec<String>,
    parameters: Vec<(String, String)>,
    unprotected: Option<Unprotected>,
}

impl DatabaseUrl {
    /// A PostgreSQL URL.
    pub fn new(url: &str) -> Result<Self, InvalidUrl> {
        let known = url.strip_prefix("postgres://").or(url.strip_prefix("postgresql://"));
        let rest = known.ok_or(InvalidUrl::Scheme)?;
        let authority = authority(rest);
        let (path, query) = rest[authority.len()..].split_once('?').unwrap_or((&rest[authority.len()..], ""));
        // The last `@` ends the password.
        if path.contains('@') || query.contains('@') {
            return Err(InvalidUrl::Unescaped);
        }
        let (user, addresses) = authority.rsplit_once('@').map_or(("", authority), |(user, rest)| (user, rest));
        for address in addresses.split(',') {
            check_address(address)?;
        }
        let parameters = parameters(query);
        for (name, value) in &parameters {
            check(name, value).map_err(InvalidUrl::Parameter)?;
        }
        let has_root_certificate = parameters.iter().any(|(name, _)| ROOT_CERTIFICATE.contains(&name.as_str()));
        let (mut hosts, mut first_unprotected) = (Vec::new(), None);
        for address in addresses.split(',') {
            let at = if authority.contains('@') { "@" } else { "" };
            let host = format!("postgres://{user}{at}{address}{path}{}", query_of_driver(query));
            // Everything else was checked.
            let options: PgConnectOptions = host.parse().map_err(|_| InvalidUrl::Host)?;
            first_unprotected = first_unprotected.or_else(|| unprotected(&options, has_root_certificate));
            hosts.push(host);
        }
        Ok(Self { url: url.to_owned(), hosts, parameters, unprotected: first_unprotected })
    }

    /// The URL with its password, for the driver alone.
    pub fn expose(&self) -> &str {
        &self.url
    }

    /// The server, or those of which one is used, with what this URL has to log in.
    pub fn server(&self) -> Server {
        self.server_with(Login::AsGiven(self.hosts()))
    }

    /// The same, with another way to log in.
    pub(crate) fn server_with(&self, login: Login) -> Server {
        let wanted = match self.parameter(TARGET) {
            Some("read-write") => Wanted::ReadWrite,
            Some("primary") => Wanted::Primary,
            _ => Wanted::Any,
        };
        // As for libpq, zero is without a limit.
        let timeout = self.parameter(CONNECT_TIMEOUT).and_then(|text| text.parse().ok()).filter(|seconds| *seconds > 0);
        let statements = self.parameter("statement-cache-capacity").and_then(|text| text.parse().ok());
        let server = Server::new(self.to_string(), login).wanted(wanted);
        server.connect_timeout(timeout.map(Duration::from_secs)).statements(statements)
    }

    /// How to connect to each host.
    pub(crate) fn hosts(&self) -> Vec<PgConnectOptions> {
        let mut hosts = Vec::with_capacity(self.hosts.len());
        for host in &self.hosts {
            // Each was parsed before.
            let Ok(options) = host.parse::<PgConnectOptions>() else { continue };
            let name = self.parameter(FALLBACK_NAME).filter(|_| options.get_application_name().is_none());
            hosts.push(match name {
                Some(name) => options.application_name(name),
                None => options,
            });
        }
        hosts
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().rfind(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether it has a password.
    pub fn has_password(&self) -> bool {
        self.to_string().contains(":***@") || self.url.contains("password=")
    }

    /// Why others may read or change what goes over the connection, if they can.
    pub fn unprotected(&self) -> Option<&Unprotected> {
        self.unprotected.as_ref()
    }
}

/// User, password, host and port: the part before the first `/`, `?` or `#` (RFC 3986, section 3.2).
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Checks `HOST:PORT`, where both may be left out.
fn check_address(address: &str) -> Result<(), InvalidUrl> {
    let port = match address.strip_prefix('[') {
        Some(inside) => {
            let (host, port) = inside.split_once(']').ok_or(InvalidUrl::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| InvalidUrl::Host)?;
            port.strip_prefix(':').unwrap_or(port)
        }
        None if address.parse::<Ipv6Addr>().is_ok() => return Err(InvalidUrl::Host),
        None => address.split_once(':').map_or("", |(_, port)| port),
    };
    if port.is_empty() || port.parse::<u16>().is_ok() { Ok(()) } else { Err(InvalidUrl::Port) }
}

/// The names and values after the `?`, without escapes.
fn parameters(query: &str) -> Vec<(String, String)> {
    let query = query.split('#').next().unwrap_or_default();
    let mut parameters = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.push((decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))));
    }
    parameters
}

/// The query without the parameters that the driver does not have.
fn query_of_driver(query: &str) -> String {
    let mut kept = String::new();
    for pair in query.split('#').next().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        if !is_own(&decoded(name)) {
            kept.push(if kept.is_empty() { '?' } else { '&' });
            kept.push_str(pair);
        }
    }
    kept
}

fn unprotected(options: &PgConnectOptions, has_root_certificate: bool) -> Option<Unprotected> {
    let host = options.get_host();
    if options.get_socket().is_some() || is_this_machine(host) {
        return None;
    }
    match options.get_ssl_mode() {
        PgSslMode::VerifyCa | PgSslMode::VerifyFull => None,
        // The driver verifies as with verify-ca then.
        PgSslMode::Require if has_root_certificate => None,
        PgSslMode::Require => Some(Unprotected::Unverified(host.to_owned())),
        PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => Some(Unprotected::Unencrypted(host.to_owned())),
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/') || host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for DatabaseUrl {
    /// Leaves out the query as well, which may contain a password (`?password=`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", ""));
        let authority = authority(rest);
        let path = rest[authority.len()..].split(['?', '#']).next().unwrap_or_default();
        match authority.rsplit_once('@') {
            Some((user, host)) => {
                let (user, password) = user.split_once(':').map_or((user, ""), |(user, _)| (user, ":***"));
                write!(f, "{scheme}://{user}{password}@{host}{path}")
            }
            None => write!(f, "{scheme}://{authority}{path}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_of_a_password_is_ever_shown() {
        for special in ["/", "?", "#", "a/b?c#d", "@x/", "@x?", "@x#"] {
            let error = DatabaseUrl::new(&format!("postgres://u:s3c{special}ret@host/db")).unwrap_err();
            assert_eq!(error, InvalidUrl::Unescaped, "{special}");
        }
        for password in ["s3cret", "s3c@ret", "s3c:ret", "s3c%2Fret", "s3c%ret", "s3c$&+,;= \"'<>[]{}|\\^`~!*()ret"] {
            let url = DatabaseUrl::new(&format!("postgres://u:{password}@host:1/db?password=s3c")).unwrap();
            assert_eq!(url.to_string(), "postgres://u:***@host:1/db");
        }
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let error = |url: &str| DatabaseUrl::new(url).unwrap_err().to_string();
        for (url, expected) in [
            ("mysql://h/d", "it is not a PostgreSQL URL"),
            ("postgres://u@h1:5432,h2:x/d", "the port is not a number from 0 to 65535"),
            (
                "postgres://u@h1/d?host=h1,h2",
                "`host` is not one host; write several where the URL has its host, as h1:5432,h2:5432",
            ),
            (
                "postgres://u@h/d?target_session_attrs=standby",
                "`target_session_attrs` is not any, read-write or primary: a pipeline writes",
            ),
            ("postgres://u@h/d?channel_binding=require", "`channel_binding` is not disable or prefer"),
            ("postgres://u@h/d?gssencmode=require", "`gssencmode` is not disable or prefer"),
            ("postgres://u@h:x/d", "the port is not a number from 0 to 65535"),
            ("postgres://u@h:70000/d", "the port is not a number from 0 to 65535"),
            ("postgres://u@a b/d", "the host is not valid"),
            ("postgres://u@::1/d", "the host is not valid"),
            ("postgres://u@[::1/d", "the host is not valid"),
            ("postgres://u@h/d?sslpassword=s3cret", "`sslpassword` is not a parameter of the connection"),
            ("postgres://u@h/d?port=s3cret", "`port` is not a number from 0 to 65535"),
            ("postgres://u@h/d?statement-cache-capacity=s3cret", "`statement-cache-capacity` is not a number"),
        ] {
            assert_eq!(error(url), expected, "{url}");
        }
        assert!(error("postgres://u@h/d?sslmode=on").ends_with("require, verify-ca or verify-full"));
        assert!(error("postgres://u@h/d?sslrootcert=/gone.pem").starts_with("the file that `sslrootcert` names"));
        for url in ["postgres://h", "postgres:///d?host=/run", "postgres://u@[::1]:1/d?options%5Ba%5D=b&dbname=x"] {
            assert!(DatabaseUrl::new(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn each_host_has_the_rest_of_the_url() {
        let url = "postgres://u:p@h1:5433,[::1],h3/d?target_session_attrs=primary&sslmode=disable&connect_timeout=3\
                   &keepalives_idle=30&fallback_application_name=me";
        let url = DatabaseUrl::new(url).unwrap();
        let end = "/d?sslmode=disable";
        let expected = ["postgres://u:p@h1:5433", "postgres://u:p@[::1]", "postgres://u:p@h3"];
        assert_eq!(url.hosts, expected.map(|start| format!("{start}{end}")));
        assert_eq!(url.to_string(), "postgres://u:***@h1:5433,[::1],h3/d");
        assert!(url.hosts().iter().all(|options| options.get_application_name() == Some("me")));
    }

    #[test]
    fn a_connection_to_another_machine_needs_tls_with_verification() {
        let unprotected = |url: &str| DatabaseUrl::new(url).unwrap().unprotected().cloned();
        for url in ["postgres://localhost/d", "postgres://127.0.0.2/d", "postgres://[::1]/d", "postgres:///d?host=/run"]
        {
            assert_eq!(unprotected(url), None, "{url}");
        }
        for mode in ["disable", "allow", "prefer"] {
            let url = format!("postgres://db.example.com/d?sslmode={mode}");
            assert_eq!(unprotected(&url), Some(Unprotected::Unencrypted("db.example.com".to_owned())), "{url}");
        }
        let require = "postgres://db.example.com/d?sslmode=require";
        assert_eq!(unprotected(require), Some(Unprotected::Unverified("db.example.com".to_owned())));
        assert_eq!(unprotected(&format!("{require}&sslrootcert=-----BEGIN CERTIFICATE-----")), None);
        assert_eq!(unprotected("postgres://db.example.com/d?sslmode=verify-full"), None);
    }
}
