//! A run: one step after the other, first in foul weather and then in fair, until all is at rest.

use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use shared::delivery::Fate;
use shared::time::Timestamp;

use crate::adapters::{Line, Message};
use crate::calls::Call;
use crate::faults::Weather;
use crate::invariants;
use crate::report::Figures;
use crate::rng::Dice;
use crate::scheduler::{Sim, Violation};
use crate::tasks::{AfterSlice, Kind, Task};
use crate::trace::Trace;
use crate::world::World;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How long it may take until all is at rest once nothing fails any more: longer than a letter is tried.
const PATIENCE: i64 = 4 * DAY;
/// Steps of a run at most; the longest have a tenth of it.
const MOST_STEPS: u64 = 400_000;
/// Deliveries after the first of the janitor's queues: see `xtask/src/generate/wrangler.rs`.
const JANITORS_RETRIES: u32 = 100;
/// Batches of the janitor's queues that are processed at once, and messages of one.
const JANITORS: usize = 3;
const BATCH: u64 = 10;

/// What came of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// It.
    pub seed: u64,
    /// How often what happened.
    pub figures: Figures,
    /// The same for two runs in which the same happened.
    pub hash: u64,
    /// The promise that was broken.
    pub violation: Option<Violation>,
    /// The events, where they were wanted.
    pub trace: Vec<String>,
}

/// Runs a seed.
pub fn run(seed: u64, keeps_trace: bool) -> Outcome {
    let sim = Sim::new(Dice::new(seed), World::begin(), Trace::new(keeps_trace));
    let mut run = Run::new(World::new(Rc::clone(&sim)));
    run.all();
    let mut figures = sim.figures.borrow().clone();
    let lasted = sim.now().millis_since(World::begin()) / 1000;
    figures.seeds = 1;
    figures.seconds = u64::try_from(lasted).unwrap_or_default();
    figures.events = sim.trace.events();
    figures.notices = u64::try_from(run.world.arrived.borrow().len()).unwrap_or_default();
    invariants::count(&run.world, &mut figures);
    Outcome {
        seed,
        figures,
        hash: sim.trace.hash(),
        violation: sim.violation(),
        trace: sim.trace.lines(),
    }
}

/// What can happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Choice {
    Poll(usize),
    Export,
    Events,
    DeadLetters,
    Tick,
    Round,
    Drill(String),
    Call(usize),
}

struct Run {
    world: World,
    sim: Rc<Sim>,
    tasks: Vec<Task>,
    /// When the producer's cron fires next, and for which moment.
    ticks: Vec<(i64, Timestamp)>,
    /// When the janitor's cron fires next.
    rounds: Vec<i64>,
    next_hour: i64,
    calls: Vec<(i64, Call)>,
    /// Rounds that were made since nothing fails any more.
    calm_rounds: u32,
    is_calm: bool,
    steps: u64,
}

impl Run {
    fn new(world: World) -> Self {
        let sim = Rc::clone(&world.sim);
        Self {
            world,
            tasks: Vec::new(),
            ticks: Vec::new(),
            rounds: Vec::new(),
            next_hour: sim.millis() + HOUR,
            calls: Vec::new(),
            calm_rounds: 0,
            is_calm: false,
            steps: 0,
            sim,
        }
    }

    fn all(&mut self) {
        let until = self.plan();
        let weather = Weather::draw(&self.sim.dice, self.sim.millis(), until);
        *self.sim.weather.borrow_mut() = weather;
        while self.sim.millis() < until && self.step(until) {}
        self.sim.note("calm", String::new);
        *self.sim.weather.borrow_mut() = Weather::clear();
        self.is_calm = true;
        self.settle(PATIENCE, invariants::unfinished);
        // On a new day everything makes a backup of every database, and compares the catalogue with the bucket.
        self.sim.move_to((self.sim.millis() / DAY + 1) * DAY);
        let now = self.sim.now();
        self.ticks.push((now.millis(), now));
        self.next_hour = now.millis();
        self.settle(5 * HOUR, |world| {
            invariants::unfinished(world).or_else(|| invariants::stale(world))
        });
        invariants::last_job(&self.world, now);
        invariants::at_rest(&self.world);
    }

