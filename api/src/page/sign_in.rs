//! The page on which a browser gets its session.

use maud::{Markup, html};

use super::document;
use super::state::Tone;
use crate::auth::SIGN_IN;

/// The form, with the reason why the last attempt was refused, and the page that it leads to.
pub(crate) fn render(reason: Option<&str>, next: Option<&str>) -> Markup {
    document(
        "Sign in",
        Tone::Good,
        html! {
            main class="narrow" {
                h1 { (super::logo()) "Cache" }
                @if let Some(reason) = reason {
                    p class="state bad" role="alert" { (super::mark(Tone::Bad)) " " (reason) }
                }
                form method="post" action=(SIGN_IN) {
                    @if let Some(next) = next { input type="hidden" name="next" value=(next); }
                    label for="token" { "Token" }
                    input id="token" name="token" type="password" autocomplete="current-password" required autofocus;
                    button type="submit" class="main" { "Sign in" }
                }
                p class="quiet" {
                    "The token that Cache was deployed with: " code { "API_TOKEN" } ", or " code { "READ_TOKEN" } " to look only."
                }
            }
        },
    )
}
