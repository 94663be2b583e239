//! Cloudflare Access in front of the api: who somebody is, by the JWT that Access adds to a request.
//!
//! <https://developers.cloudflare.com/cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json/>.
//! What a JWT says of itself is believed in nothing: the algorithm is RS256, the key one that the team publishes.

mod assertion;
mod keys;
mod settings;

use crate::ports::{DocumentError, Documents, SignatureError, Signatures};
use crate::time::Timestamp;

pub use self::assertion::{Assertion, AssertionError, Identity, LONGEST};
pub use self::keys::{KeyCache, KeysError};
pub use self::settings::{Settings, SettingsError};

/// Nobody is known by this JWT.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// It is not valid, for the reason that its sender may know.
    #[error(transparent)]
    Refused(#[from] AssertionError),
    /// The team's keys are not known.
    #[error("the keys of Cloudflare Access are not known")]
    Keys(#[from] KeysError),
    /// The runtime could not verify the signature.
    #[error("a signature could not be verified")]
    Verify(#[from] SignatureError),
}

impl AccessError {
    /// Whether the same may succeed later.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Verify(_) => false,
            Self::Keys(_) => true,
        }
    }
}

impl From<DocumentError> for AccessError {
    fn from(error: DocumentError) -> Self {
        Self::Keys(KeysError::Fetch(error))
    }
}

/// Who sent a request with this JWT. What it says is looked at before a key is asked for, so that nobody can have keys fetched by
/// sending nonsense.
pub async fn identify<D: Documents, S: Signatures>(
    settings: &Settings,
    keys: &KeyCache,
    documents: &D,
    signatures: &S,
    jwt: &str,
    now: Timestamp,
) -> Result<Identity, AccessError> {
    let assertion = Assertion::read(jwt)?;
    let identity = assertion.claim(&settings.issuer, &settings.audience, now)?;
    let url = settings.keys_url();
    let key = keys.find(documents, &url, assertion.key(), now).await?;
    let key = key.ok_or(AssertionError::UnknownKey)?;
    let is_signed = signatures
        .verify(&key, assertion.signed(), assertion.signature())
        .await?;
    if is_signed {
        Ok(identity)
    } else {
        Err(AssertionError::Signature.into())
    }
}

#[cfg(test)]
mod tests;
