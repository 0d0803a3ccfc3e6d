//! The command line of `canbao-server`.

use std::net::SocketAddr;
use std::path::PathBuf;

use canbao_core::identity::{CreditCode, IdKind, PensionNumber};
use canbao_core::ids::{CertificateSerial, VolumeId};
use canbao_core::message::Lang;
use canbao_core::month::Month;
use canbao_workbook::FileKind;
use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by a rule or because of the input
  2  the command line is not understood
  4  disk, store, keys, or another process

CANBAO_LOG filters what is logged to stderr, e.g. CANBAO_LOG=debug; by default it is info of
serve and warn of the others.";

/// The centre of Canbao (失业保险参保缴费): devices, intake, tax, the public log.
#[derive(Debug, Parser)]
#[command(name = "canbao-server", version, after_help = EXIT_CODES)]
pub struct CommandLine {
    /// The language of messages: zh or en.
    #[arg(long, global = true, default_value = "zh")]
    pub lang: Lang,
    /// What to do.
    #[command(subcommand)]
    pub command: Top,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Top {
    /// Make a new centre: its keys and its store.
    Init(InitArgs),
    /// Run a centre until SIGTERM or SIGINT.
    Serve(ServeArgs),
    /// Administer a centre, running or not.
    Admin(AdminArgs),
    /// The centre's own keys; no server may run meanwhile.
    Keys(KeysArgs),
    /// Read a workbook from the standard input: how this program reads foreign ones.
    #[command(name = canbao_workbook::COMMAND, hide = true)]
    ReadSheet {
        /// What it is.
        kind: FileKind,
    },
}

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The directory of the new centre.
    pub directory: PathBuf,
    /// The file of the root key: outside the directory, on a medium that is then kept offline.
    #[arg(long, value_name = "FILE")]
    pub root: PathBuf,
    /// The public log's name.
    #[arg(long, value_name = "NAME", default_value = "canbao.example/log")]
    pub origin: String,
    /// Print one JSON document.
    #[arg(long)]
    pub json: bool,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The directory of the centre.
    pub directory: PathBuf,
    /// Where devices connect, by QUIC; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8440")]
    pub listen: SocketAddr,
    /// Where checkpoint, tiles, health and metrics are read; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8441")]
    pub http: SocketAddr,
    /// The tax bureau's address, http://HOST:PORT; without one nothing is sent.
    #[arg(long, value_name = "URL")]
    pub tax: Option<String>,
    /// The pension side's address, http://HOST:PORT; without one feeds come as files alone.
    #[arg(long, value_name = "URL")]
    pub pension: Option<String>,
}

/// `admin`.
#[derive(Debug, Args)]
pub struct AdminArgs {
    /// The directory of the centre.
    #[arg(long, value_name = "DIR", env = "CANBAO_CENTRE")]
    pub data: PathBuf,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Admin,
}

/// `keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// The directory of the centre.
    #[arg(long, value_name = "DIR", env = "CANBAO_CENTRE")]
    pub data: PathBuf,
    /// Print one JSON document.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Keys,
}

/// The commands about keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Put another key in the place of one; it counts from the next start of the server.
    #[command(subcommand)]
    Rotate(Rotate),
}

/// `keys rotate`.
#[derive(Debug, Subcommand)]
pub enum Rotate {
    /// The key that authenticates the server; devices follow by themselves.
    Tls,
    /// The key that signs certificates; those issued before stay valid.
    Authority(RootArgs),
    /// The key that signs the log's heads; what was signed before still verifies.
    Log(RootArgs),
}

/// What the root has to sign.
#[derive(Debug, Args)]
pub struct RootArgs {
    /// The file of the root key.
    #[arg(long, value_name = "FILE")]
    pub root: PathBuf,
}

