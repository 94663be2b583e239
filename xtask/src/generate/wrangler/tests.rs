//! What each Worker's configuration must say.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::registry::{BackupConfig, CatalogueConfig, DatabaseConfig, Priority};

use super::*;

fn registry() -> Registry {
    let database = |name: &str, binding: &str| DatabaseConfig {
        name: name.to_owned(),
        id: format!("id of {name}"),
        binding: binding.to_owned(),
        description: String::new(),
        priority: Priority::Normal,
        estimated_size: String::new(),
        gzip: false,
        deadline_hours: None,
        retention_weeks: None,
        keep: Default::default(),
        omissions: Default::default(),
    };
    Registry {
        backup: BackupConfig {
            schedule: "0 4 * * MON".to_owned(),
            retention_weeks: 1,
            keep: Default::default(),
            bucket: "a-bucket".to_owned(),
            concurrency: 7,
            export_timeout_ms: 1000,
            max_retries: 5,
            deadline_hours: 6,
        },
        catalogue: CatalogueConfig {
            name: "records-db".to_owned(),
            id: "id of records".to_owned(),
        },
        databases: vec![database("one", "ONE_DB"), database("two", "TWO_DB")],
    }
}

/// The configurations as JSON, by Worker.
fn generated() -> BTreeMap<String, Value> {
    configs(&registry())
        .into_iter()
        .map(|(file, config)| {
            let worker = file
                .trim_start_matches("wrangler/")
                .trim_end_matches(".jsonc");
            (worker.to_owned(), serde_json::to_value(config).unwrap())
        })
        .collect()
}

/// The values of `field` in a list of objects.
fn each(list: &Value, field: &str) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .map(|item| item[field].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_worker_has_a_configuration_that_names_it_and_its_build() {
    for worker in crate::workspace::WORKERS {
        let config = &generated()[worker];
        assert_eq!(config["name"], format!("grove-backups-{worker}"));
        assert_eq!(config["main"], format!("../{worker}/build/index.js"));
    }
}

#[test]
fn the_producer_has_the_schedule() {
    assert_eq!(
        generated()["producer"]["triggers"],
        json!({ "crons": ["0 4 * * MON"] })
    );
}

#[test]
fn only_the_exporter_reaches_the_source_databases() {
    for (worker, config) in generated() {
        let expected: &[_] = match worker.as_str() {
            "exporter" => &["METADATA_DB", "ONE_DB", "TWO_DB"],
            _ => &["METADATA_DB"],
        };
        assert_eq!(
            each(&config["d1_databases"], "binding"),
            expected,
            "{worker}"
        );
    }
    assert_eq!(
        generated()["exporter"]["d1_databases"][2],
        json!({ "binding": "TWO_DB", "database_name": "two", "database_id": "id of two" })
    );
}

#[test]
fn all_workers_share_one_catalogue_and_its_migrations() {
    for (worker, config) in generated() {
        let expected = json!({
            "binding": "METADATA_DB",
            "database_name": "records-db",
            "database_id": "id of records",
            "migrations_dir": "../migrations",
        });
        assert_eq!(config["d1_databases"][0], expected, "{worker}");
    }
}

#[test]
fn whoever_reads_or_writes_dumps_has_the_bucket() {
    let with_bucket: Vec<_> = generated()
        .into_iter()
        .filter(|(_, config)| {
            config["r2_buckets"] == json!([{ "binding": "BACKUPS", "bucket_name": "a-bucket" }])
        })
        .map(|(worker, _)| worker)
        .collect();
    assert_eq!(with_bucket, ["api", "exporter", "janitor"]);
}

#[test]
fn exports_come_one_at_a_time_to_as_many_consumers_and_as_often_as_the_registry_says() {
    assert_eq!(
        generated()["exporter"]["queues"]["consumers"],
        json!([{
            "queue": "grove-backups-exports",
            "max_batch_size": 1,
            "max_batch_timeout": 0,
            "max_retries": 5,
            "retry_delay": 10,
            "max_concurrency": 7,
            "dead_letter_queue": "grove-backups-exports-dlq",
        }])
    );
}

#[test]
fn every_queue_has_exactly_one_consumer() {
    let (mut filled, mut consumed) = (BTreeSet::new(), Vec::new());
    for config in generated().values() {
        let queues = &config["queues"];
        filled.extend(each(&queues["producers"], "queue"));
        consumed.extend(each(&queues["consumers"], "queue"));
        for consumer in queues["consumers"].as_array().into_iter().flatten() {
            filled.extend(consumer["dead_letter_queue"].as_str().map(str::to_owned));
        }
    }
    consumed.sort();
    assert_eq!(consumed, Vec::from_iter(filled));
}

#[test]
fn a_consumer_whose_failures_nothing_catches_tries_as_often_as_it_can_and_waits_between() {
    for config in generated().values() {
        for consumer in config["queues"]["consumers"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if consumer["dead_letter_queue"].is_null() {
                assert_eq!(consumer["max_retries"], 100);
                assert!(consumer["retry_delay"].as_u64() >= Some(60));
            }
        }
    }
}

#[test]
fn only_the_api_has_an_address_and_no_old_version_has_one() {
    for (worker, config) in generated() {
        assert_eq!(config["workers_dev"], worker == "api");
        assert_eq!(config["preview_urls"], false);
    }
}

#[test]
fn whoever_asks_the_janitor_for_something_has_its_queue() {
    let with_events: Vec<_> = generated()
        .into_iter()
        .filter(|(_, config)| {
            each(&config["queues"]["producers"], "binding").contains(&"EVENTS".to_owned())
        })
        .map(|(worker, _)| worker)
        .collect();
    assert_eq!(with_events, ["api", "exporter", "janitor"]);
}
