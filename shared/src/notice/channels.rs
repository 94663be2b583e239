//! The channels: what a deployment and the catalogue configure, which notices each gets, and as what request.

use super::address::{Address, AddressError};
use super::signature::{self, SecretError};
use super::{Digest, Notice, Signal, Told, discord, payload, slack};
use crate::alarms::is_told_by_report;
use crate::catalogue::outbox::Configured;
use crate::ports::WebhookRequest;
use crate::time::Timestamp;

/// The name of the heartbeat's channel.
pub const HEARTBEAT: &str = "heartbeat";
/// Before the id of a row of `alert_config` in the name of its channel.
const ROW: &str = "config:";

/// Variables and secrets of the janitor; a text that is empty is as good as none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `DISCORD_WEBHOOK_URL`.
    pub discord: Option<String>,
    /// `SLACK_WEBHOOK_URL`.
    pub slack: Option<String>,
    /// `WEBHOOK_URL`.
    pub webhook: Option<String>,
    /// `WEBHOOK_SECRET`, with which all generic webhooks are signed.
    pub webhook_secret: Option<String>,
    /// `HEARTBEAT_URL`.
    pub heartbeat: Option<String>,
    /// `ALERT_ON_SUCCESS`, `false` unless it is set.
    pub on_success: Option<String>,
    /// `ALERT_ON_FAILURE`, `true` unless it is set.
    pub on_failure: Option<String>,
}

/// What a channel understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Embeds of Discord.
    Discord,
    /// Blocks of Slack.
    Slack,
    /// The specification's JSON.
    Webhook,
    /// Pings of a dead man's switch.
    Heartbeat,
}

impl Kind {
    /// The word of answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discord => "discord",
            Self::Slack => "slack",
            Self::Webhook => "webhook",
            Self::Heartbeat => HEARTBEAT,
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// Nothing is sent to it until it is put right.
    #[error("{place} cannot be sent to: {reason}")]
    Address {
        /// Where the address stands.
        place: String,
        /// What is the matter with it.
        reason: AddressError,
    },
    /// Nothing is sent to a generic webhook until it is put right.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// It counts as not set.
    #[error(
        "{name} is neither `true` nor `false`; correct it with `npx wrangler secret put {name} -c wrangler/janitor.jsonc`"
    )]
    Switch {
        /// The variable's name.
        name: &'static str,
    },
}

/// A place where notices go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its name in the outbox.
    pub name: String,
    /// What it understands.
    pub kind: Kind,
    /// Whether it is told of jobs that worked.
    pub on_success: bool,
    /// Whether it is told of jobs that failed.
    pub on_failure: bool,
    address: Result<Address, ChannelError>,
    key: Result<Option<Vec<u8>>, SecretError>,
}

/// The channels, and what of the settings cannot be used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channels {
    /// All of them, also those with an address that cannot be used: what is meant for them is recorded as given up.
    pub all: Vec<Channel>,
    /// What is to be reported.
    pub faults: Vec<ChannelError>,
}

impl Channels {
    /// The channels of these settings and rows.
    pub fn new(settings: &Settings, rows: &[Configured]) -> Self {
        let mut faults = Vec::new();
        let mut switch = |name, value: &Option<String>, default| {
            let value = value.as_deref().map(str::trim).unwrap_or_default();
            match value {
                "" => default,
                "true" => true,
                "false" => false,
                _ => {
                    faults.push(ChannelError::Switch { name });
                    default
                }
            }
        };
        let on_success = switch("ALERT_ON_SUCCESS", &settings.on_success, false);
        let on_failure = switch("ALERT_ON_FAILURE", &settings.on_failure, true);
        let secret = given(&settings.webhook_secret);
        let key = secret.map(signature::key).transpose();
        let set = |name: &str, place: &str, kind, url: &Option<String>| {
            let address = read(given(url)?, || place.to_owned());
            Some(Channel {
                name: name.to_owned(),
                kind,
                on_success,
                on_failure,
                address,
                key: key.clone(),
            })
        };
        let variables = [
            set(
                "discord",
                "DISCORD_WEBHOOK_URL",
                Kind::Discord,
                &settings.discord,
            ),
            set("slack", "SLACK_WEBHOOK_URL", Kind::Slack, &settings.slack),
            set("webhook", "WEBHOOK_URL", Kind::Webhook, &settings.webhook),
            set(
                HEARTBEAT,
                "HEARTBEAT_URL",
                Kind::Heartbeat,
                &settings.heartbeat,
            ),
        ];
        let rows = rows.iter().map(|row| {
            let address = read(row.webhook_url.trim(), || {
                format!("the row {} of alert_config", row.id)
            });
            Channel {
                name: format!("{ROW}{}", row.id),
                kind: address
                    .as_ref()
                    .map_or(Kind::Webhook, |it| kind_of(it.host())),
                on_success: row.notify_on_success != 0,
                on_failure: row.notify_on_failure != 0,
                address,
                key: key.clone(),
            }
        });
        let all: Vec<Channel> = variables.into_iter().flatten().chain(rows).collect();
        faults.extend(
            all.iter()
                .filter_map(|channel| channel.address.clone().err()),
        );
        if all.iter().any(|channel| channel.kind == Kind::Webhook) {
            faults.extend(key.err().map(ChannelError::from));
        }
        Self { all, faults }
    }

