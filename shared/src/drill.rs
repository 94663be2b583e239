//! Restore drills: a dump is restored as it is stored, and the restored database has to be what its manifest says.
//!
//! Nothing here does I/O of its own: [`Statements`] takes the text as it comes, and [`differences`] judges the dump that was
//! taken again.

mod proof;
mod statements;

pub use self::proof::{Difference, differences};
pub use self::statements::{Found, SplitError, Statements};
