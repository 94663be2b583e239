//! What every handler is given.

use std::sync::Arc;

use shared::ports::{Database, DatabaseError, Outcome, Statement};
use shared::registry::Registry;
use worker::send::SendWrapper;

use crate::auth::Tokens;
use crate::ports::Ports;

/// The registry and the adapters. Cheap to clone.
///
/// A Worker has one thread and its adapters hold JavaScript values, which are not `Send`; axum wants its state
/// to be. The wrapper is what the runtime's crate offers for that.
#[derive(Debug)]
pub(crate) struct App<P>(Arc<SendWrapper<Parts<P>>>);

#[derive(Debug)]
struct Parts<P> {
    ports: P,
    registry: Registry,
    tokens: Tokens,
}

impl<P> Clone for App<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Ports> App<P> {
    /// The state for these adapters.
    pub(crate) fn new(ports: P, registry: Registry, tokens: Tokens) -> Self {
        Self(Arc::new(SendWrapper::new(Parts {
            ports,
            registry,
            tokens,
        })))
    }

    /// The adapters.
    pub(crate) fn ports(&self) -> &P {
        &self.0.ports
    }

    /// The registry.
    pub(crate) fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The tokens that open the api.
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.0.tokens
    }

    /// The names of all databases, in the order of the registry.
    pub(crate) fn database_names(&self) -> Vec<String> {
        let databases = self.registry().databases.iter();
        databases.map(|database| database.name.clone()).collect()
    }

    /// Runs queries on the catalogue; all see one instant.
    pub(crate) async fn query<const N: usize>(
        &self,
        statements: [Statement; N],
    ) -> Result<[Outcome; N], DatabaseError> {
        self.ports().catalogue().run(statements).await
    }
}

/// The one row that an aggregate always answers with.
pub(crate) fn only<T: serde::de::DeserializeOwned>(outcome: Outcome) -> Result<T, DatabaseError> {
    outcome.first()?.ok_or_else(|| DatabaseError::Shape {
        message: "an aggregate without a row".to_owned(),
    })
}