/// The administrator's commands.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// The table of the district agencies.
    #[command(subcommand)]
    Agencies(Agencies),
    /// The parameters of the law.
    #[command(subcommand)]
    Parameters(Parameters),
    /// Settlement periods (结算期).
    #[command(subcommand)]
    Settlement(Settlement),
    /// Volumes of drafts.
    #[command(subcommand)]
    Volume(Volume),
    /// Units (参保单位).
    #[command(subcommand)]
    Unit(Unit),
    /// Persons over all units.
    #[command(subcommand)]
    Person(Person),
    /// Enrolment codes.
    #[command(subcommand)]
    Code(Code),
    /// The certificates of operators and devices.
    #[command(subcommand)]
    Device(Device),
    /// The tax bureau.
    #[command(subcommand)]
    Tax(Tax),
    /// The pension side.
    #[command(subcommand)]
    Pension(Pension),
    /// What tax reported and nothing was recorded for.
    #[command(subcommand)]
    Incident(Incident),
    /// What operators did with personal data, and what was refused.
    #[command(subcommand)]
    Audit(Audit),
    /// The public log.
    #[command(subcommand)]
    Log(Log),
    /// How the centre stands.
    Status,
}

/// `admin agencies`.
#[derive(Debug, Subcommand)]
pub enum Agencies {
    /// Load the table: seq, district, agency, address, phone.
    Load {
        /// A .csv, .xls or .xlsx file.
        file: PathBuf,
    },
}

/// `admin parameters`.
#[derive(Debug, Subcommand)]
pub enum Parameters {
    /// Adopt a whole set of parameters.
    Load {
        /// A TOML file; without one the set that the program carries.
        file: Option<PathBuf>,
    },
}

/// `admin settlement`.
#[derive(Debug, Subcommand)]
pub enum Settlement {
    /// Open a settlement period.
    Open {
        /// The month, as 2022-01.
        month: Month,
    },
}

/// `admin volume`.
#[derive(Debug, Subcommand)]
pub enum Volume {
    /// Open a volume; new drafts go to the newest.
    Open {
        /// Its number, greater than every one before.
        #[arg(value_parser = volume)]
        volume: VolumeId,
    },
    /// Seal a volume; changes to it are refused from then on.
    Seal {
        /// Its number.
        #[arg(value_parser = volume)]
        volume: VolumeId,
    },
}

/// `admin unit`.
#[derive(Debug, Subcommand)]
pub enum Unit {
    /// Register a unit with its roster: 单位编号, 个人编号, 个人名称, 身份证, 缴费工资.
    Load(UnitArgs),
    /// Move a unit to another district, whose agency decides from then on.
    Move {
        /// The unit by id, credit code or unemployment number.
        unit: String,
        /// The district (参保区) by name or number.
        district: String,
    },
    /// List the units.
    List,
}

/// `admin person`.
#[derive(Debug, Subcommand)]
pub enum Person {
    /// Hold another identity document or name of a person, in every unit they are or were in.
    Amend(AmendArgs),
    /// Make two persons one: what was held under the second goes to the first.
    Merge {
        /// The 个人编号 that stays.
        kept: String,
        /// The 个人编号 that was given to the same person besides.
        gone: String,
        /// By what it was shown that both are one person.
        #[arg(long)]
        evidence: String,
    },
}

/// `admin person amend`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("change").required(true).multiple(true)))]
pub struct AmendArgs {
    /// 个人编号.
    pub number: String,
    /// The kind of the new document in its two digits.
    #[arg(long, default_value = "01")]
    pub id_kind: IdKind,
    /// The number of the new document.
    #[arg(long, group = "change")]
    pub id_number: Option<String>,
    /// The new name.
    #[arg(long, group = "change")]
    pub name: Option<String>,
    /// By what the change was shown.
    #[arg(long)]
    pub evidence: String,
}

/// `admin unit load`.
#[derive(Debug, Args)]
pub struct UnitArgs {
    /// An .xls, .xlsx or .csv file.
    pub file: PathBuf,
    /// 单位名称.
    #[arg(long)]
    pub name: String,
    /// The district (参保区) by name or number.
    #[arg(long)]
    pub district: String,
    /// 统一社会信用代码.
    #[arg(long, value_name = "CODE")]
    pub credit_code: CreditCode,
    /// 养老单位编号.
    #[arg(long, value_name = "NUMBER")]
    pub pension_number: PensionNumber,
    /// The first month for which these persons pay here.
    #[arg(long, value_name = "MONTH")]
    pub paying_since: Month,
    /// The last month for which the file's wages count as declared.
    #[arg(long, value_name = "MONTH")]
    pub bases_until: Month,
}

/// `admin code`.
#[derive(Debug, Subcommand)]
pub enum Code {
    /// Issue a one-time enrolment code; it is shown this once.
    Issue(CodeArgs),
}

