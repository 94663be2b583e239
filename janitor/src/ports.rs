//! The effects that the janitor has.

use shared::message::{Event, ExportMessage};
use shared::ports::{Clock, Database, ObjectStore, Queue};

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
}

/// The adapters side by side.
#[derive(Debug)]
pub struct System<C, B, X, E, K> {
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
}

impl<C, B, X, E, K> Ports for System<C, B, X, E, K>
where
    C: Database,
    B: ObjectStore,
    X: Queue<ExportMessage>,
    E: Queue<Event>,
    K: Clock,
{
    type Catalogue = C;
    type Bucket = B;
    type Exports = X;
    type Events = E;
    type Clock = K;

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
}
