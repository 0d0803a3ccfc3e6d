//! The table of figures: each with its aim and with what stands beside it, for people and as JSON.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Figure {
    /// How long something took.
    Time(Duration),
    /// How much memory, file or wire.
    Bytes(u64),
    /// How many in a second.
    Rate(u64),
    /// How many.
    Count(u64),
    /// A ratio, in thousandths.
    Thousandths(u64),
    /// A share, in percent.
    Percent(u64),
    /// Nothing, for this reason.
    Missing(String),
}

/// What the figure should be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Aim {
    Below(Figure),
    AtMost(Figure),
    AtLeast(Figure),
}

/// One figure.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    what: String,
    figure: Figure,
    aim: Option<Aim>,
    beside: Vec<(String, Figure)>,
    note: String,
}

/// All figures, in the order in which they were taken.
#[derive(Debug)]
pub(crate) struct Table {
    machine: Machine,
    rows: Vec<Row>,
}

/// What figures depend on most.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Its cores.
    pub(crate) cores: usize,
    /// The median of one fsync of 4 KiB.
    pub(crate) fsync: Duration,
    /// How many processes wanted a core as the run began, in hundredths: others' work beside it.
    pub(crate) load: u64,
}

impl Figure {
    /// A ratio of two numbers.
    pub(crate) fn ratio(part: u64, whole: u64) -> Self {
        Self::Thousandths(part * 1_000 / whole.max(1))
    }

    /// How many of something in a second, when so many took so long.
    pub(crate) fn rate(count: u64, took: Duration) -> Self {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Self::Rate(count.saturating_mul(1_000_000) / micros.max(1))
    }

    /// A share of the whole.
    pub(crate) fn share(part: Duration, whole: Duration) -> Self {
        let percent = part.as_micros() * 100 / whole.as_micros().max(1);
        Self::Percent(u64::try_from(percent).unwrap_or(u64::MAX))
    }

    /// Its number in the unit that [`Figure::unit`] names; none where nothing was measured.
    fn value(&self) -> Option<u64> {
        match self {
            Self::Time(time) => u64::try_from(time.as_micros()).ok(),
            Self::Bytes(number)
            | Self::Rate(number)
            | Self::Count(number)
            | Self::Thousandths(number)
            | Self::Percent(number) => Some(*number),
            Self::Missing(_) => None,
        }
    }

    fn unit(&self) -> &'static str {
        match self {
            Self::Time(_) => "us",
            Self::Bytes(_) => "bytes",
            Self::Rate(_) => "per second",
            Self::Count(_) => "count",
            Self::Thousandths(_) => "thousandths",
            Self::Percent(_) => "percent",
            Self::Missing(_) => "missing",
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Missing(why) => json!({ "missing": why }),
            measured => json!({ "value": measured.value(), "unit": measured.unit() }),
        }
    }
}

impl Row {
    /// A figure under a name.
    pub(crate) fn of(what: impl Into<String>, figure: Figure) -> Self {
        Self {
            what: what.into(),
            figure,
            aim: None,
            beside: Vec::new(),
            note: String::new(),
        }
    }

    /// It should be less.
    pub(crate) fn below(self, aim: Figure) -> Self {
        let aim = Some(Aim::Below(aim));
        Self { aim, ..self }
    }

    /// It should not be more.
    pub(crate) fn at_most(self, aim: Figure) -> Self {
        let aim = Some(Aim::AtMost(aim));
        Self { aim, ..self }
    }

    /// It should not be less.
    pub(crate) fn at_least(self, aim: Figure) -> Self {
        let aim = Some(Aim::AtLeast(aim));
        Self { aim, ..self }
    }

    /// Something to compare it with: a floor, a part of it, another program.
    pub(crate) fn beside(mut self, what: impl Into<String>, figure: Figure) -> Self {
        self.beside.push((what.into(), figure));
        self
    }

