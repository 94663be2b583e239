//! `/dashboard`: the pages and their forms, as a browser asks for them.

mod access;
mod alarms;
mod audit;
mod backups;
mod databases;
mod dead_letters;
mod jobs;
mod overview;
mod trigger;

use axum::http::Method;

use crate::server::{Answer, READ_TOKEN, Server, TOKEN};

/// What a browser says that it takes.
const ACCEPT: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// A browser that is signed in.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    cookie: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn admin(server: &'a Server) -> Self {
        Self::signed_in(server, TOKEN)
    }

    pub(crate) fn reader(server: &'a Server) -> Self {
        Self::signed_in(server, READ_TOKEN)
    }

    fn signed_in(server: &'a Server, token: &str) -> Self {
        let form = format!("token={}", token.replace(' ', "+"));
        let answer = server.ask(Method::POST, "/sign-in", &form_headers(None), &form);
        let (cookie, _) = answer.header("set-cookie").split_once(';').unwrap();
        Self {
            server,
            cookie: cookie.to_owned(),
        }
    }

    pub(crate) fn open(&self, path: &str) -> Answer {
        let headers = [
            ("cookie", self.cookie.clone()),
            (ACCEPT.0, ACCEPT.1.to_owned()),
        ];
        self.server.ask(Method::GET, path, &headers, "")
    }

    /// The page's text.
    #[track_caller]
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self.open(path);
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.logged);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        answer.text()
    }

    /// Sends a form of a page.
    pub(crate) fn send(&self, path: &str, form: &str) -> Answer {
        let headers = form_headers(Some(&self.cookie));
        self.server.ask(Method::POST, path, &headers, form)
    }

    /// Sends one that leads on; where to.
    #[track_caller]
    pub(crate) fn sent(&self, path: &str, form: &str) -> String {
        let answer = self.send(path, form);
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").to_owned()
    }
}

fn form_headers(cookie: Option<&str>) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (ACCEPT.0, ACCEPT.1.to_owned()),
        (
            "content-type",
            "application/x-www-form-urlencoded".to_owned(),
        ),
        ("sec-fetch-site", "same-origin".to_owned()),
    ];
    headers.extend(cookie.map(|cookie| ("cookie", cookie.to_owned())));
    headers
}

/// The text of the page's title.
fn title(page: &str) -> &str {
    let (_, rest) = page.split_once("<title>").unwrap();
    rest.split_once(" · Cache</title>").unwrap().0
}
