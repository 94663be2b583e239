//! What a page says after something was done. It is in the page's address, which says nothing that is not in this list.

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    Started,
    Pinned,
    Unpinned,
    DrillRequested,
    Redriven,
    Discarded,
    TestSent,
}

impl Notice {
    const ALL: [Self; 7] = [
        Self::Started,
        Self::Pinned,
        Self::Unpinned,
        Self::DrillRequested,
        Self::Redriven,
        Self::Discarded,
        Self::TestSent,
    ];

    /// The word in the address.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Pinned => "pinned",
            Self::Unpinned => "unpinned",
            Self::DrillRequested => "drill",
            Self::Redriven => "redriven",
            Self::Discarded => "discarded",
            Self::TestSent => "test",
        }
    }

    /// The notice of a word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// What the page says.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Started => "The backup is queued. This page shows how far it is.",
            Self::Pinned => "Pinned: the backup stays until you unpin it.",
            Self::Unpinned => "Unpinned: the backup goes when it expires.",
            Self::DrillRequested => {
                "Requested: the backup is being restored for a test. The result appears here."
            }
            Self::Redriven => "Sent again. When it fails once more it is a new dead letter.",
            Self::Discarded => "Discarded.",
            Self::TestSent => {
                "Every channel gets a test. What became of it appears under Deliveries."
            }
        }
    }
}
