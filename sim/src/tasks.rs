//! What is under way: invocations of the Workers, each a future that is polled when its turn comes.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use shared::delivery::{Fate, Received};
use shared::time::Timestamp;

use crate::adapters::{Line, Message, SimEngine};
use crate::calls::{Answer, Call};
use crate::scheduler::SimClock;
use crate::world::World;

/// What an invocation is for.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Messages of a queue, with what was said of each so far.
    Messages {
        /// The queue.
        line: Rc<Line>,
        /// They.
        messages: Vec<Message>,
        /// What becomes of them, as far as is known.
        fates: Rc<RefCell<Vec<Fate>>>,
    },
    /// A tick of the producer's cron.
    Tick,
    /// A round of the janitor's cron.
    Round,
    /// A slice of a drill.
    Drill {
        /// The dump's key.
        key: String,
        /// What comes after it.
        next: Rc<RefCell<Option<AfterSlice>>>,
    },
    /// A request to the api.
    Call {
        /// It.
        call: Call,
        /// The answer.
        answer: Rc<RefCell<Option<Answer>>>,
    },
}

/// What comes after a slice of a drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterSlice {
    /// The next one, so many seconds later.
    In(u32),
    /// Nothing.
    Done,
}

/// An invocation.
pub(crate) struct Task {
    /// What for.
    pub(crate) kind: Kind,
    /// Its name in the trace.
    pub(crate) name: String,
    /// What it does.
    pub(crate) future: Pin<Box<dyn Future<Output = ()>>>,
    /// When it wants to go on.
    pub(crate) wake: i64,
    /// When the platform ends it, whatever it does.
    pub(crate) ends: i64,
}

/// How long the platform lets an invocation live: <https://developers.cloudflare.com/workers/platform/limits/#duration>
const LONGEST_LIFE: i64 = 15 * 60 * 1000;
/// The slices of a drill's alarm, in milliseconds.
const DRILL_BUDGET_MS: i64 = 10_000;

impl World {
    fn task(&self, kind: Kind, name: String, future: impl Future<Output = ()> + 'static) -> Task {
        let now = self.sim.millis();
        self.sim.note("begin", || name.clone());
        Task {
            kind,
            name,
            future: Box::pin(future),
            wake: now,
            ends: now + LONGEST_LIFE,
        }
    }

    /// The exporter is given a message.
    pub(crate) fn export(&self, message: Message) -> Task {
        let fates = Rc::new(RefCell::new(Vec::new()));
        let name = format!("export {} {}", message.id, message.body);
        let (ports, settings) = (Rc::clone(&self.exporter), Rc::clone(&self.settings));
        let (sim, told, delivered) = (Rc::clone(&self.sim), Rc::clone(&fates), message.clone());
        let future = async move {
            let exported = exporter::export(&*ports, &settings, received(&delivered)).await;
            for failure in &exported.failures {
                sim.note("log", || chain(failure));
            }
            told.borrow_mut().push(exported.fate);
        };
        let kind = Kind::Messages {
            line: Rc::clone(&self.exports),
            messages: vec![message],
            fates,
        };
        self.task(kind, name, future)
    }

    /// The janitor is given messages of a queue.
    pub(crate) fn collect(&self, line: &Rc<Line>, messages: Vec<Message>) -> Task {
        let fates = Rc::new(RefCell::new(Vec::new()));
        let bodies: Vec<_> = messages.iter().map(|it| it.body.as_str()).collect();
        let name = format!("janitor {} {}", line.name, bodies.join(" "));
        let (ports, registry) = (Rc::clone(&self.janitor), Rc::clone(&self.registry));
        let (sim, told, queue) = (Rc::clone(&self.sim), Rc::clone(&fates), line.name);
        let delivered = messages.clone();
        let future = async move {
            for message in &delivered {
                let processed =
                    janitor::process_message(&*ports, &registry, queue, received(message)).await;
                let fate = match processed {
                    Ok(processed) => {
                        for failure in &processed.failures {
                            sim.note("log", || chain(failure));
                        }
                        processed.fate
                    }
                    Err(error) => {
                        sim.note("log", || chain(&error));
                        error.fate()
                    }
                };
                told.borrow_mut().push(fate);
            }
        };
        let kind = Kind::Messages {
            line: Rc::clone(line),
            messages,
            fates,
        };
        self.task(kind, name, future)
    }

