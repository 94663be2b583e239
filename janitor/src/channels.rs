//! The channels, of the deployment and of the catalogue.

use shared::catalogue::outbox::{self, Configured};
use shared::notice::channels::Channels;
use shared::ports::{Database, DatabaseError, Outcome};

use crate::ports::Ports;

/// The channels as they are now.
pub(crate) async fn channels<P: Ports>(ports: &P) -> Result<Channels, DatabaseError> {
    let [rows] = ports.catalogue().run([outbox::configured()]).await?;
    channels_of(ports, rows)
}

/// The same, of rows that were read together with something else.
pub(crate) fn channels_of<P: Ports>(ports: &P, rows: Outcome) -> Result<Channels, DatabaseError> {
    let rows: Vec<Configured> = rows.read()?;
    Ok(Channels::new(ports.settings(), &rows))
}
