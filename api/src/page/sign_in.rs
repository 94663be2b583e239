//! The page on which a browser gets its session.

use maud::{Markup, html};

use super::document;
use crate::auth::SIGN_IN;

/// The form, with the reason why the last attempt was refused.
pub(crate) fn render(reason: Option<&str>) -> Markup {
    document(
        "Sign in",
        html! {
            main class="narrow" {
                h1 { "Cache" }
                @if let Some(reason) = reason {
                    p class="state bad" role="alert" { (reason) }
                }
                form method="post" action=(SIGN_IN) {
                    label for="token" { "Token" }
                    input id="token" name="token" type="password" autocomplete="current-password" required autofocus;
                    button type="submit" { "Sign in" }
                }
                p class="quiet" { "The token that Cache was deployed with: `API_TOKEN`, or `READ_TOKEN` to look only." }
            }
        },
    )
}
