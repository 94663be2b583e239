use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::channels::{Channel, ChannelError, Channels, Kind, Settings};
use super::*;
use crate::catalogue::outbox::Configured;

const NOW: Timestamp = Timestamp::from_seconds(1_733_626_890);

fn settings() -> Settings {
    let url = |path: &str| Some(format!("https://hooks.example/{path}"));
    Settings {
        discord: url("discord?thread_id=7"),
        slack: url("slack"),
        webhook: url("generic"),
        heartbeat: url("beat"),
        ..Settings::default()
    }
}

fn channel(name: &str) -> Channel {
    let channels = Channels::new(&settings(), &[]);
    assert_eq!(channels.faults, []);
    channels.find(name).unwrap().clone()
}

/// The body that a channel is sent.
fn body(name: &str, notice: &Notice) -> Value {
    let request = channel(name).request("id", notice, NOW).unwrap().unwrap();
    serde_json::from_str(&request.body.unwrap()).unwrap()
}

fn detail(database: &str, error: Option<&str>) -> Detail {
    Detail {
        database: database.to_owned(),
        status: if error.is_some() { "failed" } else { "success" }.to_owned(),
        size_bytes: error.is_none().then_some(212_000),
        error: error.map(str::to_owned),
    }
}

/// The specification's examples.
fn report(details: Vec<Detail>) -> Report {
    let failed = details.iter().filter(|detail| detail.is_failure()).count() as u64;
    Report {
        job_id: "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        at: NOW,
        successful: details.len() as u64 - failed,
        failed,
        total: details.len() as u64,
        size_bytes: 2_100_000,
        duration_ms: 45_000,
        error: None,
        details,
    }
}

fn told(cause: &str, database: &str, summary: &str) -> Told {
    Told {
        cause: cause.to_owned(),
        database: database.to_owned(),
        summary: summary.to_owned(),
        since: NOW,
    }
}

#[test]
fn a_completed_backup_is_the_specifications_payload() {
    let notice = Notice::BackupCompleted(report(vec![detail("groveauth", None)]));
    assert_eq!(
        body("webhook", &notice),
        json!({
            "type": "backup_completed",
            "jobId": "550e8400-e29b-41d4-a716-446655440000",
            "status": "success",
            "timestamp": "2024-12-08T03:01:30Z",
            "summary": { "successful": 1, "failed": 0, "totalSize": "2.1 MB", "duration": "45s" },
            "details": [{ "database": "groveauth", "status": "success", "size": "212 KB" }],
        })
    );
}

#[test]
fn a_failed_backup_is_the_specifications_payload() {
    let details = vec![
        detail("groveauth", None),
        detail("scout-db", Some("Timeout after 30s")),
    ];
    assert_eq!(
        body("webhook", &Notice::BackupFailed(report(details))),
        json!({
            "type": "backup_failed",
            "jobId": "550e8400-e29b-41d4-a716-446655440000",
            "status": "partial_failure",
            "timestamp": "2024-12-08T03:01:30Z",
            "summary": { "successful": 1, "failed": 1, "totalSize": "2.1 MB", "duration": "45s" },
            "failures": [{ "database": "scout-db", "error": "Timeout after 30s" }],
        })
    );
}

#[test]
fn discord_gets_the_specifications_embed_and_nobody_is_called() {
    let notice = Notice::BackupCompleted(report(vec![detail("groveauth", None)]));
    assert_eq!(
        body("discord", &notice),
        json!({
            "embeds": [{
                "title": "✅ Cache Backup Completed",
                "color": 0x22_c5_5e,
                "fields": [
                    { "name": "Databases", "value": "1/1 successful", "inline": true },
                    { "name": "Total Size", "value": "2.1 MB", "inline": true },
                    { "name": "Duration", "value": "45.0s", "inline": true },
                ],
                "footer": { "text": "Job ID: 550e8400-e29b-41d4-a716-446655440000" },
                "timestamp": "2024-12-08T03:01:30.000Z",
            }],
            "allowed_mentions": { "parse": [] },
        })
    );
}

#[test]
fn discord_reads_which_databases_failed_behind_the_specifications_embed() {
    let details = vec![detail("scout_db", Some("@everyone <b> *x*"))];
    let embeds = &body("discord", &Notice::BackupFailed(report(details)))["embeds"];
    assert_eq!(embeds[0]["title"], "⚠ Cache Backup Partially Failed");
    assert_eq!(embeds[0]["color"], 0xef_44_44);
    assert_eq!(
        embeds[1]["description"],
        r"**scout\_db** — \@everyone \<b\> \*x\*"
    );
}

#[test]
fn discord_is_asked_whether_it_saved_the_message() {
    let request = channel("discord").request("id", &Notice::Test { at: NOW }, NOW);
    assert_eq!(
        request.unwrap().unwrap().url,
        "https://hooks.example/discord?thread_id=7&wait=true"
    );
}

