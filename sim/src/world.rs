//! Everything of a run: the Workers' adapters, what is there, what is under way, and what comes next.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use api::auth::{Role, Tokens};
use axum::Router;
use exporter::Settings;
use shared::dump::LARGEST_SNAPSHOT;
use shared::message::{DEAD_LETTER_QUEUE, EVENTS_QUEUE, EXPORTS_QUEUE, Event, ExportMessage};
use shared::native::{MemoryLimiter, MemoryObjects, NativeDatabase, TestIsolate};
use shared::notice::channels;
use shared::registry::{
    BackupConfig, CatalogueConfig, DatabaseConfig, KeepRules, Omissions, Priority, Registry,
};
use shared::retry::Backoff;
use shared::time::Timestamp;

use crate::adapters::{
    Arrived, DrillObject, Line, SimBucket, SimCatalogue, SimDrills, SimQueue, SimSources,
    SimWebhooks,
};
use crate::catalogue;
use crate::ledger::Ledger;
use crate::rng::Dice;
use crate::scheduler::{Sim, SimClock, SimRandom};
use crate::sources::{Design, Source};

/// The token of the client.
pub(crate) const TOKEN: &str = "a token of the simulation";
/// A Sunday at midnight: 2024-12-08T00:00:00Z.
const BEGIN: i64 = 1_733_616_000;

/// The adapters of the exporter.
pub(crate) type Exporter = exporter::ports::System<
    SimSources,
    SimCatalogue,
    SimBucket,
    SimQueue<Event>,
    SimQueue<ExportMessage>,
    SimClock,
    SimRandom,
    TestIsolate,
>;

/// The adapters of the janitor.
pub(crate) type Janitor = janitor::ports::System<
    SimCatalogue,
    SimBucket,
    SimQueue<ExportMessage>,
    SimQueue<Event>,
    SimClock,
    SimWebhooks,
    SimDrills,
>;

/// What a run has.
#[derive(Debug)]
pub(crate) struct World {
    /// Time, dice, trace.
    pub(crate) sim: Rc<Sim>,
    /// What is backed up, and how long it is kept.
    pub(crate) registry: Rc<Registry>,
    /// What the exporter was deployed with.
    pub(crate) settings: Rc<Settings>,
    /// The catalogue itself.
    pub(crate) catalogue: NativeDatabase,
    /// The bucket itself.
    pub(crate) objects: MemoryObjects,
    /// The databases that are backed up.
    pub(crate) sources: Rc<Vec<Source>>,
    /// Messages for the exporter.
    pub(crate) exports: Rc<Line>,
    /// Messages that no retry saved.
    pub(crate) dead: Rc<Line>,
    /// Messages for the janitor.
    pub(crate) events: Rc<Line>,
    /// The objects of drills.
    pub(crate) drills: Rc<RefCell<BTreeMap<String, Rc<DrillObject>>>>,
    /// What receivers were told.
    pub(crate) arrived: Rc<RefCell<Vec<Arrived>>>,
    /// What was promised.
    pub(crate) ledger: Rc<Ledger>,
    /// The exporter.
    pub(crate) exporter: Rc<Exporter>,
    /// The janitor.
    pub(crate) janitor: Rc<Janitor>,
    /// The api.
    pub(crate) api: Router,
}

