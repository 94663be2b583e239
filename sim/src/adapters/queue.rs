//! Queues: what is sent waits in a line until the scheduler delivers it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use serde::Serialize;
use shared::native::MemoryQueue;
use shared::ports::{Queue, QueueError};

use crate::faults::Site;
use crate::scheduler::Sim;

/// A message that waits.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The queue's id of it, the same for every delivery.
    pub(crate) id: String,
    /// The body.
    pub(crate) body: String,
    /// Deliveries so far.
    pub(crate) deliveries: u32,
    /// From when it may be delivered, in milliseconds.
    pub(crate) due: i64,
}

/// The messages of a queue.
#[derive(Debug)]
pub(crate) struct Line {
    /// The queue's name.
    pub(crate) name: &'static str,
    /// In no order.
    pub(crate) messages: RefCell<Vec<Message>>,
    sent: Cell<u64>,
}

impl Line {
    /// An empty one.
    pub(crate) fn new(name: &'static str) -> Rc<Self> {
        Rc::new(Self {
            name,
            messages: RefCell::default(),
            sent: Cell::new(0),
        })
    }

    /// Adds a message that somebody sent.
    pub(crate) fn push(&self, body: String, due: i64) {
        let number = self.sent.get() + 1;
        self.sent.set(number);
        self.messages.borrow_mut().push(Message {
            id: format!("{}-{number}", self.name),
            body,
            deliveries: 0,
            due,
        });
    }

    /// When the next message is due.
    pub(crate) fn next(&self) -> Option<i64> {
        let messages = self.messages.borrow();
        messages.iter().map(|message| message.due).min()
    }

    /// How many messages are due.
    pub(crate) fn due(&self, now: i64) -> usize {
        let messages = self.messages.borrow();
        messages.iter().filter(|message| message.due <= now).count()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.messages.borrow().len()
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes out one of those that are due, whichever the dice say; it may be there again later.
    pub(crate) fn take(&self, sim: &Sim) -> Option<Message> {
        let now = sim.millis();
        let place = sim.dice.index(self.due(now));
        let mut messages = self.messages.borrow_mut();
        let due = |(_, message): &(usize, &Message)| message.due <= now;
        let (at, _) = messages.iter().enumerate().filter(due).nth(place)?;
        let mut message = messages.remove(at);
        message.deliveries += 1;
        if sim.dice.chance(sim.weather.borrow().duplicates) {
            let late = sim
                .dice
                .between(0, *sim.dice.pick(&[100, 60_000, 3_600_000]));
            messages.push(Message {
                due: now + late,
                ..message.clone()
            });
            sim.figures.borrow_mut().duplicates += 1;
        }
        Some(message)
    }
}

/// A queue as a Worker sends to it.
#[derive(Debug)]
pub(crate) struct SimQueue<M> {
    /// The run.
    pub(crate) sim: Rc<Sim>,
    /// Where messages wait.
    pub(crate) line: Rc<Line>,
    /// What a message may be.
    inner: MemoryQueue<M>,
}

// Derived, this would ask the same of `M`.
impl<M> Clone for SimQueue<M> {
    fn clone(&self) -> Self {
        Self {
            sim: Rc::clone(&self.sim),
            line: Rc::clone(&self.line),
            inner: self.inner.clone(),
        }
    }
}

impl<M: Clone + Serialize> SimQueue<M> {
    /// One that fills this line.
    pub(crate) fn new(sim: &Rc<Sim>, line: &Rc<Line>) -> Self {
        Self {
            sim: Rc::clone(sim),
            line: Rc::clone(line),
            inner: MemoryQueue::default(),
        }
    }

    /// Puts messages into the line, where each finds its own moment.
    fn send_all(&self, messages: &[M], delay_seconds: u32) {
        for message in messages {
            let body = serde_json::to_string(message).expect("a message has a JSON");
            let late = match self.sim.dice.chance(self.sim.weather.borrow().delays) {
                true => {
                    let longest = *self.sim.dice.pick(&[5_000, 120_000, 7_200_000]);
                    self.sim.dice.between(0, longest)
                }
                false => self.sim.dice.between(0, 200),
            };
            let due = self.sim.millis() + i64::from(delay_seconds) * 1000 + late;
            self.line.push(body, due);
        }
    }
}

impl<M: Clone + Serialize> Queue<M> for SimQueue<M> {
    async fn send_after(&self, messages: &[M], delay_seconds: u32) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let fault = self.sim.begin(Site::Queue).await;
        let lost = |message| Err(QueueError { message });
        let sent = match fault {
            Some(fault) if !fault.happens() => {
                // Batches are sent one after the other: those before the one that failed have arrived.
                let some = self.sim.dice.index(messages.len());
                self.send_all(messages.get(..some).unwrap_or_default(), delay_seconds);
                lost(fault.message())
            }
            _ => {
                let taken = self.inner.send_after(messages, delay_seconds).await;
                if taken.is_ok() {
                    self.send_all(&self.inner.take(), delay_seconds);
                }
                taken
            }
        };
        let brief = || {
            let bodies: Vec<_> = messages.iter().map(serde_json::to_string).collect();
            let bodies: Vec<_> = bodies.into_iter().filter_map(Result::ok).collect();
            format!(
                "{} after {delay_seconds} s: {}",
                self.line.name,
                bodies.join(" ")
            )
        };
        self.sim.end(Site::Queue, "send", fault, brief).await;
        match fault {
            Some(fault) => lost(fault.message()),
            None => sent,
        }
    }
}
