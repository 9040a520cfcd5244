//! Settings outside the pipeline file: from flags, then the environment, then defaults.

use std::path::PathBuf;

use crate::database_parameters;
use crate::database_url::{DatabaseUrl, InvalidUrl, Unprotected};
use crate::listen::{InvalidToken, ListenAddress, Token};
use crate::text_file;
use compiler::config::Environment;
use schema::percent::encoded;

/// What is wrong with a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Neither `DATABASE_URL` nor enough of `DB_*`.
    #[error("no database is configured; not set: {}", .0.join(", "))]
    NoDatabase(Vec<&'static str>),
    /// The database's URL, or what makes it, is wrong.
    #[error("{setting}: {error}")]
    DatabaseUrl {
        /// Where it is written.
        setting: &'static str,
        /// What is wrong with it.
        error: InvalidUrl,
    },
    /// `--require-tls` for a connection that is not protected by TLS.
    #[error("{0}, which --require-tls refuses")]
    NoTls(Unprotected),
    /// A value and a file that contains it.
    #[error("{0} and {0}_FILE are both set")]
    Both(&'static str),
    /// `DB_AUTH` is not a way to log in.
    #[error("DB_AUTH is `{0}`, not `password` or `rds-iam`")]
    Auth(String),
    /// A file that contains a value can't be read.
    #[error("can't read {}, which {name}_FILE names: {error}", path.display())]
    SecretFile {
        /// The variable that it stands for.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// The SQS endpoint is not a URL.
    #[error("the SQS endpoint `{0}` is not a URL")]
    Endpoint(String),
    /// `DB_PORT` is not a port.
    #[error("DB_PORT is `{0}`, not a port number")]
    Port(String),
    /// `RUNNER_LISTEN` is not an address.
    #[error("RUNNER_LISTEN is `{0}`, not an address to listen on")]
    Listen(String),
    /// `--allow-actions` without a token.
    #[error("--allow-actions needs a token, and RUNNER_ACTIONS_TOKEN is not set")]
    NoToken,
    /// `RUNNER_ACTIONS_TOKEN` could be guessed, or can't be sent.
    #[error("RUNNER_ACTIONS_TOKEN: {0}")]
    Token(InvalidToken),
    /// `--allow-actions` without an address.
    #[error("--allow-actions is for the live page, and nothing listens")]
    NoPage,
    /// `LOG_FORMAT` is not a format of log lines.
    #[error("LOG_FORMAT is `{0}`, not `text` or `json`")]
    LogFormat(String),
}

impl SettingsError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoDatabase(_) => {
                "set DATABASE_URL (postgres://USER:PASSWORD@HOST:PORT/NAME), or DB_HOST, DB_NAME, DB_USER, DB_PASSWORD \
                 and DB_PORT"
            }
            Self::DatabaseUrl { error, .. } => error.help(),
            Self::NoTls(unprotected) => unprotected.help(),
            Self::Both(_) => "set one of them",
            Self::Auth(_) => "leave it unset for a password, or set it to `rds-iam` for a token of Amazon RDS",
            Self::SecretFile { .. } => "name a file that this user can read and that contains nothing but the value",
            Self::Endpoint(_) => "write a URL like http://localhost:4566",
            Self::Port(_) => "write a number from 0 to 65535, or leave DB_PORT unset for 5432",
            Self::Listen(_) => "write a port, or an IP address and a port: 9090, 0.0.0.0:9090, [::]:9090",
            Self::NoToken | Self::Token(_) => {
                "set RUNNER_ACTIONS_TOKEN to a secret that nobody can guess; the page asks for it"
            }
            Self::NoPage => "add --listen, or set RUNNER_LISTEN",
            Self::LogFormat(_) => "set it to `text` or `json`, or leave it unset for `text`",
        }
    }
}

