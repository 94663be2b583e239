//! `databases.toml`: read and checked, every fault with its line and the fix.

mod cron;
mod rules;
mod section;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use shared::registry::{
    BackupConfig, CatalogueConfig, DEADLINE_HOURS, DatabaseConfig, KeepRules, Omissions, Registry,
};
use toml::de::{DeTable, DeValue};

use section::{Located, Report, Section};

/// The deadlines that a backup may have, in hours: a week at most.
const DEADLINES: RangeInclusive<u32> = 1..=168;

/// The weeks that a backup may be kept: a century at most; with 0 the keep rules alone decide.
const WEEKS: RangeInclusive<u32> = 0..=5200;

/// How many backups a keep rule may keep: fewer than the janitor looks at of one database.
const KEPT: RangeInclusive<u32> = 0..=5200;

/// The file, from the root.
pub(crate) const FILE: &str = "databases.toml";

/// One thing that is wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Fault {
    /// From 1.
    line: usize,
    /// What is wrong, and what to write instead.
    message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{FILE}:{}: {}", self.line, self.message)
    }
}

/// The registry that `text` describes, or everything that is wrong with it, by line.
pub(crate) fn read(text: &str) -> Result<Registry, Vec<Fault>> {
    let mut report = Report::new(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        report.fault(report.line(offset), not_toml(error.message()));
    }
    // What a broken line hides would be reported as missing.
    let registry = if errors.is_empty() {
        registry(document.get_ref(), &mut report)
    } else {
        None
    };
    match (registry, report.into_faults()) {
        (Some(registry), faults) if faults.is_empty() => Ok(registry),
        (_, faults) => Err(faults),
    }
}

fn registry(document: &DeTable<'_>, report: &mut Report<'_>) -> Option<Registry> {
    let mut file = Section::new("the file", 1, document);
    let backup = file.table("backup", report);
    let catalogue = file.table("catalogue", report);
    let databases = file.tables("databases", report);
    file.finish(report);

    let backup_line = backup.as_ref().map_or(1, Section::line);
    let backup = backup.and_then(|section| backup_config(section, report));
    let mut taken = Taken::default();
    let catalogue = catalogue.and_then(|section| catalogue_config(section, &mut taken, report));
    let lines: Vec<usize> = databases.iter().map(Section::line).collect();
    let databases: Vec<Option<DatabaseConfig>> = databases
        .into_iter()
        .map(|section| database(section, &mut taken, report))
        .collect();
    let registry = Registry {
        backup: backup?,
        catalogue: catalogue?,
        databases: databases.into_iter().collect::<Option<_>>()?,
    };
    something_is_kept(&registry, backup_line, &lines, report);
    Some(registry)
}

/// Refuses a policy that would keep nothing: no time, and no rule. That under `[backup]` also holds for databases that have
/// left the registry, so it must keep something by itself.
fn something_is_kept(
    registry: &Registry,
    backup_line: usize,
    lines: &[usize],
    report: &mut Report<'_>,
) {
    const FIX: &str = "set `retention_weeks` to 1 or more, or one of `keep_last`, `keep_daily`, `keep_weekly`, \
                       `keep_monthly`, `keep_yearly`";
    if registry.backup.retention_weeks == 0 && registry.backup.keep.is_empty() {
        report.fault(backup_line, format!("[backup] would keep no backup: {FIX}"));
        return;
    }
    for (database, line) in registry.databases.iter().zip(lines) {
        let name = &database.name;
        if registry.retention_weeks(name) == 0 && registry.keep_rules(name).is_empty() {
            report.fault(*line, format!("no backup of `{name}` would be kept: {FIX}"));
        }
    }
}

fn keep_rules(section: &mut Section<'_>, report: &mut Report<'_>) -> KeepRules {
    let mut rule = |field| section.optional_number(field, KEPT, report);
    KeepRules {
        last: rule("keep_last"),
        daily: rule("keep_daily"),
        weekly: rule("keep_weekly"),
        monthly: rule("keep_monthly"),
        yearly: rule("keep_yearly"),
    }
}

fn backup_config(mut section: Section<'_>, report: &mut Report<'_>) -> Option<BackupConfig> {
    let schedule = section.text("schedule", report);
    let schedule = schedule.and_then(|found| report.check(found, cron::check));
    let bucket = section.text("bucket", report);
    let bucket = bucket.and_then(|found| report.check(found, rules::bucket));
    // Bounds: what one account's queue consumer is sensibly given; the 15 minutes of an invocation, less
    // one to finish in; the platform's most retries.
    let retention_weeks = section.number("retention_weeks", WEEKS, report);
    let keep = keep_rules(&mut section, report);
    let concurrency = section.number("concurrency", 1..=20, report);
    let export_timeout_ms = section.number("export_timeout_ms", 1000..=840_000, report);
    let max_retries = section.number("max_retries", 0..=100, report);
    let deadline_hours = section.optional_number("deadline_hours", DEADLINES, report);
    section.finish(report);
    Some(BackupConfig {
        schedule: schedule?,
        retention_weeks: retention_weeks?,
        keep,
        bucket: bucket?,
        concurrency: concurrency?,
        export_timeout_ms: export_timeout_ms?,
        max_retries: max_retries?,
        deadline_hours: deadline_hours.unwrap_or(DEADLINE_HOURS),
    })
}

