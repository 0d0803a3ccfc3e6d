//! `canbao`: the application on the command line.

mod cli;
mod local;

use std::process::ExitCode;

fn main() -> ExitCode {
    canbao_core::panics::tell_place_only(|place| {
        eprintln!("canbao: a bug of this program at {place}");
    });
    let arguments: Vec<_> = std::env::args_os().collect();
    cli::run(&arguments)
}