/// The settings that the environment contains.
#[derive(Debug, Clone)]
pub struct Settings {
    env: Environment,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl Settings {
    /// Settings from an environment.
    pub fn new(env: Environment) -> Self {
        Self { env }
    }

    /// The environment itself, for `${VAR}`.
    pub fn env(&self) -> &Environment {
        &self.env
    }

    /// Finds the database: the flag's value, else `DATABASE_URL`, else `DB_HOST`, `DB_NAME`, `DB_USER`, `DB_PASSWORD`,
    /// `DB_PORT` (5432 when unset; a password may be left out), `DB_SSLMODE`, `DB_SSLROOTCERT` and `DB_TARGET_SESSION_ATTRS`. URL and password may also
    /// be in files.
    pub fn database(&self, flag: Option<&str>) -> Result<DatabaseUrl, SettingsError> {
        if let Some(url) = flag {
            return database_url("--database-url", url);
        }
        match self.secret("DATABASE_URL", "DATABASE_URL_FILE")? {
            Some(url) => database_url("DATABASE_URL", &url),
            None => self.database_from_parts(),
        }
    }

    /// Whether the database's URL or its password is in a file, which may change while a pipeline runs.
    pub(crate) fn database_is_in_file(&self) -> bool {
        let has_url = self.get("DATABASE_URL").is_some();
        self.get("DATABASE_URL_FILE").is_some() || (!has_url && self.get("DB_PASSWORD_FILE").is_some())
    }

    /// Whether the password is a token of Amazon RDS: `DB_AUTH=rds-iam`.
    pub(crate) fn has_rds_tokens(&self) -> Result<bool, SettingsError> {
        match self.get("DB_AUTH") {
            None | Some("password") => Ok(false),
            Some("rds-iam") => Ok(true),
            Some(other) => Err(SettingsError::Auth(other.to_owned())),
        }
    }

    /// A variable, or the text of the file that its namesake with `_FILE` names, without the end of the last line.
    fn secret(&self, name: &'static str, file: &str) -> Result<Option<String>, SettingsError> {
        let (value, path) = (self.get(name), self.get(file));
        match (value, path) {
            (Some(_), Some(_)) => Err(SettingsError::Both(name)),
            (value, None) => Ok(value.map(str::to_owned)),
            (None, Some(path)) => {
                let text = text_file::read(path.as_ref()).map_err(|error| SettingsError::SecretFile {
                    name,
                    path: path.into(),
                    error: error.to_string(),
                })?;
                Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }

    fn database_from_parts(&self) -> Result<DatabaseUrl, SettingsError> {
        let (Some(host), Some(name), Some(user)) = (self.get("DB_HOST"), self.get("DB_NAME"), self.get("DB_USER"))
        else {
            let needed = ["DATABASE_URL", "DB_HOST", "DB_NAME", "DB_USER"];
            let missing = needed.into_iter().filter(|name| self.get(name).is_none());
            return Err(SettingsError::NoDatabase(missing.collect()));
        };
        let port = self.get("DB_PORT").unwrap_or("5432");
        let port: u16 = port.parse().map_err(|_| SettingsError::Port(port.to_owned()))?;
        let password = self.secret("DB_PASSWORD", "DB_PASSWORD_FILE")?;
        let password = password.map(|password| format!(":{}", encoded(&password)));
        let url = format!(
            "postgres://{}{}@{}/{}{}",
            encoded(user),
            password.unwrap_or_default(),
            hosts_part(host, port),
            encoded(name),
            self.database_parameters()?,
        );
        database_url("DB_HOST", &url)
    }

    /// `?sslmode=...&sslrootcert=...`, as far as they are set.
    fn database_parameters(&self) -> Result<String, SettingsError> {
        let mut parameters = String::new();
        for (setting, name) in [
            ("DB_SSLMODE", "sslmode"),
            ("DB_SSLROOTCERT", "sslrootcert"),
            ("DB_TARGET_SESSION_ATTRS", database_parameters::TARGET),
        ] {
            let Some(value) = self.get(setting) else { continue };
            database_parameters::check(name, value)
                .map_err(|error| SettingsError::DatabaseUrl { setting, error: InvalidUrl::Parameter(error) })?;
            let separator = if parameters.is_empty() { '?' } else { '&' };
            parameters.extend([separator.to_string(), format!("{name}={}", encoded(value))]);
        }
        Ok(parameters)
    }

    /// The SQS endpoint: the flag's value, else `SQS_ENDPOINT`, else the SDK's own `AWS_ENDPOINT_URL_SQS` and
    /// `AWS_ENDPOINT_URL`; `None` is AWS.
    pub fn sqs_endpoint(&self, flag: Option<&str>) -> Result<Option<String>, SettingsError> {
        let variables = ["SQS_ENDPOINT", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL"];
        let Some(url) = flag.or_else(|| variables.into_iter().find_map(|name| self.get(name))) else {
            return Ok(None);
        };
        let host = url.strip_prefix("http://").or(url.strip_prefix("https://"));
        match host {
            Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(Some(url.to_owned())),
            _ => Err(SettingsError::Endpoint(url.to_owned())),
        }
    }

    /// Where to listen: the flag's value, else `RUNNER_LISTEN`; `None` is nowhere.
    pub fn listen(&self, flag: Option<ListenAddress>) -> Result<Option<ListenAddress>, SettingsError> {
        match (flag, self.get("RUNNER_LISTEN")) {
            (None, Some(text)) => text.parse().map(Some).map_err(|_| SettingsError::Listen(text.to_owned())),
            (flag, _) => Ok(flag),
        }
    }

    /// The token for actions on the page, from `RUNNER_ACTIONS_TOKEN`.
    pub fn actions_token(&self) -> Result<Token, SettingsError> {
        let text = self.get("RUNNER_ACTIONS_TOKEN").ok_or(SettingsError::NoToken)?;
        Token::new(text.to_owned()).map_err(SettingsError::Token)
    }

    /// A variable of the AWS SDK, which by itself would read only the process's environment and not `.env`. An empty
    /// variable counts as unset.
    pub fn aws(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The log filter: `RUST_LOG`, else `info`.
    pub fn log_filter(&self) -> &str {
        self.get("RUST_LOG").unwrap_or("info,sqlx=warn,sea_orm_migration=warn,aws_config=error")
    }

    /// Whether `RUST_LOG` asks for a filter.
    #[cfg(feature = "dev")]
    pub fn has_log_filter(&self) -> bool {
        self.get("RUST_LOG").is_some()
    }

    /// The log's format: `LOG_FORMAT`.
    pub fn log_format(&self) -> Result<LogFormat, SettingsError> {
        match self.get("LOG_FORMAT") {
            None | Some("text") => Ok(LogFormat::Text),
            Some("json") => Ok(LogFormat::Json),
            Some(other) => Err(SettingsError::LogFormat(other.to_owned())),
        }
    }

    /// A variable. An empty one counts as unset.
    fn get(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn database_url(setting: &'static str, url: &str) -> Result<DatabaseUrl, SettingsError> {
    DatabaseUrl::new(url).map_err(|error| SettingsError::DatabaseUrl { setting, error })
}

/// One host or several, each with the port.
fn hosts_part(hosts: &str, port: u16) -> String {
    let mut parts = Vec::new();
    for host in hosts.split(',') {
        parts.push(format!("{}:{port}", host_part(host.trim())));
    }
    parts.join(",")
}

/// The host as a URL writes it: a bare IPv6 address in brackets, a socket folder percent-encoded as libpq expects.
fn host_part(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() {
        return format!("[{host}]");
    }
    encoded(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(entries: &[(&str, &str)]) -> Settings {
        Settings::new(entries.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_flag_wins_over_the_url_and_the_url_over_the_parts() {
        let settings = settings(&[("DATABASE_URL", "postgres://a/b"), ("DB_HOST", "c")]);
        assert_eq!(settings.database(Some("postgresql://x/y")).unwrap().expose(), "postgresql://x/y");
        assert_eq!(settings.database(None).unwrap().expose(), "postgres://a/b");
    }

    #[test]
    fn parts_are_escaped_and_the_password_is_never_printed() {
        let parts = [("DB_HOST", "::1"), ("DB_NAME", "ev"), ("DB_USER", "a@b"), ("DB_PASSWORD", "p/w:é")];
        let url = settings(&parts).database(None).unwrap();
        assert_eq!(url.expose(), "postgres://a%40b:p%2Fw%3A%C3%A9@[::1]:5432/ev");
        assert_eq!(url.to_string(), "postgres://a%40b:***@[::1]:5432/ev");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(postgres://a%40b:***@[::1]:5432/ev)");
        let several = [("DB_HOST", "h1, h2"), ("DB_NAME", "d"), ("DB_USER", "u"), ("DB_PORT", "1")];
        assert_eq!(settings(&several).database(None).unwrap().expose(), "postgres://u@h1:1,h2:1/d");
    }

    #[test]
    fn the_flag_wins_over_the_address_in_the_environment() {
        let (nine, ten) = ("9".parse().unwrap(), "10".parse().unwrap());
        assert_eq!(settings(&[]).listen(None), Ok(None));
        assert_eq!(settings(&[("RUNNER_LISTEN", "9")]).listen(None), Ok(Some(nine)));
        assert_eq!(settings(&[("RUNNER_LISTEN", "9")]).listen(Some(ten)), Ok(Some(ten)));
        assert!(settings(&[("RUNNER_LISTEN", "here")]).listen(None).unwrap_err().to_string().contains("`here`"));
    }

    #[test]
    fn the_parts_have_tls_and_the_password_may_be_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "p w\n").unwrap();
        let parts = [("DB_HOST", "h"), ("DB_NAME", "d"), ("DB_USER", "u"), ("DB_SSLMODE", "verify-full")];
        let with_file = [("DB_PASSWORD_FILE", file.to_str().unwrap()), ("DB_SSLROOTCERT", file.to_str().unwrap())];
        let both = [&parts[..], &with_file].concat();
        let url = settings(&both).database(None).unwrap();
        let expected =
            format!("postgres://u:p%20w@h:5432/d?sslmode=verify-full&sslrootcert={}", encoded(with_file[0].1));
        assert_eq!(url.expose(), expected);
        let twice = [&both[..], &[("DB_PASSWORD", "x")]].concat();
        assert_eq!(settings(&twice).database(None).unwrap_err(), SettingsError::Both("DB_PASSWORD"));
        for (setting, value) in
            [("DB_SSLMODE", "on"), ("DB_SSLROOTCERT", "/gone.pem"), ("DATABASE_URL_FILE", "/dev/zero")]
        {
            let error = settings(&[&parts[..3], &[(setting, value)]].concat()).database(None).unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
    }

    #[test]
    fn missing_variables_are_named() {
        let error = settings(&[("DB_HOST", "h"), ("DB_USER", "")]).database(None).unwrap_err();
        assert!(error.to_string().ends_with("not set: DATABASE_URL, DB_NAME, DB_USER"));
        assert!(settings(&[("DATABASE_URL", "mysql://h/d")]).database(None).is_err());
        assert!(settings(&[("LOG_FORMAT", "xml")]).log_format().is_err());
        assert!(settings(&[("DB_AUTH", "iam")]).has_rds_tokens().unwrap_err().to_string().contains("`iam`"));
        assert_eq!(settings(&[("DB_AUTH", "rds-iam")]).has_rds_tokens(), Ok(true));
    }

    #[test]
    fn an_endpoint_is_a_url() {
        let settings = settings(&[("SQS_ENDPOINT", "localhost:4566")]);
        assert!(settings.sqs_endpoint(None).unwrap_err().to_string().contains("`localhost:4566`"));
        assert!(settings.sqs_endpoint(Some("http:///queue")).is_err());
        assert_eq!(settings.sqs_endpoint(Some("http://h:1")).unwrap().as_deref(), Some("http://h:1"));
    }
}
