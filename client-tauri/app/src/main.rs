//! `canbao`: the application on the command line.

mod cli;
mod local;

use std::ffi::OsString;
use std::process::ExitCode;

use canbao_workbook::FileKind;

fn main() -> ExitCode {
    canbao_core::panics::tell_place_only(|place| {
        eprintln!("canbao: a bug of this program at {place}");
    });
    let arguments: Vec<_> = std::env::args_os().collect();
    match reads_a_workbook(&arguments) {
        Some(kind) => canbao_workbook::answer(kind),
        None => cli::run(&arguments),
    }
}

/// How this program reads a workbook that comes from elsewhere: it starts itself anew.
fn reads_a_workbook(arguments: &[OsString]) -> Option<FileKind> {
    match arguments {
        [_, command, kind] if command == canbao_workbook::COMMAND => kind.to_str()?.parse().ok(),
        _ => None,
    }
}
