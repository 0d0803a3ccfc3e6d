//! The demo: the whole story with real processes, told on the terminal.
//!
//! Without `--once` everything stays up afterwards for a person to try.

use std::path::PathBuf;

use canbao_tests::story::{Narrator, Told, site_in, tell};
use clap::Parser;

/// Tells the story of the slice with real processes.
#[derive(Parser)]
struct Arguments {
    /// Ends when the story is told, without a person.
    #[arg(long)]
    once: bool,
    /// Where everything lives; emptied first.
    #[arg(long, default_value = "demo-data")]
    directory: PathBuf,
}

struct Terminal;

impl Narrator for Terminal {
    fn chapter(&mut self, title: &str) {
        println!("\n{title}");
    }

    fn line(&mut self, text: &str) {
        println!("  ✓ {text}");
    }
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    if arguments.directory.exists() {
        std::fs::remove_dir_all(&arguments.directory)?;
    }
    std::fs::create_dir_all(&arguments.directory)?;
    let directory = arguments.directory.canonicalize()?;
    let site = site_in(&directory);
    let told = tell(&site, &mut Terminal);
    println!("\n故事讲完了 / the story is told");
    if !arguments.once {
        stay(&told)?;
    }
    Ok(())
}

/// Keeps everything up until a person presses Enter.
fn stay(told: &Told<'_>) -> std::io::Result<()> {
    println!("一切仍在运行 / everything is still up:");
    println!("  中心 HTTP   http://{}/checkpoint", told.centre.http);
    println!("  税务模拟    http://{}/simulate/state", told.tax.address);
    for device in [&told.employer, &told.agency] {
        println!("  canbao --data {} status", device.directory.display());
    }
    println!("按回车结束 / press Enter to end");
    std::io::stdin().read_line(&mut String::new()).map(|_| ())
}