/// `admin code issue`.
#[derive(Debug, Args)]
pub struct CodeArgs {
    /// For whom.
    #[command(flatten)]
    pub mandate: MandateArgs,
    /// The operator's name (经办人).
    #[arg(long, value_name = "NAME")]
    pub operator_name: String,
    /// For how many hours the code may be used.
    #[arg(long, value_name = "HOURS", default_value_t = 72)]
    pub valid_hours: u16,
}

/// Exactly one of the mandates.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct MandateArgs {
    /// A clerk of these units, each by id, credit code or unemployment number.
    #[arg(long, value_name = "UNIT", num_args = 1..)]
    pub employer: Vec<String>,
    /// A window clerk of a district's agency, by name or number.
    #[arg(long, value_name = "DISTRICT")]
    pub agency: Option<String>,
    /// The central authority.
    #[arg(long)]
    pub centre: bool,
}

/// `admin device`.
#[derive(Debug, Subcommand)]
pub enum Device {
    /// List the certificates: serial, operator, device, mandate, issued, expires, revoked.
    List,
    /// Revoke a certificate: what was admitted before stands, what comes after is refused.
    Revoke {
        /// The certificate's serial.
        #[arg(value_parser = serial)]
        serial: CertificateSerial,
        /// Why, as the operator will read it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Revoke every certificate of the same device: it is lost.
        #[arg(long)]
        device: bool,
    },
}

/// `admin tax`.
#[derive(Debug, Subcommand)]
pub enum Tax {
    /// What waits, what failed, and how the contact is.
    Status,
    /// Fetch tax's own roster of a unit; the server has to run.
    Roster {
        /// Id, credit code or unemployment number.
        #[arg(value_name = "UNIT")]
        unit: String,
    },
}

/// `admin pension`.
#[derive(Debug, Subcommand)]
pub enum Pension {
    /// How many units have a feed, and how the contact is.
    Status,
    /// Take in a unit's pension feed from a file.
    Take {
        /// A JSON file as the pension interface describes it.
        file: PathBuf,
    },
    /// Fetch a unit's pension feed; the server has to run.
    Fetch {
        /// Id, credit code, unemployment number or pension number.
        #[arg(value_name = "UNIT")]
        unit: String,
    },
}

/// `admin incident`.
#[derive(Debug, Subcommand)]
pub enum Incident {
    /// List the incidents.
    List,
}

/// `admin audit`.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// List reveals, exports and refused statements, oldest first.
    List,
}

/// `admin log`.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// Write checkpoint, tiles and entry bundles to a new directory.
    Copy {
        /// The new directory.
        out: PathBuf,
    },
}

fn volume(text: &str) -> Result<VolumeId, std::num::ParseIntError> {
    text.parse().map(VolumeId)
}

fn serial(text: &str) -> Result<CertificateSerial, std::num::ParseIntError> {
    text.parse().map(CertificateSerial)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_operating_guide_is_understood() {
        let guide = include_str!("../../docs/operating.md");
        let commands: Vec<&str> = guide
            .lines()
            .filter(|line| line.starts_with("canbao-server "))
            .collect();
        assert!(commands.len() > 15, "{commands:?}");
        for command in commands {
            let parsed = CommandLine::try_parse_from(command.split_whitespace());
            assert!(parsed.is_ok(), "{command}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn what_is_incomplete_or_contradicts_itself_is_refused() {
        let unit = "admin --data d unit load f.xls --name 甲 --district 2 --pension-number 1 \
                    --paying-since 2022-01 --bases-until 2022-12";
        for line in [
            "",
            "init d",
            "serve d --listen nowhere",
            "admin status",
            "admin --data d settlement open 2022-13",
            "admin --data d volume open x",
            "admin --data d code issue --operator-name 甲",
            "admin --data d code issue --operator-name 甲 --centre --agency 2",
            "admin --data d code issue --operator-name 甲 --employer",
            unit,
            &format!("{unit} --credit-code 91210199MA0CAB3280"),
        ] {
            let line = line.split_whitespace();
            let parsed =
                CommandLine::try_parse_from(["canbao-server"].into_iter().chain(line.clone()));
            assert!(parsed.is_err(), "{:?}", line.collect::<Vec<_>>());
        }
    }
}
