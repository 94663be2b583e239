//! A JWT of Cloudflare Access, read and judged but for its signature. <https://www.rfc-editor.org/rfc/rfc7519>

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::time::Timestamp;

/// The longest JWT that is read, in bytes. Requests have no longer headers. <https://developers.cloudflare.com/workers/platform/limits/>
pub const LONGEST: usize = 16 * 1024;
/// By how much clocks may differ, in seconds.
const LEEWAY: i64 = 60;
/// The longest name that is kept, in characters: an address of mail has at most 254.
const LONGEST_NAME: usize = 254;

/// What is wrong with a JWT, as its sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    /// It is longer than any.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It does not read.
    #[error("it is no JWT")]
    Malformed,
    /// It is signed in another way, or not at all.
    #[error("it is not signed by RS256")]
    Algorithm,
    /// Another team's.
    #[error("another team issued it than the one of `ACCESS_TEAM_DOMAIN`")]
    Issuer,
    /// For another application.
    #[error("it is for another application than the one of `ACCESS_AUD`")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It has neither an address of mail nor the name of a service token.
    #[error("it names nobody")]
    Nameless,
    /// The team has no such key.
    #[error("the team has no key of that id")]
    UnknownKey,
    /// It was made or changed by somebody else.
    #[error("its signature is wrong")]
    Signature,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The address of mail of a person, or the name of a service token.
    pub name: String,
    /// Whether it is a person, who comes with a browser.
    pub is_person: bool,
}

/// A JWT, of which nothing is believed yet.
#[derive(Debug)]
pub struct Assertion<'a> {
    key: String,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// Extensions that have to be understood; there are none that are. <https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11>
    crit: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    email: Option<String>,
    common_name: Option<String>,
}

/// One or several. <https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3>
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn has(&self, tag: &str) -> bool {
        match self {
            Self::One(one) => one == tag,
            Self::Several(several) => several.iter().any(|one| one == tag),
        }
    }
}

impl<'a> Assertion<'a> {
    /// Reads a JWT that is signed by RS256.
    pub fn read(jwt: &'a str) -> Result<Self, AssertionError> {
        if jwt.len() > LONGEST {
            return Err(AssertionError::TooLong);
        }
        let malformed = || AssertionError::Malformed;
        let (signed, signature) = jwt.rsplit_once('.').ok_or_else(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
        let header: Header = json(header).ok_or_else(malformed)?;
        if header.alg != "RS256" || header.crit.is_some() {
            return Err(AssertionError::Algorithm);
        }
        Ok(Self {
            key: header.kid,
            claims: json(claims).ok_or_else(malformed)?,
            signed,
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?,
        })
    }

    /// Who it says that somebody is, if it is that team's, for that application, and valid at `now`.
    pub fn claim(
        &self,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Identity, AssertionError> {
        let claims = &self.claims;
        let begins = claims.nbf.into_iter().chain(claims.iat).max();
        let latest = now.seconds().saturating_add(LEEWAY);
        if claims.iss != issuer {
            return Err(AssertionError::Issuer);
        }
        if !claims.aud.has(audience) {
            return Err(AssertionError::Audience);
        }
        if claims.exp.saturating_add(LEEWAY) <= now.seconds() {
            return Err(AssertionError::Expired);
        }
        if begins.is_some_and(|begins| begins > latest) {
            return Err(AssertionError::NotYetValid);
        }
        let person = claims.email.as_deref().and_then(name);
        let service = claims.common_name.as_deref().and_then(name);
        let is_person = person.is_some();
        let name = person.or(service).ok_or(AssertionError::Nameless)?;
        Ok(Identity { name, is_person })
    }

    /// The id of the key that signed it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What was signed.
    pub fn signed(&self) -> &[u8] {
        self.signed.as_bytes()
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A name as it is written down, unless it is none.
fn name(claimed: &str) -> Option<String> {
    let kept = claimed.chars().filter(|c| !c.is_control());
    let kept: String = kept.take(LONGEST_NAME).collect();
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}
