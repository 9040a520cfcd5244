//! Who may act: whoever has the token, from the page that this process serves.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use sha2::{Digest as _, Sha256};

/// The header of the token. A page of another origin can't set it without being asked by its browser first (CORS), which
/// is not answered.
const TOKEN_HEADER: &str = "x-runner-token";
/// Shortest token: with fewer characters it could be guessed.
const SHORTEST: usize = 16;

/// The secret that authorizes actions.
#[derive(Clone)]
pub struct Token(String);

/// A text that can't be a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has at least {SHORTEST} characters of ASCII, without a space at either end")]
pub struct InvalidToken;

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("the token is missing or wrong")]
    Token,
    #[error(
        "the origin of the request is not the host that it is sent to: actions are accepted only from the page itself"
    )]
    Origin,
}

impl Token {
    /// A token that somebody chose.
    pub fn new(text: String) -> Result<Self, InvalidToken> {
        // What a header can carry unchanged (RFC 9110, section 5.5).
        let fits = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim() == text;
        if fits && text.len() >= SHORTEST { Ok(Self(text)) } else { Err(InvalidToken) }
    }

    /// A token that nobody can guess.
    #[cfg(feature = "dev")]
    pub(crate) fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The token itself, for the person who may know it.
    #[cfg(feature = "dev")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Compares digests, so that the time it takes does not depend on the token.
    fn is(&self, text: &[u8]) -> bool {
        Sha256::digest(text) == Sha256::digest(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether the request has the token and comes from the page itself: a browser writes the page's origin (RFC 6454) into
/// each POST, and no script can change that.
pub(super) fn check(headers: &HeaderMap, token: &Token) -> Result<(), Refused> {
    if !headers.get(TOKEN_HEADER).is_some_and(|text| token.is(text.as_bytes())) {
        return Err(Refused::Token);
    }
    let host = headers.get(HOST).ok_or(Refused::Origin)?.as_bytes();
    let origin = headers.get(ORIGIN).ok_or(Refused::Origin)?.as_bytes();
    // https: behind a proxy that ends TLS.
    let own = [b"http://".as_slice(), b"https://"].into_iter().any(|scheme| origin.strip_prefix(scheme) == Some(host));
    if own { Ok(()) } else { Err(Refused::Origin) }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("it is a name");
            (name, HeaderValue::from_str(value).expect("it is a value"))
        });
        pairs.collect()
    }

    #[test]
    fn the_token_and_the_own_origin_are_needed() {
        let token = Token::new("0123456789abcdef".to_owned()).expect("it is long enough");
        let right = ("x-runner-token", "0123456789abcdef");
        let host = ("host", "127.0.0.1:9090");
        for (pairs, expected) in [
            (vec![right, host, ("origin", "http://127.0.0.1:9090")], Ok(())),
            (vec![right, host, ("origin", "https://127.0.0.1:9090")], Ok(())),
            (vec![right, host], Err(Refused::Origin)),
            (vec![right, host, ("origin", "null")], Err(Refused::Origin)),
            (vec![right, host, ("origin", "http://127.0.0.1:9091")], Err(Refused::Origin)),
            (vec![right, host, ("origin", "http://evil.example")], Err(Refused::Origin)),
            (vec![host, ("origin", "http://127.0.0.1:9090")], Err(Refused::Token)),
            (
                vec![("x-runner-token", "0123456789abcdeF"), host, ("origin", "http://127.0.0.1:9090")],
                Err(Refused::Token),
            ),
            (vec![("x-runner-token", ""), host, ("origin", "http://127.0.0.1:9090")], Err(Refused::Token)),
        ] {
            assert_eq!(check(&headers(&pairs), &token), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_token_is_long_and_is_not_shown() {
        for wrong in ["short", "0123456789abcdé0", " 0123456789abcdef", "0123456789abcde\n"] {
            assert!(Token::new(wrong.to_owned()).is_err(), "{wrong:?}");
        }
        let token = Token::new("0123456789abcdef".to_owned()).expect("it is long enough");
        assert_eq!(format!("{token:?}"), "Token(..)");
    }
}
