//! A tax bureau for demonstrations and tests, with faults on request.
//!
//! It shares no type with the centre; what both know is `docs/tax-interface.yaml` alone.

mod books;
mod bureau;
mod control;
mod faults;
mod http;
mod journal;
mod judge;
mod messages;
mod payment;
mod problem;
mod roster;
mod values;

use std::error::Error;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use canbao_tests::simulator::client::{self, To};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::bureau::Bureau;
use crate::control::{
    Base, CorrectRequest, DelayRequest, DieRequest, HoldRequest, PayRequest, PeriodRequest,
    ReverseRequest, SerialRequest,
};
use crate::faults::{On, Point};
use crate::roster::Correction;
use crate::values::{CreditCode, IdKind, IdNumber, LineNumber, Month, Name, PersonNumber, Serial};

/// A tax bureau that is not one.
#[derive(Parser)]
#[command(name = "tax-simulator", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers as the tax bureau, from what DIR holds.
    Serve {
        dir: PathBuf,
        /// Port 0 takes a free one; the line printed when it is ready says which.
        #[arg(long, default_value = "127.0.0.1:8400")]
        listen: SocketAddr,
    },
    /// Gives tax a unit's roster, from a file of JSON.
    Roster {
        #[command(flatten)]
        to: To,
        file: PathBuf,
    },
    /// Tax's own clerk changes, adds or removes a person.
    Correct {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        correction: CorrectionArguments,
    },
    /// The unit pays an assessment.
    Pay {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        payment: PaymentArguments,
        /// Collected only; the treasury books it by `post`.
        #[arg(long)]
        collect_only: bool,
    },
    /// The treasury books what was collected.
    Post {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        period: Period,
    },
    /// Tells a posting again.
    Repeat {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        serial: Serial,
    },
    /// Tells other content under a posting's serial.
    Alter {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        serial: Serial,
    },
    /// Takes a posting back, or some of its lines.
    Reverse {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        serial: Serial,
        /// A line of the posting; can be repeated, all of them without it.
        #[arg(long = "line", value_parser = line_number)]
        lines: Vec<LineNumber>,
        /// The day; today where none is given.
        #[arg(long)]
        date: Option<jiff::civil::Date>,
    },
    /// Posts amounts that base and rates do not explain.
    Unexplained {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        payment: PaymentArguments,
    },
    /// Posts for a transaction that was never sent.
    Stray {
        #[command(flatten)]
        to: To,
        #[command(flatten)]
        payment: PaymentArguments,
    },
    /// Leaves transactions undecided until released.
    Hold {
        #[command(flatten)]
        to: To,
    },
    /// Decides what was held, and holds no more.
    Release {
        #[command(flatten)]
        to: To,
    },
    /// Ends the simulator in the middle of its next transaction or payment.
    Die {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        point: Point,
        #[arg(long)]
        on: On,
    },
    /// Answers the centre late from now on; 0 ends it.
    Delay {
        #[command(flatten)]
        to: To,
        #[arg(long)]
        milliseconds: u64,
    },
    /// Shows everything tax has.
    State {
        #[command(flatten)]
        to: To,
    },
}

#[derive(Args)]
struct Period {
    #[arg(long)]
    credit_code: CreditCode,
    #[arg(long)]
    settlement: Month,
}

#[derive(Args)]
struct CorrectionArguments {
    #[arg(long)]
    credit_code: CreditCode,
    #[arg(long, value_name = "PERSON_NUMBER")]
    person: PersonNumber,
    /// Takes the person off the roster.
    #[arg(long)]
    remove: bool,
    #[arg(long)]
    id_kind: Option<IdKind>,
    #[arg(long)]
    id_number: Option<IdNumber>,
    #[arg(long)]
    name: Option<Name>,
    /// The first month paid.
    #[arg(long, value_name = "MONTH")]
    start: Option<Month>,
    /// The last month paid.
    #[arg(long, value_name = "MONTH", conflicts_with = "paying")]
    stop: Option<Month>,
    /// The person never stopped.
    #[arg(long)]
    paying: bool,
    #[arg(long, value_name = "YUAN", value_parser = base)]
    base: Option<Base>,
}

