//! `cargo xtask bench`: how fast, how large and how dear a backup is, beside other ways of making one.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::bundle::{self, BundleError};
use crate::process::{self, ProcessError};
use crate::setup::{self, SetupError};
use crate::workspace::path;

/// What to measure. The databases are made once, in the cache folder beside the compiled tools.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// How fast the api answers 50 clients at once, with a history of three years of 100 databases; nothing else
    #[arg(long, conflicts_with_all = ["quick", "large", "verify", "gzip", "runs", "database", "tool"])]
    api: bool,
    /// Small databases, each tool once: whether the benchmark works, in less than a minute
    #[arg(long, conflicts_with = "large")]
    quick: bool,
    /// Databases of 1 GB too: takes long, and 10 GB of disk
    #[arg(long)]
    large: bool,
    /// Restore the first dump of Cache into a file, and compare it with the database cell by cell
    #[arg(long)]
    verify: bool,
    /// Cache stores its dumps as gzip
    #[arg(long)]
    gzip: bool,
    /// How often each tool does its work; the median counts [default: 3, with --quick 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: Option<u32>,
    /// Write machine, results and ratios to this file as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only databases whose names contain this, such as blobs or 100mb; may be given again
    #[arg(long, value_name = "PART")]
    database: Vec<String>,
    /// Only this tool; may be given again
    #[arg(long)]
    tool: Vec<Tool>,
}

/// A way of making a dump, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    /// The exporter, from the message in its queue to the recorded result; and the same into a bucket that discards
    Cache,
    /// The specification's own algorithm, in a Worker
    Spec,
    /// `wrangler d1 export --local`
    Wrangler,
    /// `sqlite3 .dump` of the same file
    Sqlite3,
    /// The upload of as many bytes to the same bucket
    Upload,
}

