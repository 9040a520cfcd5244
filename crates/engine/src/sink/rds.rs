//! Passwords for Amazon RDS that are signed with the credentials of AWS: each opens connections for 15 minutes.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use sea_orm::sqlx::postgres::PgConnectOptions;
use tokio::sync::OnceCell;

use crate::fault::root_cause;
use crate::source::{Access, sdk_config};

/// How long RDS accepts a token.
const LIFETIME: Duration = Duration::from_mins(15);
/// After this time a new one is signed.
const RENEWAL: Duration = Duration::from_mins(10);

/// Signs tokens, and keeps each until it is renewed.
#[derive(Debug)]
pub struct RdsTokens {
    access: Access,
    config: OnceCell<SdkConfig>,
    signed: Mutex<Vec<Signed>>,
}

/// A token for one user on one host.
#[derive(Clone)]
struct Signed {
    place: String,
    renew_at: Instant,
    token: String,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed").field("place", &self.place).finish_non_exhaustive()
    }
}

impl RdsTokens {
    /// Signs with these credentials, or those of the SDK's own chain.
    pub fn new(access: Access) -> Self {
        Self { access, config: OnceCell::new(), signed: Mutex::default() }
    }

    /// The options with a token as the password.
    pub(super) async fn log_in(&self, options: PgConnectOptions) -> Result<PgConnectOptions, String> {
        let place = format!("{}@{}:{}", options.get_username(), options.get_host(), options.get_port());
        let known =
            self.signed().iter().find(|signed| signed.place == place && Instant::now() < signed.renew_at).cloned();
        if let Some(signed) = known {
            return Ok(options.password(&signed.token));
        }
        let token = self.sign(&options).await?;
        let mut signed = self.signed();
        signed.retain(|signed| signed.place != place);
        signed.push(Signed { place, renew_at: Instant::now() + RENEWAL, token: token.clone() });
        Ok(options.password(&token))
    }

    async fn sign(&self, options: &PgConnectOptions) -> Result<String, String> {
        let config = self.config.get_or_init(|| sdk_config(self.access.clone())).await;
        let region = match (region_in(options.get_host()), config.region()) {
            (Some(region), _) => region.to_owned(),
            (None, Some(region)) => region.to_string(),
            (None, None) => return Err("no AWS region is set for DB_AUTH=rds-iam".to_owned()),
        };
        let provider = config.credentials_provider().ok_or("no AWS credentials found for DB_AUTH=rds-iam")?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| format!("can't get AWS credentials: {}", root_cause(&error)))?;
        let address = format!("{}:{}", options.get_host(), options.get_port());
        token(&address, options.get_username(), &region, credentials, SystemTime::now())
            .map_err(|error| format!("can't sign for RDS: {error}"))
    }

    fn signed(&self) -> std::sync::MutexGuard<'_, Vec<Signed>> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The region in the name that RDS gives a host: `db.1234.eu-west-1.rds.amazonaws.com`.
fn region_in(host: &str) -> Option<&str> {
    let (rest, _) = host.split_once(".rds.amazonaws.com")?;
    rest.rsplit('.').next()
}

/// The request for a connection, signed in its query, without `https://`.
fn token(
    address: &str,
    user: &str,
    region: &str,
    credentials: Credentials,
    now: SystemTime,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut settings = SigningSettings::default();
    settings.expires_in = Some(LIFETIME);
    settings.signature_location = SignatureLocation::QueryParams;
    let identity = credentials.into();
    let params =
        SigningParams::builder().identity(&identity).region(region).name("rds-db").time(now).settings(settings);
    let mut url = format!("https://{address}/?Action=connect&DBUser={}", encoded(user));
    let request = SignableRequest::new("GET", &url, std::iter::empty(), SignableBody::Bytes(&[]))?;
    let (instructions, _) = sign(request, &params.build()?.into())?.into_parts();
    for (name, value) in instructions.into_parts().1 {
        // Writing into a String can't fail.
        let _ = write!(url, "&{name}={}", encoded(&value));
    }
    Ok(url.trim_start_matches("https://").to_owned())
}

/// Everything but letters, digits and `-._~` as `%XX` (RFC 3986, section 2.3).
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts that the documentation of RDS names ("Generating an IAM authentication token").
    #[test]
    fn a_token_is_a_signed_request_for_a_connection() {
        let credentials = Credentials::new("AKID", "secret", Some("se/ss+ion".to_owned()), None, "test");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let signed = token("db.x.eu-west-1.rds.amazonaws.com:5432", "a user", "eu-west-1", credentials, now).unwrap();
        assert!(
            signed.starts_with("db.x.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=a%20user&"),
            "{signed}"
        );
        let (_, query) = signed.split_once('?').unwrap();
        let value = |name: &str| {
            let start = format!("{name}=");
            query.split('&').find_map(|pair| pair.strip_prefix(&start)).unwrap_or_else(|| panic!("{name}: {signed}"))
        };
        assert_eq!(value("X-Amz-Algorithm"), "AWS4-HMAC-SHA256");
        assert_eq!(value("X-Amz-Credential"), "AKID%2F20231114%2Feu-west-1%2Frds-db%2Faws4_request");
        assert_eq!(value("X-Amz-Date"), "20231114T221320Z");
        assert_eq!(value("X-Amz-Expires"), "900");
        assert_eq!(value("X-Amz-SignedHeaders"), "host");
        assert_eq!(value("X-Amz-Security-Token"), "se%2Fss%2Bion");
        assert_eq!(value("X-Amz-Signature").len(), 64);
    }

    #[tokio::test]
    async fn a_token_is_kept_until_it_is_renewed() {
        use crate::source::Keys;
        let keys = Keys { id: "AKID".into(), secret: "secret".into(), session: None, account: None };
        let tokens = RdsTokens::new(Access { keys: Some(keys), ..Access::default() });
        let options = |host| PgConnectOptions::new_without_pgpass().host(host).username("u");
        for host in ["a.b.eu-west-1.rds.amazonaws.com", "a.b.us-east-2.rds.amazonaws.com"] {
            tokens.log_in(options(host)).await.unwrap();
            let first = tokens.signed().last().unwrap().token.clone();
            assert!(first.contains(region_in(host).unwrap()), "{first}");
            tokens.log_in(options(host)).await.unwrap();
            assert_eq!(tokens.signed().last().unwrap().token, first);
        }
        assert_eq!(tokens.signed().len(), 2);
        let now = Instant::now();
        tokens.signed()[0].renew_at = now;
        tokens.log_in(options("a.b.eu-west-1.rds.amazonaws.com")).await.unwrap();
        assert_eq!(tokens.signed().len(), 2);
        assert!(tokens.signed().iter().all(|signed| signed.renew_at > now));
    }
}
