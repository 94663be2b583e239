//! The effects that the api has, and the one trait that is its own: objects sent on as they are.

use axum::body::Body;
use shared::cloudflare::R2;
use shared::message::{Event, ExportMessage};
use shared::ports::{Clock, Database, ObjectStore, Queue, StoreError};
use worker::ResponseBody;

use crate::joined::joined;
pub use crate::representation::Piece;

/// The adapters behind the api, as one type parameter of everything that handles a request.
pub trait Ports: 'static {
    /// The catalogue.
    type Catalogue: Database;
    /// The queue that the exporter consumes.
    type Exports: Queue<ExportMessage>;
    /// The queue that the janitor consumes.
    type Events: Queue<Event>;
    /// The bucket with the dumps.
    type Bucket: DownloadStore;
    /// The time.
    type Clock: Clock;

    /// The catalogue.
    fn catalogue(&self) -> &Self::Catalogue;
    /// The queue that the exporter consumes.
    fn exports(&self) -> &Self::Exports;
    /// The queue that the janitor consumes.
    fn events(&self) -> &Self::Events;
    /// The bucket with the dumps.
    fn bucket(&self) -> &Self::Bucket;
    /// The time.
    fn clock(&self) -> &Self::Clock;
}

/// Four adapters side by side.
#[derive(Debug)]
pub struct System<C, Q, E, B, K> {
    /// The catalogue.
    pub catalogue: C,
    /// The queue that the exporter consumes.
    pub exports: Q,
    /// The queue that the janitor consumes.
    pub events: E,
    /// The bucket with the dumps.
    pub bucket: B,
    /// The time.
    pub clock: K,
}

impl<C, Q, E, B, K> Ports for System<C, Q, E, B, K>
where
    C: Database + 'static,
    Q: Queue<ExportMessage> + 'static,
    E: Queue<Event> + 'static,
    B: DownloadStore + 'static,
    K: Clock + 'static,
{
    type Catalogue = C;
    type Exports = Q;
    type Events = E;
    type Bucket = B;
    type Clock = K;

    fn catalogue(&self) -> &C {
        &self.catalogue
    }
    fn exports(&self) -> &Q {
        &self.exports
    }
    fn events(&self) -> &E {
        &self.events
    }
    fn bucket(&self) -> &B {
        &self.bucket
    }
    fn clock(&self) -> &K {
        &self.clock
    }
}

/// A bucket whose objects can be sent to a client without being held in memory.
#[allow(async_fn_in_trait)]
pub trait DownloadStore: ObjectStore {
    /// Opens these runs of bytes, one after the other, of which those that are stored are of this object; `None` when there
    /// is no object.
    async fn open(&self, key: &str, pieces: Vec<Piece>) -> Result<Option<Content>, StoreError>;
}

/// Bytes on their way to the client.
#[derive(Debug)]
pub enum Content {
    /// A stream of the runtime's own, which never enters WebAssembly.
    Runtime(ResponseBody),
    /// Anything that this program reads itself.
    Body(Body),
}

impl DownloadStore for R2 {
    async fn open(&self, key: &str, pieces: Vec<Piece>) -> Result<Option<Content>, StoreError> {
        let opened = match pieces.as_slice() {
            [Piece::Stored(range)] => self.stream(key, range.clone()).await?,
            _ => Some(joined(self.clone(), key.to_owned(), pieces)?),
        };
        Ok(opened.map(Content::Runtime))
    }
}
