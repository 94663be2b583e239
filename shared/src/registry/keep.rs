//! Which backups are kept for longer than their time.

use serde::{Deserialize, Serialize};

/// How many backups each rule keeps, whatever their age; `None` where nothing is said, which keeps none.
///
/// The names and the meaning are restic's: a rule of days keeps the newest backup of each of the last so many days that
/// have one. Days, months and years are of UTC, weeks those of ISO 8601.
/// <https://restic.readthedocs.io/en/stable/060_forget.html#removing-snapshots-according-to-a-policy>
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepRules {
    /// The newest backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u32>,
    /// Days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily: Option<u32>,
    /// Weeks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly: Option<u32>,
    /// Months.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly: Option<u32>,
    /// Years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yearly: Option<u32>,
}

impl KeepRules {
    /// These, and where they say nothing the `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            last: self.last.or(others.last),
            daily: self.daily.or(others.daily),
            weekly: self.weekly.or(others.weekly),
            monthly: self.monthly.or(others.monthly),
            yearly: self.yearly.or(others.yearly),
        }
    }

    /// Whether no rule keeps anything.
    pub fn is_empty(&self) -> bool {
        let Self {
            last,
            daily,
            weekly,
            monthly,
            yearly,
        } = *self;
        [last, daily, weekly, monthly, yearly]
            .into_iter()
            .all(|count| count.unwrap_or(0) == 0)
    }

    /// Whether the registry says nothing of any rule.
    pub fn is_unsaid(&self) -> bool {
        *self == Self::default()
    }
}
