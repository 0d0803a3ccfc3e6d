//! PostgreSQL beside it: rows of the same size, each in a transaction of its own, by as many clients.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{CLIENTS, LASTS};
use crate::machine;
use crate::table::{Figure, grouped};

/// Where Debian puts its programs, by version; elsewhere they are on the path.
const DEBIAN: &str = "/usr/lib/postgresql";
/// It refuses to be run by the superuser.
const ACCOUNT: &str = "postgres";
const MISSING: &str = "not installed (apt-get install postgresql)";

/// What it gave.
pub(super) struct Inserted {
    pub(super) rate: Figure,
    pub(super) half: Figure,
    pub(super) slowest: Figure,
    /// The share of all cores that pgbench took.
    pub(super) generator: Figure,
}

/// A fresh cluster on a socket of its own, with the durability it comes with.
struct Cluster {
    programs: PathBuf,
    directory: TempDir,
    as_another: bool,
}

/// Inserts rows of so many bytes into a table that holds so many already.
pub(super) fn insert(bytes: u64, already: u64) -> Inserted {
    let Some(programs) = programs() else {
        return Inserted::missing(MISSING);
    };
    match Cluster::start(programs).and_then(|cluster| cluster.insert(bytes, already)) {
        Ok(inserted) => inserted,
        Err(why) => Inserted::missing(&format!("failed: {why}")),
    }
}

impl Inserted {
    fn missing(why: &str) -> Self {
        eprintln!("  PostgreSQL {why}");
        let missing = || Figure::Missing(why.to_owned());
        Self {
            rate: missing(),
            half: missing(),
            slowest: missing(),
            generator: missing(),
        }
    }
}

impl Cluster {
    fn start(programs: PathBuf) -> Result<Self, String> {
        let as_another = said(Command::new("id").arg("-u"))?.trim() == "0";
        let directory = machine::scratch();
        let cluster = Self {
            programs,
            directory,
            as_another,
        };
        if as_another {
            let owner = format!("{ACCOUNT}:{ACCOUNT}");
            said(Command::new("chown").arg(owner).arg(cluster.path()))?;
        }
        let data = cluster.data();
        let init = ["-D", &data, "-A", "trust", "-U", ACCOUNT, "--no-sync"];
        said(cluster.command("initdb").args(init))?;
        let options = format!("-k {} -c listen_addresses=", cluster.path().display());
        let log = cluster.path().join("log");
        said(
            cluster
                .command("pg_ctl")
                .args(["-D", &data, "-w", "-o", &options, "-l"])
                .arg(log)
                .arg("start")
                // The server keeps what it is given open.
                .stdout(Stdio::null()),
        )?;
        Ok(cluster)
    }

    fn insert(&self, bytes: u64, already: u64) -> Result<Inserted, String> {
        let hex = "5a".repeat(usize::try_from(bytes).map_err(|it| it.to_string())?);
        let table = "CREATE TABLE item (place bigserial PRIMARY KEY, entry bytea NOT NULL)";
        self.sql(table)?;
        self.sql(&format!(
            "INSERT INTO item (entry) SELECT '\\x{hex}' FROM generate_series(1, {already})"
        ))?;
        self.sql("CHECKPOINT")?;
        let script = self.path().join("insert.sql");
        let insert = format!("INSERT INTO item (entry) VALUES ('\\x{hex}');\n");
        fs::write(&script, insert).map_err(|it| it.to_string())?;

        let before = machine::cpu_of_ended();
        let (clients, lasts) = (CLIENTS.to_string(), LASTS.as_secs().to_string());
        let told = said(
            self.command("pgbench")
                .current_dir(self.path())
                .args(["-h", &self.socket(), "-U", ACCOUNT])
                .args([
                    "-n", "-M", "prepared", "-c", &clients, "-j", "1", "-T", &lasts,
                ])
                .args(["-l", "--log-prefix=took", "-f"])
                .arg(script)
                .arg("postgres"),
        )?;
        let generator = machine::cpu_of_ended() - before;
        let rate = told
            .lines()
            .find_map(|it| {
                it.strip_prefix("tps = ")?
                    .split(['.', ' '])
                    .next()?
                    .parse()
                    .ok()
            })
            .ok_or("pgbench tells no rate")?;
        let took = self.took()?;
        let at = |percent: usize| took.get(took.len() * percent / 100).copied();
        let time = |it: Option<u64>| Figure::Time(Duration::from_micros(it.unwrap_or_default()));
        let cores = u32::try_from(machine::cores()).unwrap_or(1);
        eprintln!("  PostgreSQL {}/s", grouped(rate));
        Ok(Inserted {
            rate: Figure::Rate(rate),
            half: time(at(50)),
            slowest: time(at(99)),
            generator: Figure::share(generator, LASTS * cores),
        })
    }

    /// The microseconds of each transaction, in order of size.
    fn took(&self) -> Result<Vec<u64>, String> {
        let mut all = Vec::new();
        for file in fs::read_dir(self.path()).map_err(|it| it.to_string())? {
            let file = file.map_err(|it| it.to_string())?;
            if file.file_name().to_string_lossy().starts_with("took.") {
                let text = fs::read_to_string(file.path()).map_err(|it| it.to_string())?;
                let third = |line: &str| line.split(' ').nth(2)?.parse::<u64>().ok();
                all.extend(text.lines().filter_map(third));
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    fn sql(&self, text: &str) -> Result<(), String> {
        said(
            self.command("psql")
                .args(["-h", &self.socket(), "-U", ACCOUNT, "-q", "-c", text])
                .arg("postgres"),
        )
        .map(drop)
    }

    /// A program of it, run by who may run it.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if self.as_another {
            let mut other = Command::new("setpriv");
            let account = format!("--reuid={ACCOUNT}");
            let group = format!("--regid={ACCOUNT}");
            other
                .args([&account, &group, "--clear-groups"])
                .arg(program);
            other
        } else {
            Command::new(program)
        };
        // Anyone may stand there.
        command.current_dir("/");
        command
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn socket(&self) -> String {
        self.path().display().to_string()
    }

    fn data(&self) -> String {
        self.path().join("data").display().to_string()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Its directory goes next, whatever becomes of it.
        let data = self.data();
        let stop = ["-D", &data, "-m", "immediate", "stop"];
        let _ = said(self.command("pg_ctl").args(stop));
    }
}

/// The directory of the newest that Debian has, or the path's.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .map(|it| it.path().join("bin"))
        .filter(|it| it.join("pgbench").is_file() && it.join("initdb").is_file())
        .max();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    newest.or_else(|| std::env::split_paths(&paths).find(|it| it.join("pgbench").is_file()))
}

/// What a command says, where it succeeds.
fn said(command: &mut Command) -> Result<String, String> {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().map_err(|it| it.to_string())?;
    if status.success() {
        Ok(String::from_utf8_lossy(&stdout).into_owned())
    } else {
        let last = String::from_utf8_lossy(&stderr);
        Err(last.lines().last().unwrap_or("without a word").to_owned())
    }
}