#[derive(Args)]
struct PaymentArguments {
    #[command(flatten)]
    period: Period,
    /// PERSON_NUMBER=YUAN, a base declared at tax; can be repeated.
    #[arg(long = "base", value_parser = person_and_base)]
    bases: Vec<(PersonNumber, Base)>,
    #[arg(long, default_value_t = 1)]
    parts: usize,
    /// The day of payment; today where none is given.
    #[arg(long)]
    date: Option<jiff::civil::Date>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tax-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    let answer = match command {
        Command::Serve { dir, listen } => return serve(&dir, listen),
        Command::Roster { to, file } => {
            let roster: Value = serde_json::from_slice(&std::fs::read(file)?)?;
            client::post(&to.at, "roster", &roster)
        }
        Command::Correct { to, correction } => {
            client::post(&to.at, "correct", &correction.request())
        }
        Command::Pay {
            to,
            payment,
            collect_only,
        } => client::post(&to.at, "pay", &payment.request(!collect_only)),
        Command::Post { to, period } => {
            let Period {
                credit_code,
                settlement,
            } = period;
            client::post(
                &to.at,
                "post",
                &PeriodRequest {
                    credit_code,
                    settlement,
                },
            )
        }
        Command::Repeat { to, serial } => client::post(&to.at, "repeat", &SerialRequest { serial }),
        Command::Alter { to, serial } => client::post(&to.at, "alter", &SerialRequest { serial }),
        Command::Reverse {
            to,
            serial,
            lines,
            date,
        } => {
            let request = ReverseRequest {
                serial,
                lines,
                date,
            };
            client::post(&to.at, "reverse", &request)
        }
        Command::Unexplained { to, payment } => {
            client::post(&to.at, "unexplained", &payment.request(true))
        }
        Command::Stray { to, payment } => client::post(&to.at, "stray", &payment.request(true)),
        Command::Hold { to } => client::post(&to.at, "hold", &HoldRequest { held: true }),
        Command::Release { to } => client::post(&to.at, "hold", &HoldRequest { held: false }),
        Command::Die { to, point, on } => client::post(&to.at, "die", &DieRequest { point, on }),
        Command::Delay { to, milliseconds } => {
            client::post(&to.at, "delay", &DelayRequest { milliseconds })
        }
        Command::State { to } => client::state(&to.at),
    };
    println!("{}", answer?);
    Ok(())
}

#[tokio::main]
async fn serve(directory: &Path, listen: SocketAddr) -> Result<(), Box<dyn Error>> {
    let bureau = Bureau::open(directory)?;
    let listener = tokio::net::TcpListener::bind(listen).await?;
    println!(
        "{}",
        json!({"listening": listener.local_addr()?.to_string()})
    );
    Ok(http::serve(bureau, listener).await?)
}

impl CorrectionArguments {
    fn request(self) -> CorrectRequest {
        CorrectRequest {
            credit_code: self.credit_code,
            person: Correction {
                person_number: self.person,
                remove: self.remove,
                id_kind: self.id_kind,
                id_number: self.id_number,
                name: self.name,
                start: self.start,
                stop: self.stop,
                paying: self.paying,
                base: self.base.map(Base::money),
            },
        }
    }
}

impl PaymentArguments {
    fn request(self, post: bool) -> PayRequest {
        PayRequest {
            credit_code: self.period.credit_code,
            settlement: self.period.settlement,
            bases: self.bases.into_iter().collect(),
            parts: self.parts,
            post,
            date: self.date,
        }
    }
}

fn line_number(text: &str) -> Result<LineNumber, String> {
    let number: u64 = text.parse().map_err(|_| "a number".to_owned())?;
    LineNumber::try_from(number).map_err(|error| error.to_string())
}

fn base(text: &str) -> Result<Base, String> {
    Base::try_from(text.to_owned()).map_err(|error| error.to_string())
}

fn person_and_base(text: &str) -> Result<(PersonNumber, Base), String> {
    let (person, base) = text.split_once('=').ok_or("PERSON_NUMBER=YUAN")?;
    let person = person.parse().map_err(|error| format!("{error}"))?;
    Ok((person, self::base(base)?))
}
