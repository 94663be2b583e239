//! What the tests of the dump rest on: random databases, an exact comparison, restoring as others do it, and damage.
//!
//! ```
//! let source = testkit::random::database(7);
//! let rebuilt = source.build();
//! let expected = testkit::fingerprint::of(&source.build());
//! testkit::damage::damage(&rebuilt, 1);
//! let found = testkit::fingerprint::of(&rebuilt);
//! assert_ne!(testkit::fingerprint::differences(&expected, &found), [""; 0]);
//! ```

// Support for tests: what cannot happen ends the test, with the place where it did.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

pub mod d1;
pub mod damage;
mod dice;
pub mod fingerprint;
pub mod random;
pub mod restore;
mod sql;
