//! `cargo xtask build`: the four Workers, packed as they are deployed, in `dist/<worker>/`.

mod inputs;
mod size;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::generate::{self, GenerateError};
use crate::process::{ProcessError, capture, command, run_quietly};
use crate::setup::{self, SetupError, Tools};
use crate::workspace::{CONTRACT, WORKERS, config, npm_bin, path};

/// Cloudflare's limits are 3 and 10 MB; ours keeps cold starts short. The api has the pages of the dashboard. The janitor, for
/// which nobody waits, can also take a dump, as the exporter does: a drill compares what it restored by dumping it again.
fn most_gzipped_bytes(worker: &str) -> u64 {
    match worker {
        "janitor" => 600 * 1024,
        "api" => 560 * 1024,
        _ => 400 * 1024,
    }
}

/// A Worker could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    /// Set-up comes first.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The configurations are not those that the registry asks for.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// No Worker of that name.
    #[error(
        "there is no Worker `{0}`; there are api, producer, exporter, janitor, and contract for the tests"
    )]
    Unknown(String),
    /// Compiling the crate failed.
    #[error("the Worker `{worker}` did not compile")]
    Compile {
        worker: String,
        source: ProcessError,
    },
    /// wrangler refused the configuration or the code.
    #[error("the Worker `{worker}` could not be packed")]
    Pack {
        worker: String,
        source: ProcessError,
    },
    /// It would start slowly.
    #[error(
        "the Worker `{worker}` has {bytes} bytes gzipped; at most {} are allowed",
        most_gzipped_bytes(worker)
    )]
    TooLarge { worker: String, bytes: u64 },
    /// A file could not be read or written.
    #[error("could not {action} {path}")]
    File {
        action: &'static str,
        path: String,
        source: io::Error,
    },
}

/// Builds one Worker, or the four that are deployed.
pub(crate) fn build(only: Option<&str>) -> Result<(), BundleError> {
    match only {
        None => build_each(&WORKERS),
        Some(name) if WORKERS.contains(&name) || name == CONTRACT => build_each(&[name]),
        Some(name) => Err(BundleError::Unknown(name.to_owned())),
    }
}

/// Builds the four Workers, and the one that the tests need beside them.
pub(crate) fn build_with_contract() -> Result<(), BundleError> {
    build(None)?;
    build(Some(CONTRACT))
}

/// Builds each Worker, if something that goes into it has changed.
fn build_each(workers: &[&str]) -> Result<(), BundleError> {
    generate::check()?;
    let tools = setup::setup()?;
    let size = workers
        .iter()
        .map(|worker| worker.len())
        .max()
        .unwrap_or_default();
    for worker in workers.iter().copied() {
        let bundle = Bundle::new(worker);
        let inputs = inputs::hash(worker, &tools.versions)?;
        let fresh = bundle.is_built_from(&inputs);
        if !fresh {
            bundle.build(&tools)?;
        }
        let weight = size::measure(&bundle.output)?;
        println!(
            "build: {worker:size$} {:>5} KB, {:>4} KB gzipped{}",
            weight.raw.div_ceil(1024),
            weight.gzipped.div_ceil(1024),
            if fresh { "  (unchanged)" } else { "" }
        );
        if weight.gzipped > most_gzipped_bytes(worker) {
            return Err(BundleError::TooLarge {
                worker: worker.to_owned(),
                bytes: weight.gzipped,
            });
        }
        bundle.note(&inputs)?;
    }
    Ok(())
}

/// Builds a Worker for measurements with another registry than the checkout's, into this folder.
pub(crate) fn build_with_registry(
    worker: &str,
    registry: &Path,
    output: PathBuf,
) -> Result<(), BundleError> {
    let tools = setup::setup()?;
    let bundle = Bundle {
        note: output.with_extension("inputs"),
        output,
        registry: Some(registry),
        worker,
    };
    bundle.build(&tools)
}

/// One Worker and where its packed form goes.
struct Bundle<'a> {
    worker: &'a str,
    /// Another one than the checkout's.
    registry: Option<&'a Path>,
    output: PathBuf,
    /// Beside the output: the hash of what it was built from.
    note: PathBuf,
}

