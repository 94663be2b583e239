//! Figures of a run, and of many.

use std::collections::BTreeMap;
use std::fmt;

use crate::faults::Fault;

/// How often what happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Runs.
    pub seeds: u64,
    /// Backup jobs.
    pub jobs: u64,
    /// Of these, jobs that failed at least for one database.
    pub failed_jobs: u64,
    /// Backups that were taken, restored and compared.
    pub backups: u64,
    /// Backups that retention took away.
    pub expired: u64,
    /// Restore drills that passed, of Cache itself.
    pub drills: u64,
    /// Restore drills that did not.
    pub failed_drills: u64,
    /// Effects of the Workers.
    pub effects: u64,
    /// Events of the traces.
    pub events: u64,
    /// Messages that were delivered once more.
    pub duplicates: u64,
    /// Invocations that were ended by a crash.
    pub crashes: u64,
    /// Invocations that were ended because of their time.
    pub overruns: u64,
    /// Crons that did not fire.
    pub missed_crons: u64,
    /// Changes of the databases under backup.
    pub changes: u64,
    /// Notices that arrived.
    pub notices: u64,
    /// Alarms that opened.
    pub alarms: u64,
    /// Requests to the api.
    pub requests: u64,
    /// Rounds of the janitor.
    pub rounds: u64,
    /// The longest line of messages.
    pub longest_line: u64,
    /// Simulated time, in seconds.
    pub seconds: u64,
    /// Effects that failed.
    pub faults: BTreeMap<Fault, u64>,
}

impl Figures {
    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        let sums = [
            (&mut self.seeds, other.seeds),
            (&mut self.jobs, other.jobs),
            (&mut self.failed_jobs, other.failed_jobs),
            (&mut self.backups, other.backups),
            (&mut self.expired, other.expired),
            (&mut self.drills, other.drills),
            (&mut self.failed_drills, other.failed_drills),
            (&mut self.effects, other.effects),
            (&mut self.events, other.events),
            (&mut self.duplicates, other.duplicates),
            (&mut self.crashes, other.crashes),
            (&mut self.overruns, other.overruns),
            (&mut self.missed_crons, other.missed_crons),
            (&mut self.changes, other.changes),
            (&mut self.notices, other.notices),
            (&mut self.alarms, other.alarms),
            (&mut self.requests, other.requests),
            (&mut self.rounds, other.rounds),
            (&mut self.seconds, other.seconds),
        ];
        for (sum, more) in sums {
            *sum += more;
        }
        self.longest_line = self.longest_line.max(other.longest_line);
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.seconds / 86_400;
        let lines = [
            ("seeds", self.seeds),
            ("simulated days", days),
            ("jobs", self.jobs),
            ("  of which failed in part or whole", self.failed_jobs),
            ("backups taken, restored and compared", self.backups),
            ("  of which expired", self.expired),
            ("drills passed", self.drills),
            ("drills failed", self.failed_drills),
            ("effects", self.effects),
            ("events", self.events),
            ("crashes", self.crashes),
            ("invocations ended for their time", self.overruns),
            ("duplicate deliveries", self.duplicates),
            ("crons that never fired", self.missed_crons),
            ("changes of sources meanwhile", self.changes),
            ("requests to the api", self.requests),
            ("rounds of the janitor", self.rounds),
            ("notices that arrived", self.notices),
            ("alarms", self.alarms),
            ("longest queue", self.longest_line),
        ];
        for (what, number) in lines {
            writeln!(f, "{what:40} {number:>12}")?;
        }
        for (fault, number) in &self.faults {
            writeln!(f, "fault: {:33} {number:>12}", fault.name())?;
        }
        Ok(())
    }
}
