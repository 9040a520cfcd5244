//! Finds and opens the database and the queue service: flags first, then the environment.

use std::sync::Arc;

use pipeline::Table;

use crate::database_url::DatabaseUrl;
use crate::exit::Failure;
use crate::settings::{Settings, SettingsError};
use engine::sink::{Database, Login, RdsTokens, Server, WritingOptions};
use engine::source::{Access, Clients, Keys};
use pipeline::{Pipeline, QueueRef, Target};

/// Flags of every command that needs the database.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DatabaseFlags {
    /// Use this PostgreSQL URL [default: DATABASE_URL, or DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Refuse a connection to another machine that is not encrypted, or does not verify the server's certificate
    #[arg(long)]
    pub require_tls: bool,
}

/// Flags of every command that needs the queue service.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct QueueFlags {
    /// Use this SQS endpoint, for a queue service other than AWS [default: SQS_ENDPOINT, AWS_ENDPOINT_URL_SQS]
    #[arg(long, value_name = "URL")]
    pub sqs_endpoint: Option<String>,
}

impl DatabaseFlags {
    /// The database's server, with a password that is read anew where it is in a file. Warns where others may read the
    /// password or the connection.
    pub(crate) fn server(&self, settings: &Settings) -> Result<Arc<Server>, Failure> {
        let url = self.url(settings)?;
        if settings.has_rds_tokens()? {
            let (region, profile) = (settings.aws("AWS_REGION"), settings.aws("AWS_PROFILE"));
            let access = Access { region, profile, keys: keys(settings), ..Access::default() };
            let login = Login::Rds(url.hosts(), Arc::new(RdsTokens::new(access)));
            return Ok(Arc::new(url.server_with(login)));
        }
        if self.database_url.is_some() || !settings.database_is_in_file() {
            return Ok(Arc::new(url.server()));
        }
        let settings = settings.clone();
        let read = move || match settings.database(None) {
            Ok(url) => Ok(url.hosts()),
            Err(error) => Err(error.to_string()),
        };
        Ok(Arc::new(url.server_with(Login::Read(Arc::new(read)))))
    }

    /// The database's URL. Warns where others may read the password or the connection.
    fn url(&self, settings: &Settings) -> Result<DatabaseUrl, Failure> {
        let url = settings.database(self.database_url.as_deref())?;
        if self.database_url.is_some() && url.has_password() {
            tracing::warn!(
                "every user of this machine can see the password in --database-url, for instance with `ps`; set DATABASE_URL \
                 or DATABASE_URL_FILE instead"
            );
        }
        match url.unprotected() {
            Some(unprotected) if self.require_tls => Err(SettingsError::NoTls(unprotected.clone()).into()),
            Some(unprotected) => {
                tracing::warn!("{unprotected}; {}", unprotected.help());
                Ok(url)
            }
            None => Ok(url),
        }
    }
}

impl QueueFlags {
    /// Makes SQS clients.
    pub(crate) async fn clients(&self, settings: &Settings, queue: &QueueRef) -> Result<Clients, Failure> {
        engine::source::connect(self.access(settings, queue)?).await.map_err(Failure::Client)
    }

    /// How to reach the queue service: where the name of `queue` has a region or a host, also for another queue whose name
    /// has none.
    pub(crate) fn access(&self, settings: &Settings, queue: &QueueRef) -> Result<Access, Failure> {
        let endpoint = settings.sqs_endpoint(self.sqs_endpoint.as_deref())?;
        let default_endpoint = queue.endpoint().map(str::to_owned);
        let region = queue.region().map(str::to_owned).or_else(|| settings.aws("AWS_REGION"));
        Ok(Access { endpoint, default_endpoint, region, keys: keys(settings), profile: settings.aws("AWS_PROFILE") })
    }
}

fn keys(settings: &Settings) -> Option<Keys> {
    let (id, secret) = (settings.aws("AWS_ACCESS_KEY_ID")?, settings.aws("AWS_SECRET_ACCESS_KEY")?);
    let (session, account) = (settings.aws("AWS_SESSION_TOKEN"), settings.aws("AWS_ACCOUNT_ID"));
    Some(Keys { id, secret, session, account })
}

/// Opens a pool of at most `connections`.
pub(crate) async fn open(server: &Arc<Server>, connections: u32) -> Result<Database, Failure> {
    Ok(engine::sink::connect(Arc::clone(server), connections).await?)
}

/// Opens a pool for a pipeline's rows.
pub(crate) async fn open_for_writing(server: &Arc<Server>, writing: WritingOptions) -> Result<Database, Failure> {
    Ok(engine::sink::connect_for_writing(Arc::clone(server), writing).await?)
}

/// Every table that the pipelines write, with how.
pub(crate) fn targets<'a>(pipelines: impl IntoIterator<Item = &'a Pipeline>) -> Vec<Target> {
    pipelines.into_iter().flat_map(Pipeline::targets).cloned().collect()
}

/// Every table that the pipelines declare.
pub(crate) fn tables<'a>(pipelines: impl IntoIterator<Item = &'a Pipeline>) -> Vec<Table> {
    let targets = pipelines.into_iter().flat_map(Pipeline::targets);
    targets.map(|target| target.table.clone()).collect()
}
