//! A link to one download that works without a token until it expires: an address, signed with the admin's token.
//!
//! Nothing of it is stored here, so it ends when its time is over, or when the token that signed it is no longer configured. What
//! is signed is the whole address behind the host, so it opens this one download and no other.

use axum::http::Uri;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::dump::hex;
use shared::time::Timestamp;
use subtle::ConstantTimeEq;

use super::tokens::{Role, Token, Tokens};

const EXPIRES: &str = "expires=";
const SIGNATURE: &str = "&signature=";

/// What a signed address is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// It opens its download.
    Open,
    /// It did, until this moment.
    Expired(Timestamp),
    /// It was changed, or its token is not configured any more.
    Wrong,
}

/// The address of a download, `path` with the query `query`, as a link; `None` where no token can sign it.
pub(crate) fn sign(tokens: &Tokens, path: &str, query: &str, expires: Timestamp) -> Option<String> {
    let token = tokens.of(Role::Admin).next()?;
    let between = if query.is_empty() { "" } else { "&" };
    let address = format!("{path}?{query}{between}{EXPIRES}{}", expires.seconds());
    let signature = signature(token, &address);
    Some(format!("{address}{SIGNATURE}{signature}"))
}

/// An address without its signature, for logs; `None` when it has none.
pub(crate) fn unsigned(address: &str) -> Option<&str> {
    Some(address.rsplit_once(SIGNATURE)?.0)
}

/// What a request's address is worth as a link; `None` when it is none.
pub(super) fn check(tokens: &Tokens, uri: &Uri, now: Timestamp) -> Option<Link> {
    let (address, sent) = uri.path_and_query()?.as_str().rsplit_once(SIGNATURE)?;
    let is_signed = tokens.of(Role::Admin).fold(false, |found, token| {
        let expected = signature(token, address);
        found | bool::from(expected.as_bytes().ct_eq(sent.as_bytes()))
    });
    let expires = address.rsplit_once(EXPIRES);
    let expires = expires.and_then(|(_, seconds)| seconds.parse().ok());
    Some(match expires.map(Timestamp::from_seconds) {
        Some(expires) if is_signed && now < expires => Link::Open,
        Some(expires) if is_signed => Link::Expired(expires),
        _ => Link::Wrong,
    })
}

fn signature(token: &Token, address: &str) -> String {
    // HMAC takes keys of any length; there is no other error.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&token.digest) else {
        return String::new();
    };
    mac.update(format!("link {address}").as_bytes());
    hex(&mac.finalize().into_bytes())
}
