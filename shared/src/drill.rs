//! Restore drills: a dump is restored as it is stored, and the restored database has to be what its manifest says.
//!
//! [`advance`] does a slice of a drill; its state is kept by the [`Engine`] in the transaction of what it is the state of, so
//! that a slice which ends half-way is gone on with where it came to.

mod machine;
mod proof;
mod statements;
mod text;

pub use self::machine::{DrillError, Engine, Progress, State, Verdict, advance};
pub use self::proof::{Difference, differences};
pub use self::statements::{Found, SplitError, Statements};
