//! The queue that a pipeline file names.

use std::fmt;
use std::str::FromStr;

/// How the user names a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueRef {
    /// Looked up in the account and region of the credentials.
    Name(String),
    /// Used as it is.
    Url(String),
    /// `arn:aws:sqs:REGION:ACCOUNT:NAME`
    Arn {
        /// The queue's region.
        region: String,
        /// The owner's account id: twelve digits.
        account: String,
        /// The queue's name.
        name: String,
    },
}

/// Why a text does not name a queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Amazon SQS, "Queue and message identifiers": up to 80 characters, alphanumeric, `-` and `_`; FIFO queues end in `.fifo`.
    #[error("`{0}` is not a queue name: 1 to 80 letters, digits, `-` or `_`, and `.fifo` at the end of a FIFO queue")]
    Name(String),
    /// An ARN of something else, or cut short.
    #[error("`{0}` is not an SQS ARN: `arn:aws:sqs:REGION:ACCOUNT:NAME`")]
    Arn(String),
    /// A URL without a host or a queue.
    #[error("`{0}` is not a queue URL: `https://HOST/ACCOUNT/NAME`")]
    Url(String),
}

impl QueueRef {
    /// The queue's own name.
    pub fn name(&self) -> &str {
        match self {
            Self::Name(name) | Self::Arn { name, .. } => name,
            Self::Url(url) => url.rsplit('/').next().unwrap_or(url),
        }
    }

    /// Whether both may mean one queue: the names are the same, and no account or region that is written differs.
    pub fn may_be(&self, other: &Self) -> bool {
        self.name() == other.name()
            && !both_given_and_different(self.account(), other.account())
            && !both_given_and_different(self.region(), other.region())
    }

    /// The account id that an ARN or a URL names.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Arn { account, .. } => Some(account),
            Self::Url(url) => {
                let folder = url.rsplit('/').nth(1)?;
                (folder.len() == 12 && folder.chars().all(|c| c.is_ascii_digit())).then_some(folder)
            }
        }
    }

    /// The region that an ARN or one of AWS's own hosts names.
    pub fn region(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Arn { region, .. } => Some(region),
            Self::Url(_) => aws_region(self.endpoint()?.split_once("://")?.1),
        }
    }

    /// Scheme, host and port of a URL: where calls about this queue go.
    pub fn endpoint(&self) -> Option<&str> {
        let Self::Url(url) = self else { return None };
        let scheme = url.find("://")? + "://".len();
        Some(&url[..scheme + url[scheme..].find('/')?])
    }

    /// A FIFO queue's name ends in `.fifo`, always (Amazon SQS, `CreateQueue`).
    pub fn is_fifo(&self) -> bool {
        self.name().strip_suffix(".fifo").is_some()
    }
}

impl FromStr for QueueRef {
    type Err = QueueError;

    fn from_str(text: &str) -> Result<Self, QueueError> {
        if text.starts_with("arn:") {
            return arn(text).ok_or_else(|| QueueError::Arn(text.to_owned()));
        }
        if text.contains("://") {
            return url(text).ok_or_else(|| QueueError::Url(text.to_owned()));
        }
        if !is_name(text) {
            return Err(QueueError::Name(text.to_owned()));
        }
        Ok(Self::Name(text.to_owned()))
    }
}

/// The region in a host of Amazon SQS (AWS General Reference, "Amazon SQS endpoints and quotas"): the regional endpoints,
/// those for FIPS, for dual stack and for a VPC, and the legacy ones.
fn aws_region(host: &str) -> Option<&str> {
    const PARTITIONS: [&str; 6] = [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazonaws.eu",
        ".api.aws",
        ".api.amazonwebservices.com.cn",
        ".api.amazonwebservices.eu",
    ];
    let host = PARTITIONS.into_iter().find_map(|partition| host.strip_suffix(partition))?;
    match host.split('.').collect::<Vec<_>>()[..] {
        ["sqs" | "sqs-fips", region] | [region, "queue"] | [_, "sqs" | "sqs-fips", region, "vpce"] => Some(region),
        // The oldest of all, of the time when there was one region.
        ["queue"] => Some("us-east-1"),
        _ => None,
    }
}

