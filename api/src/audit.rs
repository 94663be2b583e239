//! The audit log: every change and every download, written before it is done.

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use shared::catalogue::audit::{self, Act, Inserted};
use shared::ports::{Clock, DatabaseError};

use crate::auth::{Name, address, needs_admin, unsigned};
use crate::ports::Ports;
use crate::problem::{Cause, Problem};
use crate::state::App;

/// The longest path that is kept whole, in characters.
const LONGEST_PATH: usize = 500;

/// The middleware.
///
/// 1. Record what is asked for. Nothing has happened; when it cannot be recorded, nothing will. Its answer may be lost: then
///    there is an entry without an end for something that was not done.
/// 2. Do it.
/// 3. Record how it ended. When that fails it is logged, and the entry stays without an end.
#[worker::send]
pub(crate) async fn record<P: Ports>(
    State(app): State<App<P>>,
    name: Option<Extension<Name>>,
    request: Request,
    next: Next,
) -> Response {
    let (method, uri) = (request.method(), request.uri());
    // What the guard let through without asking changes nothing.
    let Some(Extension(Name(name))) = name.filter(|_| needs_admin(method, uri.path())) else {
        return next.run(request).await;
    };
    let path = uri
        .path_and_query()
        .map_or(uri.path(), |path| path.as_str());
    // Whoever reads the log could follow a link that is in it.
    let path = unsigned(path).unwrap_or(path);
    let path: String = path.chars().take(LONGEST_PATH).collect();
    let act = Act {
        actor: &name,
        address: address(request.headers()),
        method: method.as_str(),
        path: &path,
    };
    let id = match begin(&app, &act).await {
        Ok(id) => id,
        Err(error) => return Problem::from(error).into_response(),
    };
    let mut response = next.run(request).await;
    let end = audit::end(id, response.status().as_u16());
    if let Err(error) = app.query([end]).await
        && response.extensions().get::<Cause>().is_none()
    {
        response.extensions_mut().insert(Cause {
            operation: "record how a change ended",
            error: std::sync::Arc::new(error),
        });
    }
    response
}

async fn begin<P: Ports>(app: &App<P>, act: &Act<'_>) -> Result<i64, DatabaseError> {
    let begin = audit::begin(act, app.ports().clock().now());
    let [inserted] = app.query([begin]).await?;
    let inserted: Option<Inserted> = inserted.first()?;
    let missing = || DatabaseError::Shape {
        message: "an insertion without its row".to_owned(),
    };
    inserted.map(|row| row.id).ok_or_else(missing)
}
