//! Time and turns: one thing happens at a time, and the dice say which.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use shared::ports::{Clock, Pause, Random};
use shared::time::Timestamp;

use crate::faults::{Fault, Site, Weather};
use crate::report::Figures;
use crate::rng::Dice;
use crate::trace::Trace;

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise.
    pub invariant: &'static str,
    /// What was found instead.
    pub detail: String,
}

/// What all parts of a run share.
#[derive(Debug)]
pub(crate) struct Sim {
    /// Every decision.
    pub(crate) dice: Dice,
    /// What happened.
    pub(crate) trace: Trace,
    /// How often what happened.
    pub(crate) figures: RefCell<Figures>,
    /// What goes wrong.
    pub(crate) weather: RefCell<Weather>,
    now: Cell<i64>,
    /// When the task that is being polled wants to go on.
    wake: Cell<i64>,
    violation: RefCell<Option<Violation>>,
}

impl Sim {
    /// A run of these dice that begins at `now`.
    pub(crate) fn new(dice: Dice, now: Timestamp, trace: Trace) -> Rc<Self> {
        Rc::new(Self {
            dice,
            trace,
            figures: RefCell::default(),
            weather: RefCell::new(Weather::clear()),
            now: Cell::new(now.millis()),
            wake: Cell::new(i64::MAX),
            violation: RefCell::new(None),
        })
    }

    /// The present moment, in milliseconds.
    pub(crate) fn millis(&self) -> i64 {
        self.now.get()
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get())
    }

    /// Moves the clock forward; never back.
    pub(crate) fn move_to(&self, millis: i64) {
        self.now.set(self.now.get().max(millis));
    }

    /// Notes what happened.
    pub(crate) fn note(&self, what: &str, more: impl FnOnce() -> String) {
        self.trace.add(self.now(), what, more);
    }

    /// Notes the first promise that is broken: what follows from it is of less interest.
    pub(crate) fn violate(&self, invariant: &'static str, detail: impl FnOnce() -> String) {
        let mut violation = self.violation.borrow_mut();
        if violation.is_none() {
            let detail = detail();
            self.note("VIOLATION", || format!("{invariant}: {detail}"));
            *violation = Some(Violation { invariant, detail });
        }
    }

    /// The promise that was broken.
    pub(crate) fn violation(&self) -> Option<Violation> {
        self.violation.borrow().clone()
    }

    /// Begins to poll a task.
    pub(crate) fn begin_poll(&self) {
        self.wake.set(i64::MAX);
    }

    /// When the task that was polled wants to go on.
    pub(crate) fn wake(&self) -> i64 {
        self.wake.get()
    }

    /// Lets others go on for so long at least.
    pub(crate) async fn sleep(&self, millis: i64) {
        let until = self.now.get().saturating_add(millis);
        let mut was_polled = false;
        poll_fn(|_| {
            if was_polled && self.now.get() >= until {
                return Poll::Ready(());
            }
            was_polled = true;
            self.wake.set(self.wake.get().min(until));
            Poll::Pending
        })
        .await;
    }

    /// How long a part of an effect takes.
    fn latency(&self) -> i64 {
        let dice = &self.dice;
        if dice.chance(self.weather.borrow().slow) {
            let longest = *dice.pick(&[5_000, 60_000, 1_200_000]);
            return dice.between(1_000, longest);
        }
        match dice.below(10) {
            0..6 => 0,
            6..9 => dice.between(1, 40),
            _ => dice.between(40, 600),
        }
    }

    /// The turn before an effect, and how the effect is to fail.
    pub(crate) async fn begin(&self, site: Site) -> Option<Fault> {
        self.sleep(self.latency()).await;
        let fault = self.weather.borrow().fault(&self.dice, site, self.millis());
        if matches!(fault, Some(Fault::TimeOut | Fault::LateDespite)) {
            self.sleep(30_000).await;
        }
        let mut figures = self.figures.borrow_mut();
        figures.effects += 1;
        if let Some(fault) = fault {
            *figures.faults.entry(fault).or_default() += 1;
        }
        fault
    }

    /// Notes a read that comes back wrong.
    pub(crate) fn corruption(&self) -> Option<Fault> {
        let fault = self.weather.borrow().corruption(&self.dice)?;
        *self.figures.borrow_mut().faults.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// Notes an effect that was made or not, and gives the others a turn before its answer arrives.
    pub(crate) async fn end(
        &self,
        site: Site,
        operation: &'static str,
        fault: Option<Fault>,
        more: impl FnOnce() -> String,
    ) {
        self.note(operation, || {
            let fault = fault.map(|fault| format!(" [{}]", fault.name()));
            format!("{} {}{}", site.name(), more(), fault.unwrap_or_default())
        });
        self.sleep(self.latency()).await;
    }
}

/// The clock of a run, on which a pause is a pause.
#[derive(Debug, Clone)]
pub(crate) struct SimClock(pub Rc<Sim>);

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

impl Pause for SimClock {
    async fn pause(&self, seconds: u32) {
        self.0.sleep(i64::from(seconds) * 1000).await;
    }
}

/// What a Worker draws.
#[derive(Debug, Clone)]
pub(crate) struct SimRandom(pub Rc<Sim>);

impl Random for SimRandom {
    fn number(&self) -> u64 {
        self.0.dice.number()
    }

    fn token(&self) -> String {
        format!("{:016x}", self.0.dice.number())
    }
}
