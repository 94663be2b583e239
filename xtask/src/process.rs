//! Starting other programs.

use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::workspace;

/// A program could not do its part.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    /// It is not installed, or not on the PATH.
    #[error("`{program}` was not found")]
    Missing { program: String },
    /// The system did not start it.
    #[error("`{program}` could not be started")]
    Start { program: String, source: io::Error },
    /// It ran and failed; what it said is already on the terminal, or in `output`.
    #[error("`{line}` failed ({status}){output}")]
    Failed {
        line: String,
        status: ExitStatus,
        output: String,
    },
}

/// A command that runs in the checkout's root.
pub(crate) fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(workspace::root());
    command
}

/// Cargo, as the one that started us.
pub(crate) fn cargo() -> Command {
    command(
        std::env::var_os("CARGO")
            .unwrap_or_else(|| "cargo".into())
            .as_os_str()
            .as_ref() as &Path,
    )
}

/// Runs it with its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), ProcessError> {
    let status = command
        .status()
        .map_err(|source| not_started(command, source))?;
    finished(command, status, "")
}

/// Becomes it where the system can, so that Ctrl-C and the exit status are its own; otherwise runs it.
pub(crate) fn replace(command: &mut Command) -> Result<(), ProcessError> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let source = command.exec();
        Err(not_started(command, source))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Runs it and passes on only those lines of its standard error that `keep` wants; a failure carries all of them.
pub(crate) fn run_quietly(
    command: &mut Command,
    keep: fn(&str) -> bool,
) -> Result<(), ProcessError> {
    let mut child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| not_started(command, source))?;
    let mut said = String::new();
    let lines = child.stderr.take().into_iter();
    for bytes in lines.flat_map(|stderr| BufReader::new(stderr).split(b'\n').map_while(Result::ok))
    {
        let text = String::from_utf8_lossy(&bytes);
        if keep(&text) {
            eprintln!("{text}");
        }
        said.push_str(&text);
        said.push('\n');
    }
    let status = child
        .wait()
        .map_err(|source| not_started(command, source))?;
    finished(command, status, &said)
}

/// Runs it silently and returns what it printed; a failure carries all of it.
pub(crate) fn capture(command: &mut Command) -> Result<String, ProcessError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| not_started(command, source))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, said) = (text(&output.stdout), text(&output.stderr));
    finished(command, output.status, &[stdout.as_str(), &said].concat()).map(|()| stdout)
}

fn finished(command: &Command, status: ExitStatus, said: &str) -> Result<(), ProcessError> {
    if status.success() {
        return Ok(());
    }
    Err(ProcessError::Failed {
        line: line(command),
        status,
        output: match said.trim() {
            "" => String::new(),
            said => format!(":\n{said}"),
        },
    })
}

fn not_started(command: &Command, source: io::Error) -> ProcessError {
    let program = command.get_program().to_string_lossy().into_owned();
    match source.kind() {
        ErrorKind::NotFound => ProcessError::Missing { program },
        _ => ProcessError::Start { program, source },
    }
}

/// The command as a person would type it, with the program's name alone.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