#[test]
fn slack_gets_blocks_in_which_nothing_is_a_link_or_a_mention() {
    let details = vec![detail("scout-db", Some("<!channel> & <@U1>"))];
    let message = body("slack", &Notice::BackupFailed(report(details)));
    assert_eq!(message["text"], "⚠ Cache Backup Partially Failed");
    assert_eq!(
        message["blocks"][2]["text"]["text"],
        "• scout-db — &lt;!channel&gt; &amp; &lt;@U1&gt;"
    );
}

#[test]
fn alarms_are_a_digest_for_programs() {
    let digest = Digest {
        at: NOW,
        opened: vec![told("overdue", "groveauth", "It is late.")],
        repeated: vec![],
        resolved: vec![told("job_failed", "", "It failed.")],
    };
    let alarm = |cause, database: Option<&str>, summary| json!({ "cause": cause, "database": database, "summary": summary, "since": "2024-12-08T03:01:30Z" });
    assert_eq!(
        body("webhook", &Notice::Alarms(digest)),
        json!({
            "type": "alarms",
            "timestamp": "2024-12-08T03:01:30Z",
            "opened": [alarm("overdue", Some("groveauth"), "It is late.")],
            "repeated": [],
            "resolved": [alarm("job_failed", None, "It failed.")],
        })
    );
}

#[test]
fn a_heartbeat_is_a_ping_and_no_message() {
    let ping = |signal| {
        let notice = Notice::Heartbeat { signal };
        let request = channel("heartbeat")
            .request("id", &notice, NOW)
            .unwrap()
            .unwrap();
        assert_eq!(request.body, None);
        for reader in ["discord", "slack", "webhook"] {
            assert_eq!(channel(reader).request("id", &notice, NOW), Ok(None));
        }
        request.url
    };
    assert_eq!(ping(Signal::Start), "https://hooks.example/beat/start");
    assert_eq!(ping(Signal::Success), "https://hooks.example/beat");
    assert_eq!(ping(Signal::Fail), "https://hooks.example/beat/fail");
    let test = channel("heartbeat").request("id", &Notice::Test { at: NOW }, NOW);
    assert_eq!(test, Ok(None));
}

#[test]
fn a_generic_webhook_is_signed_when_there_is_a_secret() {
    let headers = |secret: Option<&str>| {
        let settings = Settings {
            webhook_secret: secret.map(str::to_owned),
            ..settings()
        };
        let channels = Channels::new(&settings, &[]);
        let request =
            channels
                .find("webhook")
                .unwrap()
                .request("msg", &Notice::Test { at: NOW }, NOW);
        let headers = request.unwrap().unwrap().headers.into_iter();
        headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
    };
    let unsigned = headers(None);
    assert_eq!(
        unsigned,
        [
            "content-type: application/json",
            "webhook-id: msg",
            "webhook-timestamp: 1733626890"
        ]
    );
    let signed = headers(Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(signed[..3], unsigned);
    assert!(signed[3].starts_with("webhook-signature: v1,"));
}

#[test]
fn a_secret_that_cannot_sign_is_reported_and_nothing_is_sent_unsigned() {
    let settings = Settings {
        webhook_secret: Some("guess".to_owned()),
        ..settings()
    };
    let channels = Channels::new(&settings, &[]);
    assert!(matches!(channels.faults[..], [ChannelError::Secret(_)]));
    let request = channels
        .find("webhook")
        .unwrap()
        .request("id", &Notice::Test { at: NOW }, NOW);
    assert!(request.is_err());
}

#[test]
fn an_address_that_cannot_be_used_is_reported_without_its_secret() {
    let settings = Settings {
        slack: Some("http://hooks.example/secret".to_owned()),
        ..Settings::default()
    };
    let channels = Channels::new(&settings, &[]);
    let faults: Vec<String> = channels.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        ["SLACK_WEBHOOK_URL cannot be sent to: it does not begin with https://"]
    );
    let request = channels.all[0].request("id", &Notice::Test { at: NOW }, NOW);
    assert!(request.is_err());
}

#[test]
fn a_switch_that_is_neither_true_nor_false_is_reported_and_counts_as_not_set() {
    let settings = Settings {
        on_failure: Some("no".to_owned()),
        on_success: Some("".to_owned()),
        ..settings()
    };
    let channels = Channels::new(&settings, &[]);
    assert_eq!(
        channels.faults,
        [ChannelError::Switch {
            name: "ALERT_ON_FAILURE"
        }]
    );
    assert!(channels.all[0].on_failure && !channels.all[0].on_success);
}

#[test]
fn the_host_of_a_row_decides_what_it_is_sent() {
    let kind = |url: &str| {
        let row = Configured {
            id: 7,
            webhook_url: url.to_owned(),
            notify_on_success: 0,
            notify_on_failure: 1,
        };
        let channels = Channels::new(&Settings::default(), &[row]);
        assert_eq!(channels.all[0].row(), Some(7));
        channels.all[0].kind
    };
    assert_eq!(kind("https://discord.com/api/webhooks/1/x"), Kind::Discord);
    assert_eq!(
        kind("https://ptb.discordapp.com/api/webhooks/1/x"),
        Kind::Discord
    );
    assert_eq!(kind("https://hooks.slack.com/services/x"), Kind::Slack);
    assert_eq!(kind("https://notdiscord.com/"), Kind::Webhook);
    assert_eq!(kind("https://discord.com.evil.example/"), Kind::Webhook);
}

