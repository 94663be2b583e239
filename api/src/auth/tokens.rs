//! The tokens that open the api, and what each opens.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// See everything but the dumps, and change nothing.
    Reader,
    /// Everything.
    Admin,
}

impl Role {
    /// The word of sessions and of the audit log.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Admin => "admin",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        [Self::Reader, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == word)
    }
}

/// The configured tokens. Of each role there may be several, so that a new one works while the old one is still in use.
#[derive(Debug, Clone, Default)]
pub struct Tokens(Vec<Token>);

/// A token is known by its SHA-256: comparing digests takes the same time whatever was sent, and however long it is.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) role: Role,
    pub(super) digest: [u8; 32],
}

impl Tokens {
    /// These and one more. Blanks around it do not count, and one that is empty is none.
    #[must_use]
    pub fn with(mut self, role: Role, token: Option<&str>) -> Self {
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        self.0.extend(token.map(|token| Token {
            role,
            digest: digest(token),
        }));
        self
    }

    /// Whether anybody can be let in who may do everything.
    pub(super) fn has_admin(&self) -> bool {
        self.0.iter().any(|token| token.role == Role::Admin)
    }

    /// All of a role.
    pub(super) fn of(&self, role: Role) -> impl Iterator<Item = &Token> {
        self.0.iter().filter(move |token| token.role == role)
    }

    /// The token that was sent. Each is compared, whether or not one before it was right.
    pub(super) fn find(&self, sent: &str) -> Option<&Token> {
        let sent = digest(sent);
        self.0.iter().fold(None, |found, token| {
            if bool::from(token.digest.ct_eq(&sent)) {
                Some(token)
            } else {
                found
            }
        })
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
