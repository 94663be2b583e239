//! Every contract against the native adapters, each on one of its own.
#![allow(clippy::unwrap_used)] // a test may panic

/// A test of each contract; the module's function `check` runs it.
macro_rules! tests {
    ($port:ident: $($name:ident,)+) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(check(stringify!($name)), Ok(()));
            }
        )+
    };
}

mod database {
    use contract::{Verdict, database};
    use pollster::block_on;
    use shared::native::NativeDatabase;

    /// With a table of the platform's own, as D1 sooner or later has one.
    fn check(contract: &str) -> Verdict {
        let port = NativeDatabase::empty();
        let internal = "CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)";
        port.connection().execute_batch(internal).unwrap();
        block_on(database::run(contract, &port))
    }

    contract::database_contracts!(tests);
}

mod objects {
    use contract::{Verdict, objects};
    use pollster::block_on;
    use shared::native::MemoryObjects;

    fn check(contract: &str) -> Verdict {
        block_on(objects::run(contract, &MemoryObjects::default()))
    }

    contract::objects_contracts!(tests);
}

mod queue {
    use contract::queue::{Consumed, Message};
    use contract::{Verdict, queue};
    use pollster::block_on;
    use shared::native::MemoryQueue;
    use shared::ports::{Queue, QueueError};

    #[derive(Default)]
    struct Memory(MemoryQueue<Message>);

    impl Queue<Message> for Memory {
        async fn send_after(
            &self,
            messages: &[Message],
            delay_seconds: u32,
        ) -> Result<(), QueueError> {
            self.0.send_after(messages, delay_seconds).await
        }
    }

    impl Consumed for Memory {
        async fn arrived(&self, contract: &str, _: usize) -> Result<Vec<Message>, String> {
            let mut messages = self.0.messages();
            messages.retain(|message| message.contract == contract);
            Ok(messages)
        }
    }

    fn check(contract: &str) -> Verdict {
        block_on(queue::run(contract, &Memory::default()))
    }

    contract::queue_contracts!(tests);
}

mod clock {
    use contract::{Verdict, clock};
    use pollster::block_on;
    use shared::native::TestClock;
    use shared::time::Timestamp;

    fn check(contract: &str) -> Verdict {
        let now = Timestamp::from_seconds(1_733_713_200);
        block_on(clock::run(contract, &TestClock::at(now)))
    }

    contract::clock_contracts!(tests);
}

mod random {
    use contract::{Verdict, random};
    use pollster::block_on;
    use shared::native::SeededRandom;

    fn check(contract: &str) -> Verdict {
        block_on(random::run(contract, &SeededRandom::new(7)))
    }

    contract::random_contracts!(tests);
}

mod limiter {
    use contract::{Verdict, limiter};
    use pollster::block_on;
    use shared::native::MemoryLimiter;

    fn check(contract: &str) -> Verdict {
        block_on(limiter::run(contract, &MemoryLimiter::of(limiter::MOST)))
    }

    contract::limiter_contracts!(tests);
}

mod isolate {
    use contract::{Verdict, isolate};
    use pollster::block_on;
    use shared::native::TestIsolate;

    fn check(contract: &str) -> Verdict {
        block_on(isolate::run(contract, &TestIsolate::default()))
    }

    contract::isolate_contracts!(tests);
}

mod sources {
    use contract::{Verdict, sources};
    use pollster::block_on;
    use shared::native::{NativeDatabase, NativeSources};

    fn check(contract: &str) -> Verdict {
        let port = NativeSources::default();
        port.bind(sources::BOUND, NativeDatabase::empty());
        block_on(sources::run(contract, &port))
    }

    contract::sources_contracts!(tests);
}

mod webhooks {
    use contract::{Verdict, webhooks};
    use pollster::block_on;
    use shared::native::MemoryWebhooks;

    fn check(contract: &str) -> Verdict {
        let port = MemoryWebhooks::answering(webhooks::answer);
        block_on(webhooks::run(contract, &port))
    }

    contract::webhooks_contracts!(tests);
}
