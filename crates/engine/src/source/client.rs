//! The SQS clients: the SDK's own credential and region chain, our own retries.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::{Credentials, SharedHttpClient, StalledStreamProtectionConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::fault::root_cause;
use pipeline::QueueRef;

/// Longest wait for an answer that needs no long poll.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a receive: SQS's longest poll (20 s) and a little.
const POLL_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest wait for the acceptance of dead letters: one that is given up too early is sent twice.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_mins(1);

/// Views of one connection pool with different patience, and one with connections of its own.
#[derive(Debug, Clone)]
pub struct Clients {
    /// For receives.
    pub polling: Client,
    /// For everything else.
    pub calls: Client,
    /// For dead letters.
    pub dead_letters: Client,
    /// For renewing leases: its connections are driven by the thread that renews, however busy the others are.
    pub renewals: Client,
    /// Where the calls go, for messages.
    pub place: Place,
    /// The account of the credentials, where they have one.
    pub account: Option<String>,
    /// Somebody has set the endpoint: the host in the URL of a queue makes no difference.
    endpoint_is_set: bool,
}

impl Clients {
    /// The same connections and credentials for calls about `queue`: they go to the host that its URL names, and are signed
    /// for the region that its URL or ARN names. An endpoint that is set wins over that host.
    #[must_use]
    pub fn of_queue(&self, queue: &QueueRef) -> Self {
        let mut place = self.place.clone();
        if let Some(region) = queue.region() {
            region.clone_into(&mut place.region);
        }
        if let (Some(endpoint), false) = (queue.endpoint(), self.endpoint_is_set) {
            place.endpoint = Some(endpoint.to_owned());
        }
        Self {
            polling: redirected(&self.polling, &place),
            calls: redirected(&self.calls, &place),
            dead_letters: redirected(&self.dead_letters, &place),
            renewals: redirected(&self.renewals, &place),
            place,
            account: self.account.clone(),
            endpoint_is_set: self.endpoint_is_set,
        }
    }
}

fn redirected(client: &Client, place: &Place) -> Client {
    let mut config = client.config().to_builder().region(Region::new(place.region.clone()));
    if let Some(endpoint) = &place.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// Region and endpoint, as a person would look them up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The region requests are signed for.
    pub region: String,
    /// A custom endpoint, if one is set.
    pub endpoint: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(f, "region {}, endpoint {endpoint}", self.region),
            None => write!(f, "region {}, AWS's own endpoint", self.region),
        }
    }
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No region anywhere in the SDK's chain.
    #[error("no AWS region is set")]
    NoRegion,
    /// No credentials anywhere in the SDK's chain.
    #[error("no AWS credentials found")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A provider of the SDK's chain is configured, and fails.
    #[error("can't get AWS credentials: {0}")]
    CredentialsFailed(String),
}

impl ClientError {
    /// Whether it usually passes by itself soon.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::CredentialsFailed(_))
    }

    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoRegion => "set AWS_REGION, or `region` in the AWS profile in use",
            Self::NoCredentials(_) => {
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run with a role; a local queue \
                 accepts any value"
            }
            Self::CredentialsFailed(_) => {
                "check the network, and the AWS_ variables or the profile that name the provider"
            }
        }
    }
}

/// How to reach the queue service.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Overrides the SDK's `AWS_ENDPOINT_URL_SQS`, AWS's own address, and the host in the URL of a queue.
    pub endpoint: Option<String>,
    /// Where calls go otherwise, unless the URL of their queue has a host.
    pub default_endpoint: Option<String>,
    /// Overrides the SDK's region chain.
    pub region: Option<String>,
    /// Overrides the SDK's credential chain.
    pub keys: Option<Keys>,
    /// The profile in the SDK's chain.
    pub profile: Option<String>,
}

/// Static credentials.
#[derive(Clone)]
pub struct Keys {
    /// `AWS_ACCESS_KEY_ID`
    pub id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: String,
    /// `AWS_SESSION_TOKEN`
    pub session: Option<String>,
    /// `AWS_ACCOUNT_ID`
    pub account: Option<String>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Makes the clients.
///
/// Credentials are fetched once here, so that their absence is reported at the start, not by the first receive.
pub async fn connect(access: Access) -> Result<Clients, ClientError> {
    let plain_http = access.keys.is_some() && access.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
    let endpoint_is_set = access.endpoint.is_some();
    let endpoint = access.endpoint.or(access.default_endpoint);
    let endpoint = endpoint.as_deref();
    let own = http_client(plain_http);
    let shared = loaded(http_client(plain_http), access.region, access.profile, access.keys).await;
    let region = shared.region().ok_or(ClientError::NoRegion)?.to_string();
    let account = account_of_credentials(&shared).await?;
    let own_connections = shared.to_builder().http_client(own).build();
    Ok(Clients {
        polling: client(&shared, endpoint, POLL_TIMEOUT),
        calls: client(&shared, endpoint, CALL_TIMEOUT),
        dead_letters: client(&shared, endpoint, DEAD_LETTER_TIMEOUT),
        renewals: client(&own_connections, endpoint, CALL_TIMEOUT),
        place: Place { region, endpoint: endpoint.map(str::to_owned) },
        account,
        endpoint_is_set,
    })
}

/// The region and credentials, for signing something other than a call to the queue service.
pub(crate) async fn sdk_config(access: Access) -> SdkConfig {
    loaded(http_client(access.keys.is_some()), access.region, access.profile, access.keys).await
}

async fn loaded(
    http_client: SharedHttpClient,
    region: Option<String>,
    profile: Option<String>,
    keys: Option<Keys>,
) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client)
        // The engine retries: the SDK's token bucket lets a few failing calls starve all pollers.
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some(profile) = &profile {
        loader = loader.profile_name(profile);
    }
    if let Some(Keys { id, secret, session, account }) = keys {
        let mut keys = Credentials::builder().access_key_id(id).secret_access_key(secret).provider_name("environment");
        keys.set_session_token(session);
        keys.set_account_id(account.map(Into::into));
        loader = loader.credentials_provider(keys.build());
    }
    loader.load().await
}

async fn account_of_credentials(shared: &SdkConfig) -> Result<Option<String>, ClientError> {
    use aws_sdk_sqs::config::ProvideCredentials;
    let Some(provider) = shared.credentials_provider() else {
        return Err(ClientError::NoCredentials("the credential chain is empty".into()));
    };
    let credentials = provider.provide_credentials().await.map_err(explain)?;
    Ok(credentials.account_id().map(|account| account.as_str().to_owned()))
}

/// Distinguishes a chain without credentials, which somebody has to configure, from a provider that fails just now.
fn explain(error: CredentialsError) -> ClientError {
    match error {
        CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_) => {
            ClientError::NoCredentials(error.into())
        }
        error => ClientError::CredentialsFailed(root_cause(&error)),
    }
}

/// Reading the system's certificate roots costs tens of milliseconds. Without them go plain HTTP and keys that are known:
/// the other providers of the credential chain speak HTTPS, and so may the host of a queue.
fn http_client(plain_http: bool) -> SharedHttpClient {
    if plain_http {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    }
}

fn client(shared: &SdkConfig, endpoint: Option<&str>, timeout: Duration) -> Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(timeout).build();
    let mut config = aws_sdk_sqs::config::Builder::from(shared).timeout_config(timeouts);
    // Left alone, the SDK's own `AWS_ENDPOINT_URL_SQS` holds.
    if let Some(endpoint) = endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}
