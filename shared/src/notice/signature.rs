//! Signatures after Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "whsec_";

/// The secret cannot sign anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not written as secrets are.
    #[error(
        "WEBHOOK_SECRET is not `whsec_` and base64; make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    Form,
    /// It is too easily guessed, or longer than the rule allows.
    #[error(
        "WEBHOOK_SECRET has not 24 to 64 bytes; make one with `echo whsec_$(openssl rand -base64 32)`"
    )]
    Length,
}

/// The key that `secret` stands for.
pub fn key(secret: &str) -> Result<Vec<u8>, SecretError> {
    let encoded = secret.strip_prefix(PREFIX).ok_or(SecretError::Form)?;
    let key = STANDARD.decode(encoded).map_err(|_| SecretError::Form)?;
    match key.len() {
        24..=64 => Ok(key),
        _ => Err(SecretError::Length),
    }
}

/// The value of `webhook-signature` for a body that is sent with this id at this second.
pub fn sign(key: &[u8], id: &str, seconds: i64, body: &str) -> Result<String, SecretError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SecretError::Length)?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body.as_bytes());
    let digest = STANDARD.encode(mac.finalize().into_bytes());
    Ok(format!("v1,{digest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_standard_webhooks_has_its_signature() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            sign(&key, id, 1_614_265_330, r#"{"test": 2432232314}"#).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for secret in [
            "",
            "whsec_",
            "whsec_***",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ] {
            assert!(key(secret).is_err(), "{secret}");
        }
        assert_eq!(key("whsec_AAAA"), Err(SecretError::Length));
    }
}
