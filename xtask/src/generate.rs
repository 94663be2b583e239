//! `cargo xtask gen`: what follows from `databases.toml`, written to files that are checked in.

mod wrangler;

use std::fs;
use std::io::{self, ErrorKind};

use clap::Args;
use shared::registry::Registry;

use crate::registry::{self, FILE, Fault};
use crate::workspace::path;

/// How to generate.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Write nothing; fail when a file is not what would be written
    #[arg(long)]
    check: bool,
}

/// Nothing was generated, or what is there is old.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    /// The registry has faults.
    #[error("{FILE} needs {}:\n{}", corrections(.0.len()), lines(.0))]
    Registry(Vec<Fault>),
    /// `--check` found files that differ.
    #[error(
        "{} {} not what {FILE} asks for; run `cargo xtask gen` and commit what it writes",
        .0.join(", "),
        if .0.len() == 1 { "is" } else { "are" }
    )]
    Differs(Vec<&'static str>),
    /// A file could not be read or written.
    #[error("could not {action} {file}")]
    File {
        action: &'static str,
        file: &'static str,
        source: io::Error,
    },
    /// A file's content could not be put into JSON.
    #[error("could not make {file}")]
    Json {
        file: &'static str,
        source: serde_json::Error,
    },
}

/// Writes what differs, or with `--check` only says so.
pub(crate) fn generate(options: &Generate) -> Result<(), GenerateError> {
    if options.check {
        check()?;
    } else {
        for (file, content) in differing()? {
            if let Some(folder) = path(file).parent() {
                fs::create_dir_all(folder).map_err(file_error("make the folder of", file))?;
            }
            fs::write(path(file), content).map_err(file_error("write", file))?;
            println!("gen: wrote {file}");
        }
    }
    println!("gen: {FILE} is sound, and everything made from it is up to date");
    Ok(())
}

/// Fails when a file is not what the registry asks for.
pub(crate) fn check() -> Result<(), GenerateError> {
    let differing = differing()?;
    if differing.is_empty() {
        return Ok(());
    }
    Err(GenerateError::Differs(
        differing.into_iter().map(|(file, _)| file).collect(),
    ))
}

/// The generated files that are not what they should be, each with its content.
fn differing() -> Result<Vec<(&'static str, String)>, GenerateError> {
    let text = fs::read_to_string(path(FILE)).map_err(file_error("read", FILE))?;
    let registry = registry::read(&text).map_err(GenerateError::Registry)?;
    let mut differing = Vec::new();
    for (file, content) in files(&registry)? {
        if current(file)?.as_ref() != Some(&content) {
            differing.push((file, content));
        }
    }
    Ok(differing)
}

/// Every generated file, by its path from the root.
fn files(registry: &Registry) -> Result<Vec<(&'static str, String)>, GenerateError> {
    let mut files = vec![(
        "shared/registry.json",
        json("shared/registry.json", registry)?,
    )];
    for (file, config) in wrangler::configs(registry) {
        let body = json(file, &config)?;
        files.push((file, format!("{}{body}", wrangler::HEADER)));
    }
    Ok(files)
}

fn json(file: &'static str, value: &impl serde::Serialize) -> Result<String, GenerateError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|source| GenerateError::Json { file, source })?;
    Ok(text + "\n")
}

/// The file as it is; line ends of a checkout on Windows are no difference.
fn current(file: &'static str) -> Result<Option<String>, GenerateError> {
    match fs::read_to_string(path(file)) {
        Ok(text) => Ok(Some(text.replace("\r\n", "\n"))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error("read", file)(error)),
    }
}

fn file_error(action: &'static str, file: &'static str) -> impl FnOnce(io::Error) -> GenerateError {
    move |source| GenerateError::File {
        action,
        file,
        source,
    }
}

fn corrections(count: usize) -> String {
    match count {
        1 => "1 correction".to_owned(),
        _ => format!("{count} corrections"),
    }
}

fn lines(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(|fault| format!("  {fault}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked_in() -> Registry {
        registry::read(&fs::read_to_string(path(FILE)).unwrap()).unwrap()
    }

    #[test]
    fn the_embedded_registry_is_read_back_as_it_was_written() {
        let registry = checked_in();
        let (file, content) = files(&registry).unwrap().swap_remove(0);
        assert_eq!(file, "shared/registry.json");
        assert_eq!(
            serde_json::from_str::<Registry>(&content).unwrap(),
            registry
        );
    }

    #[test]
    fn a_configuration_is_json_below_a_comment_that_says_where_it_comes_from() {
        for (file, content) in files(&checked_in()).unwrap().into_iter().skip(1) {
            let body = content.strip_prefix(wrangler::HEADER).unwrap();
            assert!(
                serde_json::from_str::<serde_json::Value>(body).is_ok(),
                "{file}"
            );
            assert!(wrangler::HEADER.contains("databases.toml"));
        }
    }

    #[test]
    fn no_secret_is_ever_generated() {
        for (file, content) in files(&checked_in()).unwrap() {
            let body = content.strip_prefix(wrangler::HEADER).unwrap_or(&content);
            assert!(!body.contains("TOKEN"), "{file}");
        }
    }

    #[test]
    fn files_that_differ_are_named_with_the_fix() {
        assert_eq!(
            GenerateError::Differs(vec!["wrangler/api.jsonc"]).to_string(),
            "wrangler/api.jsonc is not what databases.toml asks for; run `cargo xtask gen` and commit what it writes"
        );
        assert_eq!(
            GenerateError::Differs(vec!["a", "b"]).to_string(),
            "a, b are not what databases.toml asks for; run `cargo xtask gen` and commit what it writes"
        );
    }

    #[test]
    fn the_faults_of_a_registry_are_listed_below_one_another() {
        let faults = registry::read("").unwrap_err();
        let text = GenerateError::Registry(faults).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "databases.toml needs 3 corrections:");
        assert_eq!(
            lines[1],
            "  databases.toml:1: there is no section [backup]; add it"
        );
        assert_eq!(lines.len(), 4);
    }
}
