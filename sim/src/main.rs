//! The simulation's command line: `cargo xtask sim` compiles it with its own profile and starts it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use sim::{Figures, Outcome, run};

/// Runs seeds until there are enough, or one breaks a promise.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask sim", bin_name = "cargo xtask sim")]
struct Cli {
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// How many seeds
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2000,
        conflicts_with = "minutes"
    )]
    seeds: u64,
    /// Go on for so long instead
    #[arg(long, value_name = "M")]
    minutes: Option<u64>,
    /// Print what happens in the first seed, and stop after it
    #[arg(long)]
    trace: bool,
    /// Go on after a broken promise, and list all seeds that break one
    #[arg(long)]
    all: bool,
}

fn main() -> ExitCode {
    let options = Cli::parse();
    if options.trace {
        let outcome = run(options.from, true);
        return told(&outcome);
    }
    let began = now();
    let mut figures = Figures::default();
    let mut broken = 0_u64;
    let mut next_line = Duration::from_secs(10);
    for seed in options.from.. {
        let elapsed = began.elapsed();
        let is_over = match options.minutes {
            Some(minutes) => elapsed >= Duration::from_secs(minutes * 60),
            None => seed - options.from >= options.seeds,
        };
        if is_over {
            break;
        }
        if elapsed >= next_line {
            next_line = elapsed + Duration::from_secs(10);
            println!("{}", progress(&figures, elapsed));
        }
        let outcome = run(seed, false);
        figures.add(&outcome.figures);
        if let Some(violation) = &outcome.violation {
            broken += 1;
            if options.all {
                println!("seed {seed}: {}: {}", violation.invariant, violation.detail);
            } else {
                return told(&run(seed, true));
            }
        }
    }
    print!("{figures}");
    println!("{}", progress(&figures, began.elapsed()));
    if broken > 0 {
        println!("{broken} seeds broke a promise");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Prints a run that is of interest.
fn told(outcome: &Outcome) -> ExitCode {
    for line in &outcome.trace {
        println!("{line}");
    }
    match &outcome.violation {
        None => {
            println!("seed {} keeps every promise", outcome.seed);
            ExitCode::SUCCESS
        }
        Some(violation) => {
            println!("\nseed {} breaks a promise", outcome.seed);
            println!("promise: {}", violation.invariant);
            println!("found:   {}", violation.detail);
            println!("again:   cargo xtask sim --from {} --trace", outcome.seed);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::cast_precision_loss)] // for people
fn progress(figures: &Figures, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64().max(0.001);
    format!(
        "{} seeds, {} jobs, {} backups in {seconds:.1} s: {:.1} seeds/s, {:.0} jobs/s",
        figures.seeds,
        figures.jobs,
        figures.backups,
        figures.seeds as f64 / seconds,
        figures.jobs as f64 / seconds
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "a native tool may look at the clock"
)]
fn now() -> Instant {
    Instant::now()
}
