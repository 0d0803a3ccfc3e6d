//! The figures, each beside its aim and a floor, its parts or another program. Nothing is asserted
//! about time: `cargo xtask bench` shows what this machine gives.

mod centre;
mod device;
mod first_sync;
mod import;
mod kept;
mod machine;
mod memory;
mod opening;
mod postings;
mod reconnect;
mod server;
mod submissions;
mod table;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use table::Table;

/// Takes some figures.
type Measure = fn(&mut Table);

/// What can be chosen by name.
const FIGURES: [(&str, Measure); 7] = [
    ("opening", opening::measure),
    ("first-sync", first_sync::measure),
    ("reconnect", reconnect::measure),
    ("submissions", submissions::measure),
    ("postings", postings::measure),
    ("import", import::measure),
    ("memory", memory::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        // What must be measured in a process of its own is done by this program started anew.
        [canbao_workbook::COMMAND, kind] => match kind.parse() {
            Ok(kind) => canbao_workbook::answer(kind),
            Err(_) => ExitCode::FAILURE,
        },
        [device::OPEN, directory] => device::answer(Path::new(directory)),
        [server::SERVE, directory] => server::answer(directory, server::Disk::AsItIs),
        [server::SERVE_SLOWED, directory] => server::answer(directory, server::Disk::Slowed),
        wanted => take(wanted),
    }
}

/// Takes the figures of these names, or all, and writes them as JSON as well.
fn take(arguments: &[&str]) -> ExitCode {
    let mut wanted = Vec::new();
    let mut as_json = false;
    for argument in arguments {
        match *argument {
            // Cargo's own word to every benchmark.
            "--bench" => {}
            "--json" => as_json = true,
            name if FIGURES.iter().any(|(known, _)| *known == name) => wanted.push(name),
            other => {
                let known: Vec<&str> = FIGURES.iter().map(|(name, _)| *name).collect();
                eprintln!("no figure `{other}`; there are {}", known.join(", "));
                return ExitCode::from(2);
            }
        }
    }
    let mut table = Table::on(machine::look());
    for (name, measure) in FIGURES {
        if wanted.is_empty() || wanted.contains(&name) {
            eprintln!("{name}");
            measure(&mut table);
        }
    }
    let json = format!("{:#}\n", table.json());
    let file = machine::place().with_extension("json");
    fs::write(&file, &json).expect("written");
    if as_json {
        print!("{json}");
    } else {
        println!("{table}");
    }
    ExitCode::SUCCESS
}
