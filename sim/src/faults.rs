//! What goes wrong, how often, and for how long.

use std::collections::BTreeMap;

use crate::rng::Dice;

/// What can fail by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// The catalogue's database.
    Catalogue,
    /// A database that is backed up.
    Source,
    /// The bucket.
    Bucket,
    /// Sending to a queue.
    Queue,
    /// The servers that are told something.
    Webhook,
    /// The database of a drill, and starting one.
    Drill,
}

impl Site {
    /// All of them.
    pub(crate) const ALL: [Self; 6] = [
        Self::Catalogue,
        Self::Source,
        Self::Bucket,
        Self::Queue,
        Self::Webhook,
        Self::Drill,
    ];

    /// Its name in a trace.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Source => "source",
            Self::Bucket => "bucket",
            Self::Queue => "queue",
            Self::Webhook => "webhook",
            Self::Drill => "drill",
        }
    }
}

/// A way in which an effect fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Nothing happened.
    Before,
    /// It happened, and the answer was lost.
    Despite,
    /// Nobody answered for long, and nothing happened.
    TimeOut,
    /// Nobody answered for long, and it happened.
    LateDespite,
    /// There were too many requests: nothing happened.
    Limited,
    /// An object came shorter than it is, and nobody said so.
    Truncated,
    /// One bit of an object was another.
    Flipped,
}

impl Fault {
    /// Its name in a trace and in figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "fails before it happens",
            Self::Despite => "fails although it happened",
            Self::TimeOut => "times out, did not happen",
            Self::LateDespite => "times out, happened",
            Self::Limited => "too many requests",
            Self::Truncated => "truncated read",
            Self::Flipped => "bit flip on read",
        }
    }

    /// Whether the effect happens.
    pub(crate) const fn happens(self) -> bool {
        match self {
            Self::Before | Self::TimeOut | Self::Limited => false,
            Self::Despite | Self::LateDespite | Self::Truncated | Self::Flipped => true,
        }
    }

    /// What the caller is told.
    pub(crate) fn message(self) -> String {
        let text = match self {
            Self::Before => "network connection lost",
            Self::Despite => "the connection was reset before the answer came",
            Self::TimeOut | Self::LateDespite => "timed out after 30 seconds",
            Self::Limited => "429 Too Many Requests",
            Self::Truncated | Self::Flipped => "the object was not read as it is",
        };
        text.to_owned()
    }
}

/// A site that answers nothing for a while.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outage {
    /// Which.
    pub(crate) site: Site,
    /// From when, in milliseconds since the epoch.
    pub(crate) from: i64,
    /// Until when.
    pub(crate) until: i64,
}

/// How rough a run is. All rates are per thousand.
#[derive(Debug, Clone)]
pub(crate) struct Weather {
    /// Effects that fail, of each site.
    pub(crate) faults: BTreeMap<Site, u32>,
    /// Reads of objects that come back wrong.
    pub(crate) corruption: u32,
    /// Turns at which an invocation ends for ever.
    pub(crate) crashes: u32,
    /// Effects that take long.
    pub(crate) slow: u32,
    /// Messages that are delivered once more.
    pub(crate) duplicates: u32,
    /// Messages that come later than they could.
    pub(crate) delays: u32,
    /// Crons that never fire.
    pub(crate) missing_crons: u32,
    /// Crons that fire twice.
    pub(crate) double_crons: u32,
    /// Turns at which somebody writes to a source.
    pub(crate) writers: u32,
    /// Sites that are gone for a while.
    pub(crate) outages: Vec<Outage>,
}

impl Weather {
    /// Nothing goes wrong any more.
    pub(crate) fn clear() -> Self {
        Self {
            faults: BTreeMap::new(),
            corruption: 0,
            crashes: 0,
            slow: 0,
            duplicates: 0,
            delays: 0,
            missing_crons: 0,
            double_crons: 0,
            writers: 0,
            outages: Vec::new(),
        }
    }

    /// What the dice say, between two moments.
    pub(crate) fn draw(dice: &Dice, from: i64, until: i64) -> Self {
        let roughness = *dice.pick(&[0, 5, 15, 40, 100]);
        let rate = |most: u32| -> u32 {
            let most = u64::from(most.saturating_mul(roughness)) / 40;
            u32::try_from(dice.below(most + 1)).unwrap_or_default()
        };
        let faults = Site::ALL.map(|site| (site, rate(60)));
        let outages = (0..dice.below(3))
            .map(|_| {
                let from = dice.between(from, until);
                let longest = *dice.pick(&[60_000, 1_800_000, 3 * 3_600_000]);
                Outage {
                    site: *dice.pick(&Site::ALL),
                    from,
                    until: from + dice.between(1, longest),
                }
            })
            .collect();
        Self {
            faults: faults.into_iter().collect(),
            corruption: rate(40),
            crashes: rate(12),
            slow: rate(30),
            duplicates: rate(20),
            delays: rate(200),
            missing_crons: *dice.pick(&[0, 100, 500, 800]),
            double_crons: *dice.pick(&[0, 50, 300]),
            writers: *dice.pick(&[0, 20, 100, 300]),
            outages,
        }
    }

    /// How an effect fails that begins at `now`, if it does.
    pub(crate) fn fault(&self, dice: &Dice, site: Site, now: i64) -> Option<Fault> {
        let is_out =
            |outage: &&Outage| outage.site == site && (outage.from..outage.until).contains(&now);
        if self.outages.iter().any(|outage| is_out(&outage)) {
            return Some(*dice.pick(&[Fault::Before, Fault::TimeOut, Fault::Limited]));
        }
        let rate = self.faults.get(&site).copied().unwrap_or_default();
        (rate > 0 && dice.chance(rate)).then(|| {
            *dice.pick(&[
                Fault::Before,
                Fault::Despite,
                Fault::TimeOut,
                Fault::LateDespite,
                Fault::Limited,
            ])
        })
    }

    /// How a read of an object comes back wrong, if it does.
    pub(crate) fn corruption(&self, dice: &Dice) -> Option<Fault> {
        (self.corruption > 0 && dice.chance(self.corruption))
            .then(|| *dice.pick(&[Fault::Truncated, Fault::Flipped]))
    }
}
