//! How a contract says that it holds.

use std::fmt::{Debug, Display};

/// Nothing, or what was found instead.
pub type Verdict = Result<(), String>;

/// Holds when what was found is what was expected.
pub(crate) fn same<T: PartialEq + Debug>(found: T, expected: T) -> Verdict {
    if found == expected {
        return Ok(());
    }
    Err(format!("expected {expected:?}, found {found:?}"))
}

/// Holds when the fact does; `fact` says what it is.
pub(crate) fn holds(fact: bool, what: impl Display) -> Verdict {
    if fact {
        return Ok(());
    }
    Err(format!("it does not hold that {what}"))
}

/// An error that the contract does not expect.
pub(crate) fn unexpected(error: impl Display) -> String {
    format!("unexpected error: {error}")
}
