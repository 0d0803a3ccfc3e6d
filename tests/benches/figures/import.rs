//! A file of 100,000 wages, read apart and judged row by row; beside it what others take to read it
//! alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use canbao_client::Door;
use canbao_client::request::{Importing, Request};
use canbao_core::message::Lang;
use canbao_workbook::{FileKind, Reader, Sheet, bounded};
use rust_xlsxwriter::{Workbook, XlsxError};

use crate::table::{Figure, Row, Table, grouped, median, timed};
use crate::{centre, device, machine};

const ROWS: u32 = 100_000;
const RUNS: usize = 3;
const COLUMNS: [&str; 8] = [
    "单位编号",
    "证件类型",
    "个人编号",
    "证件号码",
    "姓名",
    "开始年月",
    "结束年月",
    "缴费工资",
];

/// The readers of Python that are measured: each reads every cell of the first sheet.
const CALAMINE: &str = "\
import sys, time
from python_calamine import CalamineWorkbook
begun = time.perf_counter()
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()
assert len(rows) > 100000 and len(rows[1]) == 8
print(int((time.perf_counter() - begun) * 1e6))
";
const OPENPYXL: &str = "\
import sys, time
from openpyxl import load_workbook
begun = time.perf_counter()
sheet = load_workbook(sys.argv[1], read_only=True).worksheets[0]
rows = list(sheet.iter_rows(values_only=True))
assert len(rows) > 100000 and len(rows[1]) == 8
print(int((time.perf_counter() - begun) * 1e6))
";

pub(crate) fn measure(table: &mut Table) {
    let file = machine::place().join("wages-of-100000.xlsx");
    write(&file).expect("written");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let door = Door::open(&device::kept_of(ROWS), Lang::Zh).expect("opens");
    let preview = |_| {
        let importing = Importing {
            kind: "WAGE".to_owned(),
            file: file.clone(),
            failures: None,
            preview: true,
            from: None,
            to: None,
        };
        let begun = Instant::now();
        let answer = runtime.block_on(device::ask(&door, Request::DeclareImport(importing)));
        let took = begun.elapsed();
        assert_eq!(answer.body()["good"], ROWS, "every row is good");
        took
    };
    let imported = median((0..RUNS).map(preview).collect());
    let apart = Reader::apart().expect("this program has a file");
    let (_, read) = timed(|| apart.open(&file).expect("readable"));
    let bytes = bounded(&file).expect("readable");
    let size = bytes.len() as u64;
    let (_, here) = timed(|| Sheet::of(FileKind::Xlsx, bytes).expect("readable"));
    let python = Python::ready();
    table.add(
        Row::of(
            format!(
                "import of an .xlsx of {} rows and {} columns, all checks",
                grouped(u64::from(ROWS)),
                COLUMNS.len()
            ),
            Figure::Time(imported),
        )
        .below(Figure::Time(Duration::from_millis(1_200)))
        .beside("of it reading, in a process apart", Figure::Time(read))
        .beside("reading in this process", Figure::Time(here))
        .beside(
            "python-calamine only reading",
            python.read(CALAMINE, &file, RUNS),
        )
        .beside("openpyxl only reading", python.read(OPENPYXL, &file, 1))
        .beside("the file", Figure::Bytes(size))
        .note(format!(
            "as `declare import WAGE --preview` does, every row of a unit of {} judged by the \
             core; median of {RUNS}; the rule's 5,000 rows raised by a parameter",
            grouped(u64::from(ROWS))
        )),
    );
}

/// The wages of everyone in the unit, each row right.
fn write(file: &Path) -> Result<(), XlsxError> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, caption) in (0..).zip(COLUMNS) {
        sheet.write_string(0, column, caption)?;
    }
    let unit = centre::unemployment_number(1);
    for line in 0..ROWS {
        let person = centre::listed(1, line).person;
        let row = line + 1;
        let document = person.document.number();
        let texts = [
            unit.as_str(),
            "居民身份证",
            person.personal_number.as_str(),
            document,
            person.name.as_str(),
            "2022-01",
            "2022-12",
        ];
        for (column, text) in (0..).zip(texts) {
            sheet.write_string(row, column, text)?;
        }
        sheet.write_number(row, 7, 4_000 + line * 7_919 % 12_000)?;
    }
    workbook.save(file)
}

/// A Python with both readers, or why there is none.
struct Python(Result<PathBuf, String>);

impl Python {
    /// Made once, under `target/bench`.
    fn ready() -> Self {
        let place = machine::place().join("python");
        let program = place.join("bin/python");
        if !program.is_file() {
            let made = succeeds(Command::new("python3").args(["-m", "venv"]).arg(&place));
            if !made {
                return Self(Err("no python3 with venv".to_owned()));
            }
        }
        let has = ["-c", "import python_calamine, openpyxl"];
        if succeeds(Command::new(&program).args(has)) {
            return Self(Ok(program));
        }
        let install = ["-m", "pip", "install", "--quiet"];
        let packages = ["python-calamine", "openpyxl"];
        let mut pip = Command::new(&program);
        if succeeds(pip.args(install).args(packages)) {
            Self(Ok(program))
        } else {
            let why = "not installed (pip install python-calamine openpyxl)";
            Self(Err(why.to_owned()))
        }
    }

    fn read(&self, script: &str, file: &Path, times: usize) -> Figure {
        let program = match &self.0 {
            Ok(program) => program,
            Err(why) => return Figure::Missing(why.clone()),
        };
        let run = |_| {
            let output = Command::new(program)
                .args(["-c", script])
                .arg(file)
                .output();
            let text = String::from_utf8(output.ok()?.stdout).ok()?;
            text.trim().parse().ok().map(Duration::from_micros)
        };
        let runs: Option<Vec<Duration>> = (0..times).map(run).collect();
        runs.map_or_else(
            || Figure::Missing("it did not read the file".to_owned()),
            |runs| Figure::Time(median(runs)),
        )
    }
}

fn succeeds(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}
