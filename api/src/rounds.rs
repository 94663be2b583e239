//! A cron can stop silently, so whoever calls looks whether the janitor has made its round.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use shared::catalogue::alarms::ask_for_round;
use shared::message::Event;
use shared::ports::{Clock, DatabaseError, Queue, QueueError};

use crate::auth::OPEN;
use crate::ports::Ports;
use crate::problem::Cause;
use crate::state::App;

/// The janitor goes round every hour: twice that is silence.
const SILENCE_SECONDS: i64 = 2 * 3600;
/// Nobody asks again before.
const PATIENCE_SECONDS: i64 = 3600;

/// The janitor could not be asked for a round.
#[derive(Debug, thiserror::Error)]
enum RoundsError {
    /// It may be that nobody asks for an hour.
    #[error("it is not known when the janitor made its last round")]
    Claim(#[source] DatabaseError),
    /// Nobody asks for an hour.
    #[error("the janitor was not asked for a round")]
    Ask(#[source] QueueError),
}

/// The middleware, behind the guard: a request without a token starts nothing.
///
/// 1. Answer. What follows does not change the answer; its failure is logged.
/// 2. Take it upon oneself to ask, by compare-and-set: of all requests of an hour one does, and none while the janitor makes
///    its rounds. A stop behind it has the next one ask an hour later.
/// 3. Ask. A round that is asked for twice finds nothing to do.
#[worker::send]
pub(crate) async fn watch<P: Ports>(
    State(app): State<App<P>>,
    request: Request,
    next: Next,
) -> Response {
    let is_open = OPEN.contains(&request.uri().path());
    let mut response = next.run(request).await;
    if is_open {
        return response;
    }
    if let Err(error) = ask(&app).await
        && response.extensions().get::<Cause>().is_none()
    {
        response.extensions_mut().insert(Cause {
            operation: "look whether the janitor makes its rounds",
            error: Arc::new(error),
        });
    }
    response
}

async fn ask<P: Ports>(app: &App<P>) -> Result<(), RoundsError> {
    let now = app.ports().clock().now();
    let claim = ask_for_round(
        now.plus_seconds(-SILENCE_SECONDS),
        now.plus_seconds(-PATIENCE_SECONDS),
        now,
    );
    let [claimed] = app.query([claim]).await.map_err(RoundsError::Claim)?;
    if claimed.changes == 0 {
        return Ok(());
    }
    let sent = app.ports().events().send(&[Event::Round]).await;
    sent.map_err(RoundsError::Ask)
}