/// The benchmark did not run to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// The exporter comes first.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// There is no place for the databases.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The file for the results would be nowhere.
    #[error("--json needs the path of a file, and {} is none", file.display())]
    Json { file: PathBuf, source: io::Error },
    /// The registry of the benchmark was not made.
    #[error("a registry of {DATABASES} databases could not be made from shared/registry.json")]
    Registry(#[source] io::Error),
    /// The script said why on the terminal.
    #[error("the benchmark did not run to its end")]
    Script(#[source] ProcessError),
}

/// How many the registry of the api's benchmark has.
const DATABASES: usize = 100;

/// Builds the exporter, then hands over to the script that measures.
pub(crate) fn bench(options: &Bench) -> Result<(), BenchError> {
    if options.api {
        return bench_api(options);
    }
    let arguments = arguments(options, &setup::cache_folder()?)?;
    bundle::build(Some("exporter"))?;
    let mut script = setup::node();
    script
        .args(["--disable-warning=ExperimentalWarning"])
        .arg(path("tests/benchmark/main.mjs"))
        .args(arguments);
    process::replace(&mut script).map_err(BenchError::Script)
}

/// The same for the api, which is built with a registry of its own: it is what the dashboard lists.
fn bench_api(options: &Bench) -> Result<(), BenchError> {
    let folder = path("target/bench-api");
    let registry = folder.join("registry.json");
    let embedded = fs::read(path("shared/registry.json")).map_err(BenchError::Registry)?;
    let text = many_databases(&embedded).map_err(BenchError::Registry)?;
    fs::create_dir_all(&folder).map_err(BenchError::Registry)?;
    fs::write(&registry, text).map_err(BenchError::Registry)?;
    let output = folder.join("api");
    bundle::build_with_registry("api", &registry, output.clone())?;
    let mut script = setup::node();
    script
        .args(["--disable-warning=ExperimentalWarning"])
        .arg(path("tests/benchmark/api.mjs"))
        .arg("--api")
        .arg(output);
    if let Some(file) = &options.json {
        script.arg("--json").arg(absolute(file)?);
    }
    process::replace(&mut script).map_err(BenchError::Script)
}

/// A registry like this one, with its first database a hundred times, from `db-001` on.
fn many_databases(registry: &[u8]) -> io::Result<Vec<u8>> {
    let mut registry: serde_json::Value = serde_json::from_slice(registry)?;
    let template = registry.pointer("/databases/0").cloned();
    let databases = (1..=DATABASES).filter_map(|number| {
        let mut database = template.clone()?;
        *database.get_mut("name")? = format!("db-{number:03}").into();
        *database.get_mut("binding")? = format!("DB_{number:03}").into();
        Some(database)
    });
    let databases: Vec<_> = databases.collect();
    if let Some(place) = registry.get_mut("databases") {
        *place = databases.into();
    }
    Ok(serde_json::to_vec(&registry)?)
}

/// The script runs in the checkout's root, its user may not.
fn absolute(file: &Path) -> Result<PathBuf, BenchError> {
    std::path::absolute(file).map_err(|source| BenchError::Json {
        file: file.to_owned(),
        source,
    })
}

/// The script's command line.
fn arguments(options: &Bench, cache: &Path) -> Result<Vec<OsString>, BenchError> {
    let mut arguments = vec!["--cache".into(), cache.as_os_str().to_owned()];
    let mut add = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    if let Some(runs) = options.runs {
        add("--runs", runs.to_string().into());
    }
    if let Some(file) = &options.json {
        add("--json", absolute(file)?.into());
    }
    for part in &options.database {
        add("--database", part.into());
    }
    for tool in &options.tool {
        if let Some(value) = tool.to_possible_value() {
            add("--tool", value.get_name().into());
        }
    }
    for (name, wanted) in [
        ("--quick", options.quick),
        ("--large", options.large),
        ("--verify", options.verify),
        ("--gzip", options.gzip),
    ] {
        if wanted {
            arguments.push(name.into());
        }
    }
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::Parser;

    use super::{Bench, arguments, many_databases};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Bench,
    }

    /// The script's command line for what a user has typed.
    fn script(typed: &str) -> String {
        let line = Line::try_parse_from(format!("bench {typed}").split_whitespace()).unwrap();
        let arguments = arguments(&line.options, Path::new("/cache")).unwrap();
        let words = arguments
            .iter()
            .map(|word| word.to_string_lossy().into_owned());
        words.collect::<Vec<_>>().join(" ")
    }

    fn refusal(typed: &str) -> String {
        let line = Line::try_parse_from(format!("bench {typed}").split_whitespace());
        line.map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn without_options_the_script_decides() {
        assert_eq!(script(""), "--cache /cache");
    }

    #[test]
    fn every_option_reaches_the_script() {
        assert_eq!(
            script(
                "--large --verify --gzip --runs 5 --json /r.json --database blobs --tool spec --tool sqlite3"
            ),
            "--cache /cache --runs 5 --json /r.json --database blobs --tool spec --tool sqlite3 --large --verify --gzip"
        );
    }

    #[test]
    fn a_relative_file_is_found_from_the_users_folder() {
        let here = std::env::current_dir().unwrap();
        let file = here.join("r.json");
        assert!(script("--json r.json").ends_with(&file.display().to_string()));
    }

    #[test]
    fn quick_and_large_exclude_each_other() {
        assert!(refusal("--quick --large").contains("cannot be used with"));
    }

    #[test]
    fn the_api_is_measured_alone() {
        assert!(refusal("--api --tool spec").contains("cannot be used with"));
    }

    #[test]
    fn the_registry_of_the_api_has_a_hundred_databases() {
        let made = many_databases(br#"{"databases": [{"name": "a", "binding": "A", "id": "1"}]}"#);
        let registry: serde_json::Value = serde_json::from_slice(&made.unwrap()).unwrap();
        let databases = registry["databases"].as_array().unwrap();
        assert_eq!(databases.len(), 100);
        assert_eq!(
            databases[41],
            serde_json::json!({ "name": "db-042", "binding": "DB_042", "id": "1" })
        );
    }

    #[test]
    fn nothing_is_measured_no_times() {
        assert!(refusal("--runs 0").contains("1..=100"));
    }

    #[test]
    fn an_unknown_tool_is_refused_with_those_there_are() {
        assert!(refusal("--tool pg_dump").contains("wrangler"));
    }
}
