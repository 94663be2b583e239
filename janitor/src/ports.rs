//! The effects that the janitor has.

use shared::message::{Event, ExportMessage};
use shared::notice::channels::Settings;
use shared::ports::{Clock, Database, Drills, ObjectStore, Queue, Webhooks};

/// The adapters behind the janitor, as one type parameter of its entries.
pub trait Ports {
    /// The catalogue.
    type Catalogue: Database;
    /// The bucket with the dumps.
    type Bucket: ObjectStore;
    /// The queue that the exporter consumes.
    type Exports: Queue<ExportMessage>;
    /// The janitor's own queue: what takes several invocations goes on by it.
    type Events: Queue<Event>;
    /// The time.
    type Clock: Clock;
    /// Servers that are told something.
    type Webhooks: Webhooks;
    /// What runs restore drills.
    type Drills: Drills;

    /// The catalogue.
    fn catalogue(&self) -> &Self::Catalogue;
    /// The bucket with the dumps.
    fn bucket(&self) -> &Self::Bucket;
    /// The queue that the exporter consumes.
    fn exports(&self) -> &Self::Exports;
    /// The janitor's own queue: what takes several invocations goes on by it.
    fn events(&self) -> &Self::Events;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// Servers that are told something.
    fn webhooks(&self) -> &Self::Webhooks;
    /// What runs restore drills.
    fn drills(&self) -> &Self::Drills;
    /// Who is told, as far as the deployment says.
    fn settings(&self) -> &Settings;
}

/// The adapters side by side.
#[derive(Debug)]
pub struct System<C, B, X, E, K, W, D> {
    /// The catalogue.
    pub catalogue: C,
    /// The bucket with the dumps.
    pub bucket: B,
    /// The queue that the exporter consumes.
    pub exports: X,
    /// The janitor's own queue: what takes several invocations goes on by it.
    pub events: E,
    /// The time.
    pub clock: K,
    /// Servers that are told something.
    pub webhooks: W,
    /// What runs restore drills.
    pub drills: D,
    /// Who is told, as far as the deployment says.
    pub settings: Settings,
}

impl<C, B, X, E, K, W, D> Ports for System<C, B, X, E, K, W, D>
where
    C: Database,
    B: ObjectStore,
    X: Queue<ExportMessage>,
    E: Queue<Event>,
    K: Clock,
    W: Webhooks,
    D: Drills,
{
    type Catalogue = C;
    type Bucket = B;
    type Exports = X;
    type Events = E;
    type Clock = K;
    type Webhooks = W;
    type Drills = D;

    fn catalogue(&self) -> &C {
        &self.catalogue
    }
    fn bucket(&self) -> &B {
        &self.bucket
    }
    fn exports(&self) -> &X {
        &self.exports
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn clock(&self) -> &K {
        &self.clock
    }
    fn webhooks(&self) -> &W {
        &self.webhooks
    }
    fn drills(&self) -> &D {
        &self.drills
    }
    fn settings(&self) -> &Settings {
        &self.settings
    }
}