    /// The channel of that name.
    pub fn find(&self, name: &str) -> Option<&Channel> {
        self.all.iter().find(|channel| channel.name == name)
    }

    /// Those that people and programs read.
    pub fn readers(&self) -> impl Iterator<Item = &Channel> {
        let all = self.all.iter();
        all.filter(|channel| channel.kind != Kind::Heartbeat)
    }
}

impl Channel {
    /// The row of `alert_config` that configures it.
    pub fn row(&self) -> Option<i64> {
        self.name.strip_prefix(ROW)?.parse().ok()
    }

    /// The digest as it is told here; `None` when nothing of it is. That a job or a database failed is told by the report
    /// of the job, so of those alarms only the repetition and the end are, and none of it where reports of failures are
    /// not wanted.
    pub fn digest(&self, digest: &Digest) -> Option<Digest> {
        let kept = |told: &[Told], with_results: bool| {
            let kept = told.iter();
            kept.filter(|alarm| with_results || !is_told_by_report(&alarm.cause))
                .cloned()
                .collect()
        };
        let digest = Digest {
            at: digest.at,
            opened: kept(&digest.opened, false),
            repeated: kept(&digest.repeated, self.on_failure),
            resolved: kept(&digest.resolved, self.on_failure),
        };
        (!digest.is_empty()).then_some(digest)
    }

    /// The request that tells the notice of this id at `now`. `Ok(None)` when the channel has no form for it.
    pub fn request(
        &self,
        id: &str,
        notice: &Notice,
        now: Timestamp,
    ) -> Result<Option<WebhookRequest>, ChannelError> {
        let address = self.address.as_ref().map_err(Clone::clone)?;
        let post = |address: &Address, headers, body: Option<Result<String, serde_json::Error>>| {
            // What these forms are made of always has JSON.
            let body = body?.ok()?;
            Some(WebhookRequest {
                url: address.as_str().to_owned(),
                headers,
                body: Some(body),
            })
        };
        let json = || vec![("content-type", "application/json".to_owned())];
        Ok(match self.kind {
            Kind::Discord => {
                let body = discord::message(notice).map(|it| serde_json::to_string(&it));
                // Only then is the answer about whether the message was saved.
                post(&address.with_parameter("wait", "true"), json(), body)
            }
            Kind::Slack => {
                let body = slack::message(notice).map(|it| serde_json::to_string(&it));
                post(address, json(), body)
            }
            Kind::Webhook => {
                let body = payload::payload(notice).map(|it| serde_json::to_string(&it));
                let Some(mut request) = post(address, json(), body) else {
                    return Ok(None);
                };
                let seconds = now.seconds();
                request.headers.push(("webhook-id", id.to_owned()));
                request
                    .headers
                    .push(("webhook-timestamp", seconds.to_string()));
                if let Some(key) = self.key.as_ref().map_err(|error| *error)? {
                    let body = request.body.as_deref().unwrap_or_default();
                    let signature = signature::sign(key, id, seconds, body)?;
                    request.headers.push(("webhook-signature", signature));
                }
                Some(request)
            }
            Kind::Heartbeat => {
                let Notice::Heartbeat { signal } = notice else {
                    return Ok(None);
                };
                let address = match signal {
                    Signal::Start => address.with_step("start"),
                    Signal::Success => address.clone(),
                    Signal::Fail => address.with_step("fail"),
                };
                Some(WebhookRequest {
                    url: address.as_str().to_owned(),
                    headers: Vec::new(),
                    body: None,
                })
            }
        })
    }
}

fn given(value: &Option<String>) -> Option<&str> {
    let value = value.as_deref()?.trim();
    (!value.is_empty()).then_some(value)
}

fn read(url: &str, place: impl FnOnce() -> String) -> Result<Address, ChannelError> {
    Address::read(url).map_err(|reason| ChannelError::Address {
        place: place(),
        reason,
    })
}

/// What the host of a row's address understands.
fn kind_of(host: &str) -> Kind {
    let is = |name: &str| {
        let rest = host.strip_suffix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if is("discord.com") || is("discordapp.com") {
        Kind::Discord
    } else if is("hooks.slack.com") {
        Kind::Slack
    } else {
        Kind::Webhook
    }
}
