//! Empty catalogues, made once by the migrations and copied from then on.

use shared::native::NativeDatabase;

/// An empty catalogue.
pub(crate) fn empty() -> NativeDatabase {
    NativeDatabase::catalogue()
}
