//! A browser's session: a cookie that says who and until when, signed with the token that opened it.
//!
//! Nothing of it is stored here, so it ends when its time is over, or when its token is no longer configured.

use axum::http::HeaderMap;
use axum::http::header::COOKIE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared::dump::hex;
use shared::time::Timestamp;
use subtle::ConstantTimeEq;

use super::tokens::{Role, Token, Tokens};

/// How long somebody stays signed in.
const SESSION_SECONDS: i64 = 12 * 3600;

/// The cookie's name. The prefix has a browser take it only from this host, by HTTPS, for all of its addresses.
/// <https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes>
const SECURE_NAME: &str = "__Host-cache";
/// Its name where there is no HTTPS, on one's own machine.
const PLAIN_NAME: &str = "cache";

/// The value of the header that signs a browser in.
pub(super) fn open(token: &Token, is_https: bool, now: Timestamp) -> String {
    let expires = now.plus_seconds(SESSION_SECONDS).seconds();
    let value = format!(
        "{}.{expires}.{}",
        token.role.as_str(),
        signature(token, expires)
    );
    cookie(&value, is_https, SESSION_SECONDS)
}

/// The value of the header that signs it out.
pub(super) fn close(is_https: bool) -> String {
    cookie("", is_https, 0)
}

fn cookie(value: &str, is_https: bool, seconds: i64) -> String {
    let (name, secure) = if is_https {
        (SECURE_NAME, "; Secure")
    } else {
        (PLAIN_NAME, "")
    };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// Who is signed in by the cookies of a request, if anybody is.
pub(super) fn role(
    headers: &HeaderMap,
    tokens: &Tokens,
    is_https: bool,
    now: Timestamp,
) -> Option<Role> {
    let name = if is_https { SECURE_NAME } else { PLAIN_NAME };
    let cookies = headers.get_all(COOKIE).into_iter();
    let texts = cookies.filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';'));
    let mut values = pairs.filter_map(|pair| {
        let (found, value) = pair.trim().split_once('=')?;
        (found == name).then_some(value)
    });
    values.find_map(|value| verified(value, tokens, now))
}

fn verified(value: &str, tokens: &Tokens, now: Timestamp) -> Option<Role> {
    let mut parts = value.splitn(3, '.');
    let role = Role::from_word(parts.next()?)?;
    let expires: i64 = parts.next()?.parse().ok()?;
    let sent = parts.next()?.as_bytes();
    let is_signed = tokens.of(role).any(|token| {
        let expected = signature(token, expires);
        bool::from(expected.as_bytes().ct_eq(sent))
    });
    (is_signed && now.seconds() < expires).then_some(role)
}

fn signature(token: &Token, expires: i64) -> String {
    // HMAC takes keys of any length; there is no other error.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&token.digest) else {
        return String::new();
    };
    mac.update(format!("session {} {expires}", token.role.as_str()).as_bytes());
    hex(&mac.finalize().into_bytes())
}
