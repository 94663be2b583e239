//! SHA-256 of a text that is written over several invocations.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Digest;
use sha2::digest::common::hazmat::SerializableState;

use super::hex;

/// SHA-256 so far. As JSON it is its state in hex, from which it goes on.
#[derive(Debug, Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Adds bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes);
    }

    /// The hash of all that came.
    pub fn finish(&self) -> [u8; 32] {
        self.0.clone().finalize().into()
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&SerializableState::serialize(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = unhex(&text).ok_or_else(|| de::Error::custom("a hash's state is hex"))?;
        let state = bytes
            .as_slice()
            .try_into()
            .map_err(|_| de::Error::custom("a hash's state has another length"))?;
        <sha2::Sha256 as SerializableState>::deserialize(state)
            .map(Self)
            .map_err(de::Error::custom)
    }
}

/// The bytes of a text in hex; `None` where it is none.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16)?).ok();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some((digit(*high)? << 4) | digit(*low)?));
    rest.is_empty().then(|| bytes.collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_goes_on_from_its_state() {
        for cut in [0, 1, 63, 64, 65, 200] {
            let text = "x".repeat(300);
            let mut whole = Sha256::default();
            whole.update(&text);
            let mut part = Sha256::default();
            part.update(&text[..cut]);
            let mut rest: Sha256 =
                serde_json::from_str(&serde_json::to_string(&part).unwrap()).unwrap();
            rest.update(&text[cut..]);
            assert_eq!(rest.finish(), whole.finish());
        }
    }

    #[test]
    fn what_is_no_state_does_not_read() {
        for text in ["", "00", "zz", "é0"] {
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<Sha256>(&json).is_err());
        }
    }
}
