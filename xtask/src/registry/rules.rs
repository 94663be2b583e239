//! What the texts of the file may be. Each rule says what to write instead.

use shared::registry::Priority;
use uuid::Uuid;

/// What the Workers have under these names already, or may be given as a secret or variable.
const RESERVED: &[&str] = &[
    "METADATA_DB",
    "BACKUPS",
    "EXPORTS",
    "EVENTS",
    "SIGN_IN_LIMIT",
    "DRILLS",
    "API_TOKEN",
    "API_TOKEN_PREVIOUS",
    "READ_TOKEN",
    "READ_TOKEN_PREVIOUS",
    "DISCORD_WEBHOOK_URL",
    "SLACK_WEBHOOK_URL",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "HEARTBEAT_URL",
    "ALERT_ON_SUCCESS",
    "ALERT_ON_FAILURE",
    "RETRY_BASE_SECONDS",
    "RETRY_CAP_SECONDS",
    "SNAPSHOT_MAX_BYTES",
    "EXPORT_TIMEOUT_MS",
    "EXPORT_GZIP",
    "EXPORT_DEADLINE_SECONDS",
];

/// A name that is safe in keys, addresses and file names.
pub(super) fn name(name: &str) -> Result<String, String> {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(alphanumeric);
    let goes_on = letters.all(|letter| alphanumeric(letter) || matches!(letter, '.' | '_' | '-'));
    if !starts || !goes_on || name.len() > 63 {
        return Err(format!(
            "the name `{name}` cannot be part of a key; write 1 to 63 lower-case letters, digits, dots, hyphens and \
             underscores, a letter or digit first"
        ));
    }
    if name.contains("..") {
        return Err(format!(
            "the name `{name}` cannot be part of a key; write single dots"
        ));
    }
    if name.ends_with(".sql") {
        return Err(format!(
            "the name `{name}` ends like a dump's key; leave out the `.sql`"
        ));
    }
    Ok(name.to_owned())
}

/// A D1 database's id.
pub(super) fn database_id(id: &str) -> Result<String, String> {
    let id = catalogue_id(id)?;
    if id == Uuid::nil().to_string() {
        return Err(format!(
            "the id `{id}` is a placeholder; copy the database's own from `npx wrangler d1 list`"
        ));
    }
    Ok(id)
}

/// The catalogue's id, which is a placeholder until there is a deployment.
pub(super) fn catalogue_id(id: &str) -> Result<String, String> {
    let canonical = Uuid::try_parse(id).map(|uuid| uuid.to_string());
    if canonical.as_deref() != Ok(id) {
        return Err(format!(
            "the id `{id}` is no UUID in lower-case letters; copy it from `npx wrangler d1 list`"
        ));
    }
    Ok(id.to_owned())
}

/// A binding's name.
pub(super) fn binding(binding: &str) -> Result<String, String> {
    let mut letters = binding.chars();
    let starts = letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase());
    let goes_on = letters
        .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_');
    if !starts || !goes_on {
        return Err(format!(
            "the binding `{binding}` is no identifier; write capital letters, digits and underscores, a letter first, \
             such as `GROVEAUTH_DB`"
        ));
    }
    if RESERVED.contains(&binding) {
        return Err(format!(
            "the binding `{binding}` is one of Cache's own; choose another, such as `{binding}_SOURCE`"
        ));
    }
    Ok(binding.to_owned())
}

/// A table's name, which may be nearly anything.
pub(super) fn table(name: &str) -> Result<String, String> {
    let begins = |start: &str| {
        let beginning = name.get(..start.len());
        beginning.is_some_and(|found| found.eq_ignore_ascii_case(start))
    };
    if name.is_empty() {
        return Err("a table's name is empty; write one, or remove it".to_owned());
    }
    if begins("sqlite_") || name.starts_with("_cf_") {
        return Err(format!(
            "the table `{name}` is not a user's, and never in a dump; remove it"
        ));
    }
    Ok(name.to_owned())
}

/// A priority.
pub(super) fn priority(word: &str) -> Result<Priority, String> {
    Priority::from_word(word)
        .ok_or_else(|| format!("the priority `{word}` is unknown; write critical, high or normal"))
}

/// An R2 bucket's name.
pub(super) fn bucket(name: &str) -> Result<String, String> {
    let allowed = name
        .chars()
        .all(|letter| alphanumeric(letter) || letter == '-');
    let ends = name.starts_with(alphanumeric) && name.ends_with(alphanumeric);
    if !allowed || !ends || !(3..=63).contains(&name.len()) {
        return Err(format!(
            "R2 refuses `{name}` as a bucket's name; write 3 to 63 lower-case letters, digits and hyphens, no hyphen at \
             either end"
        ));
    }
    Ok(name.to_owned())
}

fn alphanumeric(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit()
}
