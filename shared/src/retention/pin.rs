//! A pin as the bucket has it, beside the dump: a catalogue that is rebuilt from the bucket knows it again.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest note of a pin, in characters.
pub const LONGEST_NOTE: usize = 500;

/// What the object at [`pin_key`](crate::manifest::pin_key) says, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// When the backup was pinned, in Unix seconds.
    pub pinned_at: i64,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Pin {
    /// A pin of now.
    pub fn new(note: Option<String>, now: Timestamp) -> Self {
        Self {
            pinned_at: now.seconds(),
            note,
        }
    }
}