fn catalogue_config(
    mut section: Section<'_>,
    taken: &mut Taken,
    report: &mut Report<'_>,
) -> Option<CatalogueConfig> {
    let name = section.text("name", report);
    let name = name.and_then(|name| taken.name(name, report));
    let id = section.text("id", report);
    let id = id.and_then(|id| taken.id(id, rules::catalogue_id, report));
    section.finish(report);
    Some(CatalogueConfig {
        name: name?,
        id: id?,
    })
}

fn database(
    mut section: Section<'_>,
    taken: &mut Taken,
    report: &mut Report<'_>,
) -> Option<DatabaseConfig> {
    let name = section.text("name", report);
    let name = name.and_then(|name| taken.name(name, report));
    let id = section.text("id", report);
    let id = id.and_then(|id| taken.id(id, rules::database_id, report));
    let binding = section.text("binding", report);
    let binding = binding.and_then(|binding| taken.binding(binding, report));
    let description = section.text("description", report);
    let priority = section.text("priority", report);
    let priority = priority.and_then(|word| report.check(word, rules::priority));
    let estimated_size = section.text("estimated_size", report);
    let deadline_hours = section.optional_number("deadline_hours", DEADLINES, report);
    let retention_weeks = section.optional_number("retention_weeks", WEEKS, report);
    let keep = keep_rules(&mut section, report);
    let gzip = section.flag("gzip", report);
    let omissions = omissions(&mut section, report);
    section.finish(report);
    Some(DatabaseConfig {
        name: name?,
        id: id?,
        binding: binding?,
        description: description?.value,
        priority: priority?,
        estimated_size: estimated_size?.value,
        gzip,
        deadline_hours,
        retention_weeks,
        keep,
        omissions,
    })
}

/// The tables that a database's backups are without; each may be named once, in any letters.
fn omissions(section: &mut Section<'_>, report: &mut Report<'_>) -> Omissions {
    let mut taken: BTreeMap<String, (&'static str, usize)> = BTreeMap::new();
    let mut tables = |field: &'static str| -> Vec<String> {
        let mut names = Vec::new();
        for found in section.texts(field, report) {
            let line = found.line;
            let Some(name) = report.check(found, rules::table) else {
                continue;
            };
            let folded = name.to_ascii_lowercase();
            match taken.get(&folded) {
                Some((other, first)) if *other == field => report.fault(
                    line,
                    format!("the table `{name}` is in `{field}` twice, first in line {first}; remove one of the two"),
                ),
                Some((other, first)) => report.fault(
                    line,
                    format!("the table `{name}` is in `{other}` too, in line {first}; keep it in one of the two"),
                ),
                None => {
                    taken.insert(folded, (field, line));
                    names.push(name);
                }
            }
        }
        names
    };
    Omissions {
        leave_out: tables("leave_out"),
        without_rows: tables("without_rows"),
    }
}

/// Names, ids and bindings so far, with their lines: each may be there once.
#[derive(Debug, Default)]
struct Taken {
    names: BTreeMap<String, usize>,
    ids: BTreeMap<String, usize>,
    bindings: BTreeMap<String, usize>,
}

impl Taken {
    fn name(&mut self, name: Located, report: &mut Report<'_>) -> Option<String> {
        let line = name.line;
        let name = report.check(name, rules::name)?;
        once(&mut self.names, name, line, report, |name, first| {
            format!(
                "the name `{name}` is taken by line {first}; remove one of the two sections, or correct its name"
            )
        })
    }

    fn id(
        &mut self,
        id: Located,
        rule: fn(&str) -> Result<String, String>,
        report: &mut Report<'_>,
    ) -> Option<String> {
        let line = id.line;
        let id = report.check(id, rule)?;
        once(&mut self.ids, id, line, report, |id, first| {
            format!(
                "the id `{id}` is taken by line {first}; copy the right one from `npx wrangler d1 list`"
            )
        })
    }

    fn binding(&mut self, binding: Located, report: &mut Report<'_>) -> Option<String> {
        let line = binding.line;
        let binding = report.check(binding, rules::binding)?;
        once(
            &mut self.bindings,
            binding,
            line,
            report,
            |binding, first| {
                format!("the binding `{binding}` is taken by line {first}; choose another")
            },
        )
    }
}

fn once(
    taken: &mut BTreeMap<String, usize>,
    value: String,
    line: usize,
    report: &mut Report<'_>,
    message: impl FnOnce(&str, usize) -> String,
) -> Option<String> {
    if let Some(first) = taken.get(&value) {
        report.fault(line, message(&value, *first));
        return None;
    }
    taken.insert(value.clone(), line);
    Some(value)
}

fn not_toml(message: &str) -> String {
    match message {
        "duplicate key" => "this is there twice; remove one of the two".to_owned(),
        _ => format!(
            "this is not TOML ({message}); write lines such as `name = \"text\"`, `number = 12` and `[section]`"
        ),
    }
}
