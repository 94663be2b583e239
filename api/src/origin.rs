//! Where the client reached this Worker, so that answers can give addresses that work for it.

use axum::http::header::HOST;
use axum::http::{HeaderMap, Uri};

/// The scheme and host of the request, without a slash at the end.
///
/// The runtime gives the whole address; a plain HTTP server gives the host in a header, and no scheme.
pub(crate) fn origin(uri: &Uri, headers: &HeaderMap) -> String {
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri
        .authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()))
        .unwrap_or("localhost");
    format!("{scheme}://{host}")
}