    /// Plans what comes from outside; when that ends.
    fn plan(&mut self) -> i64 {
        let dice = &self.sim.dice;
        let begin = self.sim.now();
        let runs = self.world.registry.runs(begin);
        let runs: Vec<Timestamp> = runs.take(2 + dice.index(4)).collect();
        let last = runs.last().map_or(begin.millis(), |run| run.millis());
        for scheduled in runs {
            let times = match dice.below(20) {
                0 => 0,
                1..4 => 2,
                _ => 1,
            };
            for _ in 0..times {
                let late = dice.between(0, *dice.pick(&[1_000, 60_000, 600_000]));
                self.ticks.push((scheduled.millis() + late, scheduled));
            }
        }
        let until = last + dice.between(HOUR / 2, 3 * HOUR);
        let names: Vec<&str> = self
            .world
            .sources
            .iter()
            .map(|it| it.name.as_str())
            .collect();
        for number in 0..2 + dice.below(10) {
            let some: Vec<&str> = names.iter().copied().filter(|_| dice.chance(500)).collect();
            let call = Call::trigger(format!("trigger {number}"), &some);
            self.calls.push((dice.between(begin.millis(), until), call));
        }
        for _ in 0..dice.below(8) {
            let call = Call::any(dice);
            self.calls.push((dice.between(begin.millis(), until), call));
        }
        until
    }

    /// Goes on until all is at rest.
    fn settle(&mut self, patience: i64, unfinished: fn(&World) -> Option<String>) {
        let until = self.sim.millis() + patience;
        self.calm_rounds = 0;
        while self.sim.violation().is_none() {
            let is_idle = self.tasks.is_empty()
                && self.calls.is_empty()
                && self.ticks.is_empty()
                && self.lines().iter().all(|line| line.is_empty());
            if is_idle && self.calm_rounds > 0 && unfinished(&self.world).is_none() {
                return;
            }
            if self.sim.millis() > until {
                let what = unfinished(&self.world);
                self.sim.violate("all comes to rest", || {
                    what.unwrap_or_else(|| "messages or invocations without end".to_owned())
                });
            }
            if !self.step(i64::MAX) {
                return;
            }
        }
    }

    fn lines(&self) -> [Rc<Line>; 3] {
        let world = &self.world;
        [&world.exports, &world.dead, &world.events].map(Rc::clone)
    }

