use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pollster::block_on;
use serde_json::{Value, json};

use super::*;
use crate::native::{MemoryDocuments, NativeSignatures, TestKey};

const NOW: i64 = 1_733_918_400;
const URL: &str = "https://grove.cloudflareaccess.com/cdn-cgi/access/certs";
const HEADER: &str = r#"{"alg":"RS256","kid":"one","typ":"JWT"}"#;

struct Team {
    settings: Settings,
    cache: KeyCache,
    documents: MemoryDocuments,
    key: TestKey,
}

impl Team {
    fn new() -> Self {
        let settings = Settings::read(Some("grove.cloudflareaccess.com"), Some("tag"), None);
        let team = Self {
            settings: settings.unwrap().unwrap(),
            cache: KeyCache::default(),
            documents: MemoryDocuments::default(),
            key: TestKey::new().unwrap(),
        };
        team.publish("one");
        team
    }

    /// Has the key under that id, beside one that is no RSA key and one that reads as none.
    fn publish(&self, id: &str) {
        let key = self.key.public();
        let rsa = json!({"kid": id, "kty": "RSA", "alg": "RS256", "use": "sig", "n": key.modulus, "e": key.exponent});
        let keys = json!({"keys": [{"kid": "curve", "kty": "EC", "crv": "P-256"}, {"kid": 7}, rsa], "public_cert": {}});
        self.documents.place(URL, &keys.to_string());
    }

    fn ask(&self, jwt: &str, now: i64) -> Result<Identity, AccessError> {
        let now = Timestamp::from_seconds(now);
        let asked = identify(
            &self.settings,
            &self.cache,
            &self.documents,
            &NativeSignatures,
            jwt,
            now,
        );
        block_on(asked)
    }

    fn jwt(&self, claims: &Value) -> String {
        self.key.jwt(HEADER, &claims.to_string())
    }

    /// What becomes of the claims of [`ada`] with some changed.
    fn with(&self, changed: Value) -> Result<Identity, AccessError> {
        let mut claims = ada();
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        self.ask(&self.jwt(&claims), NOW)
    }
}

fn ada() -> Value {
    json!({
        "iss": "https://grove.cloudflareaccess.com", "aud": ["other", "tag"], "email": "ada@grove.example", "sub": "1", "type": "app",
        "iat": NOW - 10, "nbf": NOW - 10, "exp": NOW + 3600
    })
}

fn refused(error: AssertionError) -> Result<Identity, AccessError> {
    Err(AccessError::Refused(error))
}

fn known(name: &str, is_person: bool) -> Result<Identity, AccessError> {
    Ok(Identity {
        name: name.to_owned(),
        is_person,
    })
}

#[test]
fn a_person_is_known_by_mail_and_a_service_token_by_its_name() {
    let team = Team::new();
    assert_eq!(team.with(json!({})), known("ada@grove.example", true));
    let service = json!({"email": null, "common_name": "e367.access", "sub": "", "aud": "tag"});
    assert_eq!(team.with(service), known("e367.access", false));
    assert_eq!(
        team.with(json!({"email": " \n"})),
        refused(AssertionError::Nameless)
    );
    let long = team
        .with(json!({"email": format!("a\nb{}", "x".repeat(999))}))
        .unwrap();
    assert_eq!(long.name.len(), 254);
    assert!(long.name.starts_with("abx"));
}

#[test]
fn what_is_not_signed_by_rs256_is_refused() {
    let team = Team::new();
    let claims = URL_SAFE_NO_PAD.encode(ada().to_string());
    let unsigned = format!(
        "{}.{claims}.",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"one"}"#)
    );
    assert_eq!(team.ask(&unsigned, NOW), refused(AssertionError::Algorithm));
    for algorithm in ["none", "None", "HS256", "RS512", "rs256", "ES256"] {
        let header = format!(r#"{{"alg":"{algorithm}","kid":"one"}}"#);
        let jwt = team.key.jwt(&header, &ada().to_string());
        assert_eq!(
            team.ask(&jwt, NOW),
            refused(AssertionError::Algorithm),
            "{algorithm}"
        );
    }
    let critical = team.key.jwt(
        r#"{"alg":"RS256","kid":"one","crit":["b64"]}"#,
        &ada().to_string(),
    );
    assert_eq!(team.ask(&critical, NOW), refused(AssertionError::Algorithm));
    assert_eq!(team.documents.asked(), 0);
}

#[test]
fn a_signature_that_is_not_the_keys_is_refused() {
    use hmac::{Hmac, KeyInit, Mac};
    let team = Team::new();
    let jwt = team.jwt(&ada());
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    // With the public key, which everybody knows, as a secret.
    let mut mac =
        Hmac::<sha2::Sha256>::new_from_slice(team.key.public().modulus.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let by_public_key = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let mut flipped = URL_SAFE_NO_PAD.decode(signature).unwrap();
    flipped[100] ^= 1;
    let eve = ada().to_string().replace("ada@", "eve@");
    let eve = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(HEADER),
        URL_SAFE_NO_PAD.encode(eve)
    );
    for forged in [
        format!("{signed}.{by_public_key}"),
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(flipped)),
        format!("{signed}."),
        format!("{eve}.{signature}"),
    ] {
        assert_eq!(
            team.ask(&forged, NOW),
            refused(AssertionError::Signature),
            "{forged}"
        );
    }
}

