//! Runs seeds of the simulation; the first one that does not hold ends it.

use std::process::ExitCode;
use std::time::Instant;

use canbao_tests::simulation::{Broken, Met, run};
use clap::Parser;

/// Runs the whole system over a simulated network, clocks and disks.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to run.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Prints the event log of every seed.
    #[arg(long)]
    trace: bool,
    /// Breaks a rule, which the invariant that guards it must find.
    #[arg(long = "break", hide = true)]
    broken: Option<Broken>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut met = Met::ALL.map(|it| (it, 0));
    let began = Instant::now();
    for seed in arguments.from..arguments.from.saturating_add(arguments.seeds) {
        println!("seed {seed}");
        let ran = run(seed, arguments.broken);
        if arguments.trace {
            println!("{}", ran.journal.lines().join("\n"));
        }
        if let Some(complaint) = ran.complaint() {
            println!("{complaint}");
            return ExitCode::FAILURE;
        }
        for (it, times) in &mut met {
            *times += ran.journal.times(*it);
        }
    }
    for (it, times) in met {
        println!("{times:>8} {it:?}");
    }
    let seconds = began.elapsed().as_secs_f32();
    println!("{} seeds hold, in {seconds:.1} s", arguments.seeds);
    ExitCode::SUCCESS
}