fn both_given_and_different(left: Option<&str>, right: Option<&str>) -> bool {
    left.zip(right).is_some_and(|(left, right)| left != right)
}

fn is_name(name: &str) -> bool {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    (1..=80).contains(&name.len())
        && !stem.is_empty()
        && stem.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn arn(text: &str) -> Option<QueueRef> {
    let parts: Vec<&str> = text.split(':').collect();
    let ["arn", partition, "sqs", region, account, name] = parts[..] else {
        return None;
    };
    let digits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let valid = !partition.is_empty() && !region.is_empty() && digits && is_name(name);
    valid.then(|| QueueRef::Arn { region: region.to_owned(), account: account.to_owned(), name: name.to_owned() })
}

fn url(text: &str) -> Option<QueueRef> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let name = path.rsplit('/').next()?;
    let valid = matches!(scheme, "http" | "https") && !host.is_empty() && is_name(name);
    valid.then(|| QueueRef::Url(text.to_owned()))
}

/// As the user wrote it.
impl fmt::Display for QueueRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(text) | Self::Url(text) => f.write_str(text),
            Self::Arn { region, account, name } => write!(f, "arn:aws:sqs:{region}:{account}:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_urls_and_arns() {
        let arn = "arn:aws:sqs:eu-west-1:123456789012:orders.fifo";
        assert!(arn.parse::<QueueRef>().unwrap().is_fifo());
        let url = "http://localhost:4566/000000000000/orders";
        assert_eq!(url.parse::<QueueRef>().unwrap().name(), "orders");
        assert_eq!("a-b_C9".parse(), Ok(QueueRef::Name("a-b_C9".to_owned())));
    }

    #[test]
    fn one_queue_has_several_spellings() {
        let same = |a: &str, b: &str| a.parse::<QueueRef>().unwrap().may_be(&b.parse().unwrap());
        let arn = "arn:aws:sqs:eu-west-1:123456789012:orders";
        for other in
            ["orders", arn, "https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "http://q:4566/x/orders"]
        {
            assert!(same(arn, other) && same(other, arn), "{other}");
        }
        for other in [
            "orders2",
            "arn:aws:sqs:eu-west-2:123456789012:orders",
            "arn:aws:sqs:eu-west-1:123456789013:orders",
            "https://sqs.us-east-1.amazonaws.com/123456789012/orders",
            "http://localhost:4566/000000000000/orders",
        ] {
            assert!(!same(arn, other), "{other}");
        }
    }

    #[test]
    fn the_host_of_a_url_is_its_endpoint_and_may_name_the_region() {
        for (endpoint, region) in [
            ("https://sqs.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("https://sqs-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("https://sqs.eu-west-1.api.aws", Some("eu-west-1")),
            ("https://sqs-fips.us-east-2.api.aws", Some("us-east-2")),
            ("https://sqs.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("https://sqs.cn-northwest-1.api.amazonwebservices.com.cn", Some("cn-northwest-1")),
            ("https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("https://vpce-0a1b-2c3d-eu-west-1a.sqs.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("https://eu-central-1.queue.amazonaws.com", Some("eu-central-1")),
            ("https://queue.amazonaws.com", Some("us-east-1")),
            ("http://sqs.us-east-1.localhost.localstack.cloud:4566", None),
            ("https://sqs.example.com", None),
            ("http://localhost:9324", None),
        ] {
            let queue: QueueRef = format!("{endpoint}/123456789012/orders").parse().unwrap();
            assert_eq!((queue.endpoint(), queue.region()), (Some(endpoint), region));
        }
    }

    #[test]
    fn what_sqs_refuses_is_refused() {
        let long = "x".repeat(81);
        for text in [
            "",
            "a b",
            "a.b",
            ".fifo",
            long.as_str(),
            "arn:aws:sns:x:123456789012:q",
            "arn:aws:sqs:x:12:q",
            "https://host",
            "ftp://host/1/q",
            "https://host/1/a b",
        ] {
            assert!(text.parse::<QueueRef>().is_err(), "{text}");
        }
    }
}
