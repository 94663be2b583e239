//! The Durable Object in which a dump is restored: one for each dump, named after its key, and empty again at the end.

use shared::cloudflare::{
    BindingError, D1, DurableEngine, R2, SystemClock, bucket, catalogue, report,
};
use shared::ports::DatabaseError;
use worker::{DurableObject, Env, Method, Request, Response, State, durable_object};

use crate::drills::{DrillRunError, Next, run_slice};

/// The most of its dump's text is restored in the slices of an alarm: then the next one begins.
const BUDGET_MS: i64 = 10_000;
/// How soon a slice is tried again that could not even begin.
const RETRY_SECONDS: u32 = 60;
/// What is kept beside the drill's state: the key of the dump.
const KEY: &str = "key";

/// A drill of one dump.
#[durable_object(alarm)]
#[derive(Debug)]
pub struct Drill {
    state: State,
    env: Env,
}

/// Nothing became of a slice.
#[derive(Debug, thiserror::Error)]
enum SliceError {
    /// A binding is missing.
    #[error(transparent)]
    Binding(#[from] BindingError),
    /// The object's own storage did not answer.
    #[error("the drill's own storage did not answer")]
    Storage(#[from] DatabaseError),
    /// The drill did not go on, which it does later.
    #[error(transparent)]
    Run(#[from] DrillRunError),
}

impl SliceError {
    /// When the next slice may be tried.
    const fn after_seconds(&self) -> u32 {
        match self {
            Self::Binding(_) | Self::Storage(_) => RETRY_SECONDS,
            Self::Run(error) => error.after_seconds(),
        }
    }
}

impl DurableObject for Drill {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    /// Has the drill begin or go on.
    ///
    /// 1. Forget what a drill before has left, which stopped between its end and forgetting. No alarm is set then.
    /// 2. Keep the key, which is the same however often it comes.
    /// 3. Set the alarm. One that is set is moved to now: a slice begins at the state that is kept, so one more changes
    ///    nothing. This and 2 are one transaction, as nothing is waited for in between.
    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if request.method() != Method::Post {
            return Response::error("a drill is started by POST", 405);
        }
        let key = request.text().await?;
        let storage = self.state.storage();
        if storage.get_alarm().await?.is_none() {
            storage.delete_all().await?;
        }
        if let Err(error) = DurableEngine::from(&storage).keep(KEY, &key) {
            report("begin a drill", &error);
            return Response::error("the key was not kept", 500);
        }
        storage.set_alarm(0_i64).await?;
        Response::ok("")
    }

    /// Does a slice.
    ///
    /// 1. Set the next alarm before anything else: a slice that the platform ends is done again from where it came to.
    /// 2. Do the slice; see [`run_slice`].
    /// 3. When the drill is over, forget everything, the alarm too. A stop before leaves an alarm, whose slice finds the drill
    ///    ended and forgets then.
    async fn alarm(&self) -> worker::Result<Response> {
        let storage = self.state.storage();
        storage.set_alarm(i64::from(RETRY_SECONDS) * 1000).await?;
        match self.slice().await {
            Ok(Next::Continue) => storage.set_alarm(0_i64).await?,
            Ok(Next::Again { after_seconds }) => {
                storage.set_alarm(i64::from(after_seconds) * 1000).await?;
            }
            Ok(Next::Done) => {
                storage.delete_alarm().await?;
                storage.delete_all().await?;
            }
            Err(error) => {
                report("restore a dump for proof", &error);
                let seconds = error.after_seconds();
                storage.set_alarm(i64::from(seconds) * 1000).await?;
            }
        }
        Response::ok("")
    }
}

impl Drill {
    async fn slice(&self) -> Result<Next, SliceError> {
        let engine = DurableEngine::from(&self.state.storage());
        let Some(key) = engine.get(KEY)? else {
            return Ok(Next::Done);
        };
        let (catalogue, bucket): (D1, R2) = (catalogue(&self.env)?, bucket(&self.env)?);
        Ok(run_slice(&engine, &catalogue, &bucket, &SystemClock, &key, BUDGET_MS).await?)
    }
}
