//! The sizes that D1 sets, and those that follow from them, in bytes.
//!
//! <https://developers.cloudflare.com/d1/platform/limits/>

/// The longest statement that D1 takes.
pub(super) const LONGEST_STATEMENT: usize = 100_000;
/// The longest that is written on purpose: a little is left for what stands around one.
pub(super) const STATEMENT: usize = LONGEST_STATEMENT - 100;
/// Text after which a page ends. With the longest statement it stays far below the 2,200,000 that a value may have.
pub(super) const PAGE: usize = 400_000;
/// What one piece of a long value holds: as hex it fits a statement.
pub(super) const PIECE: usize = 49_000;
/// In a row that is too long for a statement, values longer than this go to the scratch table.
pub(super) const LONG_VALUE: usize = 200;
/// The longest value that D1 stores is 2,000,000, and its engine returns a little more.
pub(super) const LONGEST_VALUE: usize = 2_200_000;
/// Where a statement that sets a column afterwards would be too long, values up to this length still are set so.
pub(super) const LONGEST_KEY: usize = 10_000;
/// A key longer than this is not compared with: the rows before it are counted instead.
pub(super) const LONGEST_PLACE: usize = 20_000;