    /// The producer's cron fires.
    pub(crate) fn tick(&self, scheduled: Timestamp) -> Task {
        let exporter = Rc::clone(&self.exporter);
        let registry = Rc::clone(&self.registry);
        let sim = Rc::clone(&self.sim);
        let future = async move {
            let clock = SimClock(Rc::clone(&sim));
            let (catalogue, exports) = (&exporter.catalogue, &exporter.exports);
            let ticked = producer::tick(catalogue, exports, &clock, &registry, scheduled).await;
            if let Err(error) = ticked {
                sim.note("log", || chain(&error));
            }
        };
        let name = format!("tick of {}", scheduled.rfc3339());
        self.task(Kind::Tick, name, future)
    }

    /// The janitor's cron fires.
    pub(crate) fn round(&self) -> Task {
        let (ports, registry) = (Rc::clone(&self.janitor), Rc::clone(&self.registry));
        let sim = Rc::clone(&self.sim);
        let future = async move {
            let round = janitor::round(&*ports, &registry).await;
            for failure in &round.failures {
                sim.note("log", || chain(failure));
            }
            sim.note("made", || format!("{:?}", round.report));
        };
        self.sim.figures.borrow_mut().rounds += 1;
        self.task(Kind::Round, "round".to_owned(), future)
    }

    /// The alarm of a drill rings: what `alarm` in `janitor/src/drill_object.rs` does. `None` when it is busy, or gone.
    pub(crate) fn drill(&self, key: &str) -> Option<Task> {
        const RETRY_MS: i64 = 60_000;
        let object = self.drills.borrow().get(key).cloned();
        let object = object.filter(|object| !object.is_busy.get())?;
        object.is_busy.set(true);
        object.alarm.set(Some(self.sim.millis() + RETRY_MS));
        let engine = SimEngine {
            sim: Rc::clone(&self.sim),
            inner: Rc::clone(&object.engine.borrow()),
        };
        let ports = Rc::clone(&self.janitor);
        let (sim, next) = (Rc::clone(&self.sim), Rc::new(RefCell::new(None)));
        let (told, dump) = (Rc::clone(&next), key.to_owned());
        let future = async move {
            let (catalogue, bucket, clock) = (&ports.catalogue, &ports.bucket, &ports.clock);
            let slice =
                janitor::run_slice(&engine, catalogue, bucket, clock, &dump, DRILL_BUDGET_MS);
            *told.borrow_mut() = Some(match slice.await {
                Ok(janitor::Next::Continue) => AfterSlice::In(0),
                Ok(janitor::Next::Again { after_seconds }) => AfterSlice::In(after_seconds),
                Ok(janitor::Next::Done) => AfterSlice::Done,
                Err(error) => {
                    sim.note("log", || chain(&error));
                    AfterSlice::In(error.after_seconds())
                }
            });
        };
        let kind = Kind::Drill {
            key: key.to_owned(),
            next,
        };
        Some(self.task(kind, format!("drill of {key}"), future))
    }

    /// Somebody calls the api.
    pub(crate) fn call(&self, call: Call) -> Task {
        let answer = Rc::new(RefCell::new(None));
        let (told, router, request) = (Rc::clone(&answer), self.api.clone(), call.request());
        let future = async move {
            *told.borrow_mut() = Some(Answer::of(router, request).await);
        };
        self.sim.figures.borrow_mut().requests += 1;
        let name = format!("call {call:?}");
        self.task(Kind::Call { call, answer }, name, future)
    }
}

fn received(message: &Message) -> Received<'_> {
    Received {
        id: &message.id,
        body: &message.body,
        attempts: Some(message.deliveries),
    }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    let causes: String = causes.map(|cause| format!(": {cause}")).collect();
    format!("{error}{causes}")
}
