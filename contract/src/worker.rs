//! The Worker that runs the contracts against D1, R2, a queue, and what else the runtime has.
//!
//! It consumes its own queue and keeps every delivery as a row, so that what was sent can be compared with what came.

mod deliveries;

use serde::Serialize;
use shared::cloudflare::{
    CfLimiter, CfQueue, D1, EnvSources, Internet, R2, SystemClock, SystemRandom, ThisIsolate,
};
use worker::{Context, Env, Request, Response, event};

pub use self::deliveries::consume;

use self::deliveries::{ConsumedQueue, Deliveries};
use crate::queue::Message;
use crate::{
    Verdict, clock, database, isolate, limiter, objects, queue, random, sources, webhooks,
};

/// The binding of the D1 database.
const DATABASE: &str = sources::BOUND;
/// The binding of the bucket.
const BUCKET: &str = "BUCKET";
/// The binding of the limiter.
const LIMITER: &str = "LIMITER";
/// The binding of the queue.
const QUEUE: &str = "QUEUE";

/// What became of one contract.
#[derive(Debug, Serialize)]
struct Outcome {
    name: &'static str,
    error: Option<String>,
}

impl Outcome {
    fn new(name: &'static str, verdict: Verdict) -> Self {
        Self {
            name,
            error: verdict.err(),
        }
    }
}

/// `GET /run?port=…` runs the contracts of a port; `GET /deliveries?count=…` answers what the queue delivered beside
/// them, once that many have come.
#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> worker::Result<Response> {
    let url = request.url()?;
    let parameter = |name: &str| {
        url.query_pairs()
            .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
            .unwrap_or_default()
    };
    match url.path() {
        "/run" => match run(&parameter("port"), &env).await? {
            Some(outcomes) => Response::from_json(&outcomes),
            None => Response::error("there is no such port", 404),
        },
        "/deliveries" => {
            let count = parameter("count").parse().unwrap_or_default();
            let deliveries = Deliveries::in_database(env.d1(DATABASE)?);
            let found = deliveries.of(None, count).await;
            Response::from_json(&found.map_err(worker::Error::RustError)?)
        }
        _ => Response::error("there is nothing here", 404),
    }
}

/// Runs every contract of a port; `None` when there is no such port.
async fn run(port: &str, env: &Env) -> worker::Result<Option<Vec<Outcome>>> {
    // One after the other: they share what they run on.
    macro_rules! all {
        ($port:ident, $adapter:expr) => {{
            let adapter = $adapter;
            let mut outcomes = Vec::new();
            for name in $port::NAMES {
                outcomes.push(Outcome::new(name, $port::run(name, &adapter).await));
            }
            outcomes
        }};
    }
    Ok(Some(match port {
        "database" => {
            // After a session workerd has a table of its own in the database, as D1 may have at any time.
            let session = env.d1(DATABASE)?.with_session(None)?;
            session.prepare("SELECT 1").run().await?;
            all!(database, D1::from(env.d1(DATABASE)?))
        }
        "objects" => all!(objects, R2::from(env.bucket(BUCKET)?)),
        "queue" => all!(
            queue,
            ConsumedQueue {
                queue: CfQueue::<Message>::from(env.queue(QUEUE)?),
                deliveries: Deliveries::in_database(env.d1(DATABASE)?),
            }
        ),
        "clock" => all!(clock, SystemClock),
        "random" => all!(random, SystemRandom),
        "limiter" => all!(limiter, CfLimiter::from(env.rate_limiter(LIMITER)?)),
        "isolate" => all!(isolate, ThisIsolate),
        "sources" => all!(sources, EnvSources::new(env)),
        "webhooks" => all!(webhooks, Internet),
        _ => return Ok(None),
    }))
}
