//! The effects that the exporter has.

use shared::message::{Event, ExportMessage};
use shared::ports::{Clock, Database, Isolate, ObjectStore, Queue, Random, Sources};

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
    /// What this runs in, and what it has taken of it.
    type Isolate: Isolate;

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
    /// What this runs in, and what it has taken of it.
    fn isolate(&self) -> &Self::Isolate;
}

/// The adapters side by side.
#[derive(Debug)]
pub struct System<S, C, B, E, X, K, R, I> {
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
    /// What this runs in, and what it has taken of it.
    pub isolate: I,
}

impl<S, C, B, E, X, K, R, I> Ports for System<S, C, B, E, X, K, R, I>
where
    S: Sources,
    C: Database,
    B: ObjectStore,
    E: Queue<Event>,
    X: Queue<ExportMessage>,
    K: Clock,
    R: Random,
    I: Isolate,
{
    type Sources = S;
    type Catalogue = C;
    type Bucket = B;
    type Events = E;
    type Exports = X;
    type Clock = K;
    type Random = R;
    type Isolate = I;

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
    fn isolate(&self) -> &I {
        &self.isolate
    }
}
