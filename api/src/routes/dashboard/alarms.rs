//! `/dashboard/alarms`: alarms and deliveries, and a test of the channels.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use shared::catalogue::alarms::{self, AlarmRow};
use shared::catalogue::outbox::{self, DeliveryView};

use super::{answer, done, viewer};
use crate::auth::Actor;
use crate::page::alarms::page;
use crate::page::notice::Notice;
use crate::ports::Ports;
use crate::problem::Problem;
use crate::routes::alerts;
use crate::state::App;

/// Alarms that are over, and deliveries, on a page.
const RECENT: u32 = 50;

/// Reads the catalogue at one instant.
#[worker::send]
pub(crate) async fn alarms<P: Ports>(
    State(app): State<App<P>>,
    Extension(actor): Extension<Actor>,
    uri: Uri,
) -> Result<Response, Problem> {
    let (viewer, _) = viewer(&app, actor, &uri, &[])?;
    let [open, recent, deliveries] = app
        .query([
            alarms::open(),
            alarms::recent(RECENT),
            outbox::recent(RECENT),
        ])
        .await?;
    let open: Vec<AlarmRow> = open.read()?;
    let recent: Vec<AlarmRow> = recent.read()?;
    let deliveries: Vec<DeliveryView> = deliveries.read()?;
    let page = page(&open, &recent, &deliveries, &viewer);
    Ok(answer(&page, &viewer))
}

/// Asks for a test, as `POST /alerts/test` does.
#[worker::send]
pub(crate) async fn test<P: Ports>(app: State<App<P>>) -> Result<Response, Problem> {
    alerts::test(app, HeaderMap::new()).await?;
    Ok(done("/dashboard/alarms", Notice::TestSent))
}