#[test]
fn what_a_report_has_told_is_not_told_again_when_it_opens() {
    let digest = Digest {
        at: NOW,
        opened: vec![told("job_failed", "", ""), told("overdue", "a", "")],
        repeated: vec![told("database_failed", "a", "")],
        resolved: vec![told("job_failed", "", "")],
    };
    let counts = |on_failure: &str| {
        let settings = Settings {
            on_failure: Some(on_failure.to_owned()),
            ..settings()
        };
        let digest = Channels::new(&settings, &[]).all[0]
            .digest(&digest)
            .unwrap();
        [
            digest.opened.len(),
            digest.repeated.len(),
            digest.resolved.len(),
        ]
    };
    assert_eq!(counts("true"), [1, 1, 1]);
    // Who wants no failures still hears of the rest.
    assert_eq!(counts("false"), [1, 0, 0]);
}

#[test]
fn a_digest_of_which_nothing_is_left_is_not_sent() {
    let digest = Digest {
        at: NOW,
        opened: vec![told("job_failed", "", "")],
        repeated: vec![],
        resolved: vec![],
    };
    assert_eq!(channel("discord").digest(&digest), None);
}

#[test]
fn a_hundred_alarms_are_one_message_that_counts_what_it_leaves_out() {
    let opened: Vec<_> = (0..100)
        .map(|number| told("overdue", &format!("db-{number}"), &"long ".repeat(100)))
        .collect();
    let digest = Digest {
        at: NOW,
        opened,
        repeated: vec![],
        resolved: vec![],
    };
    let embeds = &body("discord", &Notice::Alarms(digest))["embeds"];
    assert_eq!(embeds[0]["title"], "🔴 Cache: new alarms (100)");
    let description = embeds[0]["description"].as_str().unwrap();
    let end = description.lines().last().unwrap();
    assert!(end.starts_with("and ") && end.ends_with(" more"), "{end}");
}

fn anything() -> impl Strategy<Value = Notice> {
    let told = (".{0,300}", ".{0,300}", "(?s).{0,2000}")
        .prop_map(|(cause, database, summary)| told(&cause, &database, &summary));
    let all = move || vec(told.clone(), 0..40);
    let digest = (all(), all(), all()).prop_map(|(opened, repeated, resolved)| {
        Notice::Alarms(Digest {
            at: NOW,
            opened,
            repeated,
            resolved,
        })
    });
    let detail = (".{0,300}", proptest::option::of("(?s).{0,2000}"));
    let details = vec(
        detail.prop_map(|(name, error)| super::tests::detail(&name, error.as_deref())),
        0..60,
    );
    let report = (details, any::<bool>(), ".{0,3000}").prop_map(|(details, good, id)| {
        let report = Report {
            job_id: id,
            size_bytes: u64::MAX,
            duration_ms: i64::MAX,
            ..report(details)
        };
        if good {
            Notice::BackupCompleted(report)
        } else {
            Notice::BackupFailed(report)
        }
    });
    prop_oneof![digest, report]
}

fn units(value: &Value) -> usize {
    value.as_str().map_or(0, words::length)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_exceeds_the_limits_of_discord(notice in anything()) {
        let message = body("discord", &notice);
        let embeds = message["embeds"].as_array().unwrap();
        prop_assert!(embeds.len() <= 10);
        let mut all = 0;
        for embed in embeds {
            prop_assert!((1..=256).contains(&units(&embed["title"])));
            prop_assert!(units(&embed["description"]) <= 4096);
            prop_assert!(units(&embed["footer"]["text"]) <= 2048);
            all += units(&embed["title"]) + units(&embed["description"]) + units(&embed["footer"]["text"]);
            for field in embed["fields"].as_array().into_iter().flatten() {
                prop_assert!((1..=256).contains(&units(&field["name"])));
                prop_assert!((1..=1024).contains(&units(&field["value"])));
                all += units(&field["name"]) + units(&field["value"]);
            }
        }
        prop_assert!(all <= 6000, "{all}");
    }

    #[test]
    fn nothing_exceeds_the_limits_of_slack(notice in anything()) {
        let message = body("slack", &notice);
        let blocks = message["blocks"].as_array().unwrap();
        prop_assert!(blocks.len() <= 50);
        for block in blocks {
            let limit = if block["type"] == "header" { 150 } else { 3000 };
            prop_assert!((1..=limit).contains(&units(&block["text"]["text"])));
        }
    }

    #[test]
    fn a_notice_is_read_as_it_was_written(notice in anything()) {
        let json = notice.to_json().unwrap();
        prop_assert_eq!(serde_json::from_str::<Notice>(&json).unwrap(), notice);
    }
}
