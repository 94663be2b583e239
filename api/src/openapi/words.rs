//! The words that the catalogue and the registry know, for the schemas of members that hold one of them.

use schemars::JsonSchema;

/// A type that only says which words there are.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal,)+ })+) => {
        $(
            $(#[$about])*
            #[derive(Debug, JsonSchema)]
            #[schemars(inline)]
            #[allow(dead_code)]
            pub(crate) enum $name {
                $(#[schemars(rename = $word)] $variant,)+
            }
        )+
    };
}

words! {
    /// Of everything.
    Activity {
        Idle = "idle",
        Running = "running",
    }
    /// Of a job.
    JobStatus {
        Running = "running",
        Completed = "completed",
        Failed = "failed",
    }
    /// What started a job.
    Trigger {
        Scheduled = "scheduled",
        Manual = "manual",
    }
    /// Of what a job does with a database.
    ResultStatus {
        Queued = "queued",
        Running = "running",
        Success = "success",
        Failed = "failed",
        Skipped = "skipped",
    }
    /// Of a restore drill.
    DrillStatus {
        Queued = "queued",
        Running = "running",
        Passed = "passed",
        Failed = "failed",
        Unproved = "unproved",
    }
    /// Of a backup.
    State {
        Stored = "stored",
        Pinned = "pinned",
        Lost = "lost",
        Deleting = "deleting",
        Deleted = "deleted",
    }
    /// What was proved about the instant that a dump is from.
    Consistency {
        Snapshot = "snapshot",
        Paged = "paged",
    }
    /// How much a database matters.
    Priority {
        Critical = "critical",
        High = "high",
        Normal = "normal",
    }
    /// Of a notice for a channel.
    DeliveryStatus {
        Delivered = "delivered",
        Waiting = "waiting",
        GivenUp = "given_up",
    }
    /// What somebody did with a dead letter.
    Resolution {
        Redriven = "redriven",
        Discarded = "discarded",
    }
    /// What becomes of a backup.
    Verdict {
        Keep = "keep",
        Delete = "delete",
    }
    /// What opened an alarm.
    Cause {
        JobFailed = "job_failed",
        DatabaseFailed = "database_failed",
        Failing = "failing",
        Overdue = "overdue",
        NeverBackedUp = "never_backed_up",
        JobStuck = "job_stuck",
        Shrunk = "shrunk",
        DrillFailed = "drill_failed",
        ObjectLost = "object_lost",
        ObjectDamaged = "object_damaged",
        DeadLetter = "dead_letter",
    }
}
