//! The effects that the exporter has.

use shared::message::{Event, ExportMessage};
use shared::ports::{Clock, Database, Memory, ObjectStore, Queue, Random, Sources};

/// The adapters behind the exporter, as one type parameter of everything that handles a message.
pub trait Ports {
    /// The databases that are backed up.
    type Sources: Sources;
    /// The catalogue.
    type Catalogue: Database;
    /// The bucket for the dumps.
    type Bucket: ObjectStore;
    /// The queue that the janitor consumes.
    type Events: Queue<Event>;
    /// The exporter's own queue: a message that came too early goes to its end.
    type Exports: Queue<ExportMessage>;
    /// The time.
    type Clock: Clock;
    /// Tokens of leases, and times of retries.
    type Random: Random;
    /// How much memory this takes.
    type Memory: Memory;

    /// The databases that are backed up.
    fn sources(&self) -> &Self::Sources;
    /// The catalogue.
    fn catalogue(&self) -> &Self::Catalogue;
    /// The bucket for the dumps.
    fn bucket(&self) -> &Self::Bucket;
    /// The queue that the janitor consumes.
    fn events(&self) -> &Self::Events;
    /// The exporter's own queue: a message that came too early goes to its end.
    fn exports(&self) -> &Self::Exports;
    /// The time.
    fn clock(&self) -> &Self::Clock;
    /// Tokens of leases, and times of retries.
    fn random(&self) -> &Self::Random;
    /// How much memory this takes.
    fn memory(&self) -> &Self::Memory;
}

/// The adapters side by side.
#[derive(Debug)]
pub struct System<S, C, B, E, X, K, R, M> {
    /// The databases that are backed up.
    pub sources: S,
    /// The catalogue.
    pub catalogue: C,
    /// The bucket for the dumps.
    pub bucket: B,
    /// The queue that the janitor consumes.
    pub events: E,
    /// The exporter's own queue: a message that came too early goes to its end.
    pub exports: X,
    /// The time.
    pub clock: K,
    /// Tokens of leases, and times of retries.
    pub random: R,
    /// How much memory this takes.
    pub memory: M,
}

impl<S, C, B, E, X, K, R, M> Ports for System<S, C, B, E, X, K, R, M>
where
    S: Sources,
    C: Database,
    B: ObjectStore,
    E: Queue<Event>,
    X: Queue<ExportMessage>,
    K: Clock,
    R: Random,
    M: Memory,
{
    type Sources = S;
    type Catalogue = C;
    type Bucket = B;
    type Events = E;
    type Exports = X;
    type Clock = K;
    type Random = R;
    type Memory = M;

    fn sources(&self) -> &S {
        &self.sources
    }
    fn catalogue(&self) -> &C {
        &self.catalogue
    }
    fn bucket(&self) -> &B {
        &self.bucket
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn exports(&self) -> &X {
        &self.exports
    }
    fn clock(&self) -> &K {
        &self.clock
    }
    fn random(&self) -> &R {
        &self.random
    }
    fn memory(&self) -> &M {
        &self.memory
    }
}
