//! Signatures by RSA, and a key to make some: it is in the repository, so it opens nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

use crate::ports::{RsaKey, SignatureError, Signatures};

const TEST_KEY: &[u8] = include_bytes!("signatures/test_key.der");

/// Verifies by the `ring` crate.
#[derive(Debug, Clone, Copy)]
pub struct NativeSignatures;

impl Signatures for NativeSignatures {
    async fn verify(
        &self,
        key: &RsaKey,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SignatureError> {
        let decode = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text);
            bytes.map_err(|error| SignatureError {
                message: error.to_string(),
            })
        };
        let key = PublicKeyComponents {
            n: decode(&key.modulus)?,
            e: decode(&key.exponent)?,
        };
        Ok(key
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok())
    }
}

/// A key of tests, which signs.
#[derive(Debug)]
pub struct TestKey(KeyPair);

impl TestKey {
    /// The one there is; `None` if it does not read.
    pub fn new() -> Option<Self> {
        KeyPair::from_pkcs8(TEST_KEY).ok().map(Self)
    }

    /// What verifies its signatures.
    pub fn public(&self) -> RsaKey {
        let components = PublicKeyComponents::<Vec<u8>>::from(self.0.public());
        RsaKey {
            modulus: URL_SAFE_NO_PAD.encode(components.n),
            exponent: URL_SAFE_NO_PAD.encode(components.e),
        }
    }

    /// Signs a message; empty if that failed.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message,
            &mut signature,
        );
        signed.map(|()| signature).unwrap_or_default()
    }

    /// A JWT of these two parts, as JSON.
    pub fn jwt(&self, header: &str, claims: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}
