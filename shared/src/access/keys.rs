//! The keys of a team, which it changes every few weeks: fetched when they are needed, and kept for an hour.

use std::cell::RefCell;

use serde::Deserialize;

use crate::ports::{DocumentError, Documents, RsaKey};
use crate::time::Timestamp;

/// How long keys are kept, in seconds.
const KEPT: i64 = 3_600;
/// How long after they were fetched nobody has them fetched again by naming one that is not there, in seconds.
const LEAST_APART: i64 = 60;
/// How long after a failure nobody tries again, in seconds.
const AFTER_FAILURE: i64 = 5;
/// More keys than any team has.
const MOST_KEYS: usize = 20;

/// The keys are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Nobody answered with them.
    #[error("the keys could not be fetched")]
    Fetch(#[source] DocumentError),
    /// The answer is no set of keys.
    #[error("what was fetched is no set of keys")]
    Read,
    /// They could not be fetched a moment ago.
    #[error("the keys could not be fetched a moment ago")]
    Recently,
}

/// The keys that were fetched last.
#[derive(Debug, Default)]
pub struct KeyCache(RefCell<Kept>);

#[derive(Debug, Default)]
struct Kept {
    keys: Vec<Jwk>,
    fetched: Option<Timestamp>,
    failed: Option<Timestamp>,
}

/// <https://www.rfc-editor.org/rfc/rfc7517#section-4>
#[derive(Debug, Clone, Deserialize)]
struct Jwk {
    kid: String,
    kty: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
}

#[derive(Debug, Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// What is known of a key.
enum Known {
    It(RsaKey),
    /// There is none of that id.
    None,
    /// The keys have to be fetched.
    Nothing,
}

impl KeyCache {
    /// The key of that id, as the team at `url` has it; `None` when it has none.
    ///
    /// Fetches at most once an hour, and once a minute where ids are asked for that are not there. Two at once may both fetch.
    pub async fn find<D: Documents>(
        &self,
        documents: &D,
        url: &str,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<RsaKey>, KeysError> {
        match self.0.borrow().known(id, now) {
            Known::It(key) => return Ok(Some(key)),
            Known::None => return Ok(None),
            Known::Nothing => {}
        }
        if self.0.borrow().has_just_failed(now) {
            return Err(KeysError::Recently);
        }
        let fetched = documents.get(url).await;
        let keys = fetched
            .map_err(KeysError::Fetch)
            .and_then(|text| read(&text));
        let mut kept = self.0.borrow_mut();
        match keys {
            Ok(keys) => {
                *kept = Kept {
                    keys,
                    fetched: Some(now),
                    failed: None,
                };
                Ok(kept.key(id))
            }
            Err(error) => {
                kept.failed = Some(now);
                Err(error)
            }
        }
    }
}

impl Kept {
    fn known(&self, id: &str, now: Timestamp) -> Known {
        let age = self.fetched.map(|fetched| now.millis_since(fetched) / 1000);
        match (self.key(id), age) {
            (Some(key), Some(age)) if age < KEPT => Known::It(key),
            (None, Some(age)) if age < LEAST_APART => Known::None,
            _ => Known::Nothing,
        }
    }

    fn has_just_failed(&self, now: Timestamp) -> bool {
        let failed = self.failed.map(|failed| now.millis_since(failed) / 1000);
        failed.is_some_and(|ago| ago < AFTER_FAILURE)
    }

    fn key(&self, id: &str) -> Option<RsaKey> {
        let found = self.keys.iter().find(|key| key.kid == id)?;
        Some(RsaKey {
            modulus: found.n.clone(),
            exponent: found.e.clone(),
        })
    }
}

/// The RSA keys of a set. One of another kind is none of them.
fn read(text: &str) -> Result<Vec<Jwk>, KeysError> {
    let set: KeySet = serde_json::from_str(text).map_err(|_| KeysError::Read)?;
    let keys = set.keys.into_iter().take(MOST_KEYS);
    let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Ok(keys.filter(|key| key.kty == "RSA").collect())
}