    /// How it was taken, where the name does not say it.
    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { note, ..self }
    }

    /// Whether the aim was met; none where there is no aim or no figure.
    fn is_met(&self) -> Option<bool> {
        let (aim, value) = (self.aim.as_ref()?, self.figure.value()?);
        let wanted = aim.figure().value()?;
        Some(match aim {
            Aim::Below(_) => value < wanted,
            Aim::AtMost(_) => value <= wanted,
            Aim::AtLeast(_) => value >= wanted,
        })
    }

    fn json(&self) -> Value {
        let beside = self.beside.iter().map(|(what, figure)| {
            let mut beside = figure.json();
            beside["what"] = json!(what);
            beside
        });
        json!({
            "what": self.what,
            "figure": self.figure.json(),
            "aim": self.aim.as_ref().map(ToString::to_string),
            "met": self.is_met(),
            "beside": beside.collect::<Vec<Value>>(),
            "note": self.note,
        })
    }
}

impl Aim {
    fn figure(&self) -> &Figure {
        let (Self::Below(figure) | Self::AtMost(figure) | Self::AtLeast(figure)) = self;
        figure
    }
}

impl Table {
    pub(crate) fn on(machine: Machine) -> Self {
        let rows = Vec::new();
        Self { machine, rows }
    }

    /// Takes a figure in, and shows that it is there: a whole run takes minutes.
    pub(crate) fn add(&mut self, row: Row) {
        eprintln!("  {}: {}", row.what, row.figure);
        self.rows.push(row);
    }

    /// All of it; times in microseconds, nothing rounded.
    pub(crate) fn json(&self) -> Value {
        let Machine { cores, fsync, load } = &self.machine;
        json!({
            "machine": {
                "cores": cores,
                "fsync_us": Figure::Time(*fsync).value(),
                "load_hundredths": load,
            },
            "figures": self.rows.iter().map(Row::json).collect::<Vec<Value>>(),
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.machine)?;
        writeln!(f, "| what | figure | aim | beside it |\n|---|---|---|---|")?;
        for row in &self.rows {
            let aim = row.aim.as_ref().map(ToString::to_string);
            let missed = match row.is_met() {
                Some(false) => ", missed",
                Some(true) | None => "",
            };
            let mut beside: Vec<String> = row
                .beside
                .iter()
                .map(|(what, figure)| format!("{what} {figure}"))
                .collect();
            beside.extend((!row.note.is_empty()).then(|| row.note.clone()));
            writeln!(
                f,
                "| {} | {} | {}{missed} | {} |",
                row.what,
                row.figure,
                aim.unwrap_or_default(),
                beside.join("; ")
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.load / 100, self.load % 100);
        write!(
            f,
            "{} cores, one fsync of 4 KiB {} (median of 50), load {whole}.{part:02} as it began",
            self.cores,
            Figure::Time(self.fsync)
        )
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(figure) => write!(f, "< {figure}"),
            Self::AtMost(figure) => write!(f, "≤ {figure}"),
            Self::AtLeast(figure) => write!(f, "≥ {figure}"),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write_time(f, time.as_micros()),
            Self::Bytes(bytes) => match bytes {
                0..10_000 => write!(f, "{bytes} bytes"),
                10_000..10_000_000 => write!(f, "{} KB", bytes / 1_000),
                _ => write!(f, "{} MB", bytes / 1_000_000),
            },
            Self::Rate(rate) => write!(f, "{}/s", grouped(*rate)),
            Self::Count(count) => f.write_str(&grouped(*count)),
            Self::Thousandths(ratio) => {
                write!(f, "{}.{:02} times", ratio / 1_000, ratio % 1_000 / 10)
            }
            Self::Percent(percent) => write!(f, "{percent} %"),
            Self::Missing(why) => f.write_str(why),
        }
    }
}

fn write_time(f: &mut fmt::Formatter<'_>, micros: u128) -> fmt::Result {
    match micros {
        0..1_000 => write!(f, "{micros} us"),
        1_000..10_000 => write!(f, "{}.{:02} ms", micros / 1_000, micros % 1_000 / 10),
        10_000..1_000_000 => write!(f, "{} ms", micros / 1_000),
        _ => write!(
            f,
            "{}.{:02} s",
            micros / 1_000_000,
            micros % 1_000_000 / 10_000
        ),
    }
}

/// With a comma before every three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for group in digits.as_bytes()[first..].chunks(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend(group.iter().copied().map(char::from));
    }
    text
}

/// Runs something once and says how long it took.
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

/// The middle of several.
pub(crate) fn median<T: Ord + Clone>(mut runs: Vec<T>) -> T {
    runs.sort_unstable();
    runs[runs.len() / 2].clone()
}