#[test]
fn another_teams_or_applications_is_refused() {
    let team = Team::new();
    for issuer in [
        "https://other.cloudflareaccess.com",
        "https://grove.cloudflareaccess.com/",
        "",
    ] {
        assert_eq!(
            team.with(json!({"iss": issuer})),
            refused(AssertionError::Issuer)
        );
    }
    for audience in [json!("other"), json!([]), json!(["tag2", "ta"]), json!("")] {
        assert_eq!(
            team.with(json!({"aud": audience})),
            refused(AssertionError::Audience)
        );
    }
}

#[test]
fn it_is_valid_from_its_beginning_to_its_end_and_a_minute_around() {
    let team = Team::new();
    let jwt = team.jwt(&ada());
    assert!(team.ask(&jwt, NOW + 3_659).is_ok());
    assert_eq!(
        team.ask(&jwt, NOW + 3_660),
        refused(AssertionError::Expired)
    );
    assert!(team.ask(&jwt, NOW - 70).is_ok());
    assert_eq!(
        team.ask(&jwt, NOW - 71),
        refused(AssertionError::NotYetValid)
    );
    assert_eq!(
        team.with(json!({"iat": NOW + 61})),
        refused(AssertionError::NotYetValid)
    );
    assert_eq!(
        team.with(json!({"nbf": null, "iat": null})),
        known("ada@grove.example", true)
    );
    assert_eq!(
        team.with(json!({"exp": i64::MIN})),
        refused(AssertionError::Expired)
    );
    assert_eq!(
        team.with(json!({"nbf": i64::MAX})),
        refused(AssertionError::NotYetValid)
    );
}

#[test]
fn nonsense_is_refused() {
    let team = Team::new();
    for nonsense in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "a.b".to_owned(),
        "ü.ü.ü".to_owned(),
        "a.b.c.d".to_owned(),
        team.key.jwt("[]", "{}"),
        team.key.jwt(HEADER, "null"),
        team.key.jwt(HEADER, "{}"),
        team.key.jwt(r#"{"alg":"RS256"}"#, &ada().to_string()),
        format!("{}=", team.jwt(&ada())),
        team.jwt(&json!({"iss": 1, "aud": "tag", "exp": 1})),
        team.jwt(&json!({"iss": "a", "aud": "tag", "exp": "soon"})),
    ] {
        assert_eq!(
            team.ask(&nonsense, NOW),
            refused(AssertionError::Malformed),
            "{nonsense}"
        );
    }
    assert_eq!(
        team.ask(&"a".repeat(LONGEST + 1), NOW),
        refused(AssertionError::TooLong)
    );
    assert_eq!(team.documents.asked(), 0);
}

#[test]
fn keys_are_fetched_once_an_hour() {
    let team = Team::new();
    let jwt = team.jwt(&json!({"exp": NOW + 99_999, "iss": "https://grove.cloudflareaccess.com", "aud": "tag", "email": "a@b"}));
    for (moment, asked) in [(0, 1), (3_599, 1), (3_600, 2), (3_700, 2)] {
        team.ask(&jwt, NOW + moment).unwrap();
        assert_eq!(team.documents.asked(), asked, "{moment}");
    }
}

#[test]
fn an_unknown_key_has_them_fetched_again_but_not_more_than_once_a_minute() {
    let team = Team::new();
    let other = team
        .key
        .jwt(&HEADER.replace("one", "two"), &ada().to_string());
    assert_eq!(team.ask(&other, NOW), refused(AssertionError::UnknownKey));
    for _ in 0..9 {
        assert_eq!(
            team.ask(&other, NOW + 59),
            refused(AssertionError::UnknownKey)
        );
    }
    assert_eq!(team.documents.asked(), 1);
    team.publish("two");
    assert!(team.ask(&other, NOW + 60).is_ok());
    assert_eq!(team.documents.asked(), 2);
}

#[test]
fn a_team_that_does_not_answer_is_no_reason_to_let_anybody_in() {
    let team = Team::new();
    team.documents.lose(URL);
    let jwt = team.jwt(&ada());
    let failed = team.ask(&jwt, NOW).unwrap_err();
    assert!(failed.is_transient() && matches!(failed, AccessError::Keys(KeysError::Fetch(_))));
    assert_eq!(
        team.ask(&jwt, NOW + 4),
        Err(AccessError::Keys(KeysError::Recently))
    );
    assert_eq!(team.documents.asked(), 1);
    for nonsense in ["", "[]", "{\"keys\": {}}", "<html>"] {
        let team = Team::new();
        team.documents.place(URL, nonsense);
        assert_eq!(team.ask(&jwt, NOW), Err(AccessError::Keys(KeysError::Read)));
    }
    team.publish("one");
    assert!(team.ask(&jwt, NOW + 5).is_ok());
}