impl World {
    /// The world of a run, before anything happens.
    pub(crate) fn new(sim: Rc<Sim>) -> Self {
        let dice = &sim.dice;
        let registry = Rc::new(registry(dice));
        let sources: Vec<Source> = registry
            .databases
            .iter()
            .map(|database| {
                let design = match database.name.as_str() {
                    "library" => Design::Library,
                    "forest" => Design::Forest,
                    _ => Design::Journal,
                };
                Source::new(&database.name, design, dice.fork())
            })
            .collect();
        let sources = Rc::new(sources);
        let catalogue = catalogue::empty();
        let ledger = Rc::new(Ledger::new(&catalogue, &sources));
        let objects = MemoryObjects::with_parts_of(16).listing(*dice.pick(&[3, 5, 50]));
        let (exports, dead, events) = (
            Line::new(EXPORTS_QUEUE),
            Line::new(DEAD_LETTER_QUEUE),
            Line::new(EVENTS_QUEUE),
        );
        let drills = Rc::new(RefCell::new(BTreeMap::new()));
        let arrived = Rc::new(RefCell::new(Vec::new()));
        let to_catalogue = SimCatalogue {
            sim: Rc::clone(&sim),
            inner: catalogue.clone(),
        };
        let to_bucket = SimBucket {
            sim: Rc::clone(&sim),
            inner: objects.clone(),
            ledger: Rc::clone(&ledger),
        };
        let to_exports = SimQueue::<ExportMessage>::new(&sim, &exports);
        let to_events = SimQueue::<Event>::new(&sim, &events);
        let clock = SimClock(Rc::clone(&sim));
        let exporter = Exporter {
            sources: SimSources {
                sim: Rc::clone(&sim),
                all: Rc::clone(&sources),
            },
            catalogue: to_catalogue.clone(),
            bucket: to_bucket.clone(),
            events: to_events.clone(),
            exports: to_exports.clone(),
            clock: clock.clone(),
            random: SimRandom(Rc::clone(&sim)),
            isolate: TestIsolate::default(),
        };
        let janitor = Janitor {
            catalogue: to_catalogue.clone(),
            bucket: to_bucket.clone(),
            exports: to_exports.clone(),
            events: to_events.clone(),
            clock: clock.clone(),
            webhooks: SimWebhooks {
                sim: Rc::clone(&sim),
                arrived: Rc::clone(&arrived),
            },
            drills: SimDrills {
                sim: Rc::clone(&sim),
                objects: Rc::clone(&drills),
            },
            settings: receivers(dice),
        };
        let api = api::ports::System {
            catalogue: to_catalogue,
            exports: to_exports,
            events: to_events,
            bucket: to_bucket,
            clock,
            limiter: MemoryLimiter::of(10),
        };
        let tokens = Tokens::default().with(Role::Admin, Some(TOKEN));
        let settings = Settings {
            registry: (*registry).clone(),
            backoff: Backoff {
                base_seconds: 10,
                cap_seconds: 3600,
            },
            // The journal's file is larger, the others' are smaller.
            snapshot_bytes: *dice.pick(&[100_000, 100_000, LARGEST_SNAPSHOT]),
            part_bytes: *dice.pick(&[3000, 5000]),
            budget_ms: *dice.pick(&[0, 500, 30_000]),
            gzip: None,
            deadline_seconds: None,
        };
        Self {
            api: api::router(api, (*registry).clone(), tokens),
            sim,
            registry,
            settings: Rc::new(settings),
            catalogue,
            objects,
            sources,
            exports,
            dead,
            events,
            drills,
            arrived,
            ledger,
            exporter: Rc::new(exporter),
            janitor: Rc::new(janitor),
        }
    }

    /// The moment at which every run begins.
    pub(crate) const fn begin() -> Timestamp {
        Timestamp::from_seconds(BEGIN)
    }
}

/// A registry as somebody could write it.
fn registry(dice: &Dice) -> Registry {
    let schedule = *dice.pick(&["0 * * * *", "30 */2 * * *", "0 */6 * * *", "0 3 * * *"]);
    let mut names = vec!["library", "forest", "journal"];
    while names.len() > 1 && dice.chance(350) {
        names.remove(dice.index(names.len()));
    }
    let databases = names.into_iter().map(|name| DatabaseConfig {
        name: name.to_owned(),
        id: format!("id of {name}"),
        binding: format!("{}_DB", name.to_uppercase()),
        description: String::new(),
        priority: *dice.pick(&[Priority::Critical, Priority::High, Priority::Normal]),
        estimated_size: "1 KB".to_owned(),
        gzip: dice.chance(300),
        deadline_hours: dice.chance(200).then_some(2),
        retention_weeks: *dice.pick(&[None, Some(0)]),
        keep: KeepRules {
            last: *dice.pick(&[None, None, Some(2)]),
            ..KeepRules::default()
        },
        omissions: Omissions::default(),
    });
    Registry {
        databases: databases.collect(),
        backup: BackupConfig {
            schedule: schedule.to_owned(),
            retention_weeks: *dice.pick(&[0, 1]),
            // Without weeks the generator wants a rule.
            keep: KeepRules {
                last: Some(*dice.pick(&[1, 2])),
                ..KeepRules::default()
            },
            bucket: "bucket".to_owned(),
            concurrency: u32::try_from(1 + dice.below(3)).unwrap_or(1),
            export_timeout_ms: 30_000,
            max_retries: *dice.pick(&[0, 1, 3]),
            deadline_hours: *dice.pick(&[3, 6]),
        },
        catalogue: CatalogueConfig {
            name: "catalogue".to_owned(),
            id: "id of the catalogue".to_owned(),
        },
    }
}

/// Who is told: the receiver of programs always, since the invariants read what it was told.
fn receivers(dice: &Dice) -> channels::Settings {
    let maybe = |url: &str| dice.chance(300).then(|| url.to_owned());
    channels::Settings {
        discord: maybe("https://discord.com/api/webhooks/1/x"),
        slack: maybe("https://hooks.slack.com/services/x"),
        webhook: Some(WEBHOOK.to_owned()),
        webhook_secret: None,
        heartbeat: maybe("https://heartbeat.example.com/x"),
        on_success: maybe("true"),
        on_failure: None,
    }
}

/// Where programs are told.
pub(crate) const WEBHOOK: &str = "https://receiver.example.com/hook";

/// What a future of the native adapters comes to, which never wait.
pub(crate) fn immediately<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a native adapter waits"),
    }
}