    /// One thing happens; `false` when something has gone wrong for good.
    fn step(&mut self, until: i64) -> bool {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            self.sim
                .violate("all comes to rest", || "too many steps".to_owned());
        }
        if self.sim.violation().is_some() {
            return false;
        }
        self.next_rounds();
        let choices = self.choices();
        if choices.is_empty() {
            let next = self.next_moment().min(until);
            self.sim.move_to(next);
            return true;
        }
        let choice = self.sim.dice.pick(&choices).clone();
        self.sim
            .move_to(self.sim.millis() + self.sim.dice.between(0, 12));
        self.write();
        self.take(choice);
        self.check_lines();
        true
    }

    /// The janitor's cron, hour by hour: it may fire late, twice or never.
    fn next_rounds(&mut self) {
        let (dice, weather) = (&self.sim.dice, self.sim.weather.borrow());
        while self.next_hour <= self.sim.millis() {
            let hour = self.next_hour;
            self.next_hour += HOUR;
            if dice.chance(weather.missing_crons) {
                self.sim.figures.borrow_mut().missed_crons += 1;
                continue;
            }
            self.rounds.push(hour);
            if dice.chance(weather.double_crons) {
                self.rounds.push(hour + dice.between(0, 60_000));
            }
        }
    }

    fn running(&self, line: &Rc<Line>) -> usize {
        let of_line = |task: &&Task| matches!(&task.kind, Kind::Messages { line: other, .. } if Rc::ptr_eq(other, line));
        self.tasks.iter().filter(of_line).count()
    }

    fn has_room(&self, line: &Rc<Line>) -> bool {
        let most = if Rc::ptr_eq(line, &self.world.exports) {
            usize::try_from(self.world.registry.backup.concurrency).unwrap_or(1)
        } else {
            JANITORS
        };
        self.running(line) < most
    }

    fn choices(&self) -> Vec<Choice> {
        let now = self.sim.millis();
        let mut choices = Vec::new();
        for (place, task) in self.tasks.iter().enumerate() {
            if task.wake <= now || task.ends <= now {
                choices.push(Choice::Poll(place));
            }
        }
        let [exports, dead, events] = self.lines();
        let lines = [
            (exports, Choice::Export),
            (dead, Choice::DeadLetters),
            (events, Choice::Events),
        ];
        for (line, choice) in lines {
            if line.due(now) > 0 && self.has_room(&line) {
                choices.push(choice);
            }
        }
        if self.ticks.iter().any(|(at, _)| *at <= now) {
            choices.push(Choice::Tick);
        }
        if self.rounds.iter().any(|at| *at <= now) {
            choices.push(Choice::Round);
        }
        for (key, object) in &*self.world.drills.borrow() {
            if !object.is_busy.get() && object.alarm.get().is_some_and(|at| at <= now) {
                choices.push(Choice::Drill(key.clone()));
            }
        }
        if let Some(place) = self.calls.iter().position(|(at, _)| *at <= now) {
            choices.push(Choice::Call(place));
        }
        choices
    }

    fn next_moment(&self) -> i64 {
        let tasks = self.tasks.iter().map(|task| task.wake.min(task.ends));
        let lines = self.lines().into_iter().filter(|line| self.has_room(line));
        let drills = self.world.drills.borrow();
        let alarms = drills.values().filter(|object| !object.is_busy.get());
        tasks
            .chain(lines.filter_map(|line| line.next()))
            .chain(self.ticks.iter().map(|(at, _)| *at))
            .chain(self.rounds.iter().copied())
            .chain(alarms.filter_map(|object| object.alarm.get()))
            .chain(self.calls.iter().map(|(at, _)| *at))
            .chain([self.next_hour])
            .min()
            .unwrap_or(self.next_hour)
    }

    /// Somebody writes to a source while it is being read.
    fn write(&self) {
        let rate = self.sim.weather.borrow().writers;
        if rate == 0 || self.running(&self.world.exports) == 0 || !self.sim.dice.chance(rate) {
            return;
        }
        let source = self.sim.dice.pick(&self.world.sources);
        let change = source.change();
        self.sim.figures.borrow_mut().changes += 1;
        self.sim
            .note("write", || format!("{}: {change}", source.name));
    }

    fn take(&mut self, choice: Choice) {
        let now = self.sim.millis();
        let task = match choice {
            Choice::Poll(place) => return self.poll(place),
            Choice::Export => self
                .world
                .exports
                .take(&self.sim)
                .map(|it| self.world.export(it)),
            Choice::Events => self.collect(&Rc::clone(&self.world.events)),
            Choice::DeadLetters => self.collect(&Rc::clone(&self.world.dead)),
            Choice::Tick => {
                let due = self.ticks.iter().position(|(at, _)| *at <= now);
                due.map(|place| self.world.tick(self.ticks.remove(place).1))
            }
            Choice::Round => {
                let due = self.rounds.iter().position(|at| *at <= now);
                due.map(|place| {
                    self.rounds.remove(place);
                    self.world.round()
                })
            }
            Choice::Drill(key) => self.world.drill(&key),
            Choice::Call(place) => Some(self.world.call(self.calls.remove(place).1)),
        };
        self.tasks.extend(task);
    }

    fn collect(&self, line: &Rc<Line>) -> Option<Task> {
        let most = 1 + self.sim.dice.below(BATCH);
        let messages: Vec<Message> = (0..most).map_while(|_| line.take(&self.sim)).collect();
        (!messages.is_empty()).then(|| self.world.collect(line, messages))
    }

    fn poll(&mut self, place: usize) {
        let is_over = self.tasks[place].ends <= self.sim.millis();
        let crashes = self.sim.weather.borrow().crashes;
        if is_over || (crashes > 0 && self.sim.dice.chance(crashes)) {
            let task = self.tasks.remove(place);
            let mut figures = self.sim.figures.borrow_mut();
            if is_over {
                figures.overruns += 1;
            } else {
                figures.crashes += 1;
            }
            drop(figures);
            self.sim.note("crash", || task.name.clone());
            return self.end(task, true);
        }
        self.sim.begin_poll();
        let task = &mut self.tasks[place];
        let mut context = Context::from_waker(Waker::noop());
        match task.future.as_mut().poll(&mut context) {
            Poll::Pending => task.wake = self.sim.wake(),
            Poll::Ready(()) => {
                let task = self.tasks.remove(place);
                self.sim.note("end", || task.name.clone());
                self.end(task, false);
            }
        }
    }

    /// Does what the platform does when an invocation is over.
    fn end(&mut self, task: Task, has_crashed: bool) {
        let Task { kind, future, .. } = task;
        drop(future);
        match kind {
            Kind::Messages {
                line,
                messages,
                fates,
            } => {
                for (place, message) in messages.into_iter().enumerate() {
                    let fate = fates.borrow().get(place).copied();
                    self.obey(&line, message, fate, has_crashed);
                }
                self.world.ledger.check_new(&self.sim, &self.world.objects);
            }
            Kind::Tick => {}
            Kind::Round if !has_crashed && self.is_calm => self.calm_rounds += 1,
            Kind::Round => {}
            Kind::Drill { key, next } => self.after_slice(&key, *next.borrow(), has_crashed),
            Kind::Call { call, answer } => {
                let answer = answer.borrow_mut().take();
                self.sim.note("answer", || format!("{call:?}: {answer:?}"));
                if let Some(job) = answer.as_ref().and_then(|it| it.started_job()) {
                    self.world.ledger.promise_job(&job);
                }
                let is_lost = answer.is_none_or(|it| it.status >= 500);
                if is_lost && call.tries < 3 && !self.is_calm {
                    let again = Call {
                        tries: call.tries + 1,
                        ..call
                    };
                    let wait = self.sim.dice.between(1_000, 600_000);
                    self.calls.push((self.sim.millis() + wait, again));
                }
            }
        }
    }

    fn obey(&self, line: &Rc<Line>, message: Message, fate: Option<Fate>, has_crashed: bool) {
        let is_export = Rc::ptr_eq(line, &self.world.exports);
        let wait = match fate {
            // What was said before a crash may not have arrived.
            Some(Fate::Ack) if has_crashed && self.sim.dice.chance(500) => 10,
            Some(Fate::Ack) => return,
            Some(Fate::Retry { after_seconds }) => after_seconds,
            None => 10,
        };
        let retries = if is_export {
            self.world.registry.backup.max_retries
        } else {
            JANITORS_RETRIES
        };
        if message.deliveries <= retries {
            let due = self.sim.millis() + i64::from(wait) * 1000;
            let again = Message { due, ..message };
            line.messages.borrow_mut().push(again);
        } else if is_export {
            self.sim.note("dead letter", || message.body.clone());
            self.world.dead.push(message.body, self.sim.millis());
        } else {
            self.sim.note("message lost", || message.body.clone());
        }
    }

    /// What `alarm` in `janitor/src/drill_object.rs` does behind a slice.
    fn after_slice(&self, key: &str, next: Option<AfterSlice>, has_crashed: bool) {
        let mut drills = self.world.drills.borrow_mut();
        let Some(object) = drills.get(key) else {
            return;
        };
        object.is_busy.set(false);
        match next.filter(|_| !has_crashed) {
            // The alarm that was set at the beginning rings.
            None => {}
            Some(AfterSlice::In(seconds)) => {
                let at = self.sim.millis() + i64::from(seconds) * 1000;
                object.alarm.set(Some(at));
            }
            Some(AfterSlice::Done) => {
                drills.remove(key);
            }
        }
    }

    fn check_lines(&self) {
        let length = self.lines().iter().map(|line| line.len()).sum::<usize>();
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        let mut figures = self.sim.figures.borrow_mut();
        if length <= figures.longest_line {
            return;
        }
        figures.longest_line = length;
        drop(figures);
        let most = 60 + 12 * invariants::results(&self.world);
        if length > most {
            self.sim.violate("queues stay short", || {
                format!("{length} messages wait, and {most} are to be expected at most")
            });
        }
    }
}