impl<'a> Bundle<'a> {
    fn new(worker: &'a str) -> Self {
        Self {
            worker,
            registry: None,
            output: path("dist").join(worker),
            note: path("dist").join(format!("{worker}.inputs")),
        }
    }

    fn is_built_from(&self, inputs: &str) -> bool {
        self.output.is_dir() && fs::read_to_string(&self.note).is_ok_and(|found| found == inputs)
    }

    fn build(&self, tools: &Tools) -> Result<(), BundleError> {
        println!("build: compiling {}", self.worker);
        forget(&self.note)?;
        // One target folder for all, so that what they share compiles once.
        let mut compile = command(&tools.worker_build);
        compile
            .args(["--no-opt", "--profile", self.profile().0])
            .current_dir(path(self.worker))
            .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
            .env("ESBUILD_BIN", npm_bin("esbuild"))
            // A compiler's error is clear without where worker-build met it.
            .env("RUST_BACKTRACE", "0");
        if let Some(registry) = self.registry {
            compile.env("CACHE_REGISTRY", registry);
        }
        if let Some(search) = setup::search_path() {
            compile.env("PATH", search);
        }
        run_quietly(&mut compile, is_progress).map_err(|source| BundleError::Compile {
            worker: self.worker.to_owned(),
            source,
        })?;
        self.optimize()?;
        self.pack()
    }

    /// A profile of the root's Cargo.toml, and how wasm-opt is to go on: the exporter computes; of the others, which wait,
    /// what counts is how much is uploaded and started.
    fn profile(&self) -> (&'static str, &'static str) {
        match self.worker {
            "exporter" => ("release", "-O3"),
            _ => ("small", "-Oz"),
        }
    }

    /// worker-build keeps the names of functions, a sixth of what is uploaded. A panic says its file and line without them.
    fn optimize(&self) -> Result<(), BundleError> {
        let (_, level) = self.profile();
        let program = path(self.worker).join("build/index_bg.wasm");
        let mut optimize = command(npm_bin("wasm-opt"));
        optimize.arg(level).args(WASM_FEATURES).arg(&program);
        optimize.arg("--output").arg(&program);
        // wasm-opt is a script for the Node beside it.
        if let Some(search) = setup::search_path() {
            optimize.env("PATH", search);
        }
        capture(&mut optimize).map_err(|source| BundleError::Pack {
            worker: self.worker.to_owned(),
            source,
        })?;
        Ok(())
    }

    fn pack(&self) -> Result<(), BundleError> {
        if self.output.exists() {
            fs::remove_dir_all(&self.output).map_err(file_error("remove", &self.output))?;
        }
        let mut wrangler = setup::node();
        wrangler
            .arg(path("node_modules/wrangler/bin/wrangler.js"))
            .env("WRANGLER_LOG", "log")
            .args(["deploy", "--dry-run", "--config"])
            .arg(config(self.worker))
            .arg("--outdir")
            .arg(&self.output);
        capture(&mut wrangler).map_err(|source| BundleError::Pack {
            worker: self.worker.to_owned(),
            source,
        })?;
        Ok(())
    }

    fn note(&self, inputs: &str) -> Result<(), BundleError> {
        fs::write(&self.note, inputs).map_err(file_error("write", &self.note))
    }
}

/// What workerd's engine has of WebAssembly, and Rust's compiler uses.
const WASM_FEATURES: [&str; 8] = [
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
    "--enable-simd",
];

/// The lines of a build by which a person sees that it goes on.
fn is_progress(line: &str) -> bool {
    line.trim_start().starts_with("Compiling ")
}

/// Removes a note, so that a build which is interrupted never looks finished.
fn forget(note: &Path) -> Result<(), BundleError> {
    match fs::remove_file(note) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(file_error("remove", note)(error))
        }
        _ => Ok(()),
    }
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = crate::workspace::relative(path);
    move |source| BundleError::File {
        action,
        path,
        source,
    }
}
