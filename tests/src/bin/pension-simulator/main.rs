//! A pension side for demonstrations and tests, with faults on request.
//!
//! It shares no type with the centre; what both know is `docs/pension-interface.yaml` alone, and
//! it takes no feed that this file does not describe.

mod feeds;
mod http;

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use canbao_tests::simulator::client::{self, To};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::feeds::Feeds;

/// A pension side that is not one.
#[derive(Parser)]
#[command(name = "pension-simulator", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers as the pension side; what it is told is gone when it ends.
    Serve {
        /// Port 0 takes a free one; the line printed when it is ready says which.
        #[arg(long, default_value = "127.0.0.1:8500")]
        listen: SocketAddr,
    },
    /// Gives the pension side a unit's feed, from a file of JSON; without `as_of` it is always of
    /// the moment of the answer.
    Feed {
        #[command(flatten)]
        to: To,
        file: PathBuf,
    },
    /// Answers with something else about a unit from now on.
    Answer {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        fault: FaultArguments,
    },
    /// Answers about a unit as it should again.
    Heal {
        #[command(flatten)]
        to: To,
        #[arg(long, value_name = "PENSION_UNIT_NUMBER")]
        unit: String,
    },
    /// Shows every feed.
    State {
        #[command(flatten)]
        to: To,
    },
}

#[derive(Args)]
struct FaultArguments {
    #[arg(long, value_name = "PENSION_UNIT_NUMBER")]
    unit: String,
    #[arg(long, default_value_t = 200)]
    status: u16,
    /// A file whose text is the body.
    body: PathBuf,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pension-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    let answer = match command {
        Command::Serve { listen } => return serve(listen),
        Command::Feed { to, file } => {
            let feed: Value = serde_json::from_slice(&std::fs::read(file)?)?;
            client::post(&to.at, "feed", &feed)
        }
        Command::Answer { to, fault } => {
            let body = std::fs::read_to_string(&fault.body)?;
            let request = json!({"unit": fault.unit, "status": fault.status, "body": body});
            client::post(&to.at, "answer", &request)
        }
        Command::Heal { to, unit } => client::post(&to.at, "heal", &json!({"unit": unit})),
        Command::State { to } => client::state(&to.at),
    };
    println!("{}", answer?);
    Ok(())
}

#[tokio::main]
async fn serve(listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    let feeds = Feeds::open()?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!(
        "{}",
        json!({"listening": listener.local_addr()?.to_string()})
    );
    Ok(http::serve(feeds, listener).await?)
}
