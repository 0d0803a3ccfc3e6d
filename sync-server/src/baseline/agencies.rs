//! The table of the district agencies (DIST-1): seq, district, agency, address, phone.

use std::collections::BTreeSet;
use std::path::Path;

use canbao_core::ids::DistrictId;
use canbao_core::message::Message;
use serde::{Deserialize, Serialize};

use canbao_workbook::{Cell, FileKind, Reader, Row, RowProblem, Sheet, SheetError};

use super::{FileError, unless};

/// The longest text of a column, in characters.
const MAX_TEXT: usize = 200;

const CAPTIONS: [&str; 5] = ["seq", "district", "agency", "address", "phone"];

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyRow {
    /// The district's number.
    pub district: DistrictId,
    /// The district's name (参保区).
    pub district_name: String,
    /// 单位名称.
    pub name: String,
    /// 地址.
    pub address: String,
    /// 办公电话.
    pub phone: String,
}

/// Reads the table of agencies, or reports everything that is wrong with it.
///
/// # Errors
/// [`FileError`].
pub fn read_agencies(path: &Path, reader: &Reader) -> Result<Vec<AgencyRow>, FileError> {
    of_sheet(&reader.open(path)?)
}

/// Reads a table of agencies from the bytes of a file.
///
/// # Errors
/// [`FileError`].
pub fn agencies_of(kind: FileKind, bytes: Vec<u8>) -> Result<Vec<AgencyRow>, FileError> {
    of_sheet(&Sheet::of(kind, bytes)?)
}

fn of_sheet(sheet: &Sheet) -> Result<Vec<AgencyRow>, FileError> {
    let mut rows = sheet.rows().iter();
    let columns = columns(rows.next().ok_or(SheetError::Empty)?)?;
    let mut problems = Vec::new();
    let mut known = BTreeSet::new();
    let mut agencies: Vec<AgencyRow> = Vec::new();
    for row in rows {
        let Some(agency) = agency(row, columns, &mut problems) else {
            continue;
        };
        if !known.insert(agency.district) {
            problems.push(problem(row, 0, "baseline.district_twice"));
        }
        agencies.push(agency);
    }
    unless(problems)?;
    if agencies.is_empty() {
        Err(SheetError::Empty.into())
    } else {
        Ok(agencies)
    }
}

fn columns(header: &Row) -> Result<[usize; 5], FileError> {
    let place = |caption: &str| {
        header
            .cells()
            .find(|(_, cell)| matches!(cell, Cell::Text(text) if text.to_lowercase() == caption))
            .map(|(place, _)| place)
    };
    let places = CAPTIONS.map(place);
    let missing = (0..).zip(&places).filter(|(_, place)| place.is_none());
    unless(
        missing
            .map(|(which, _)| problem(header, which, "file.column_missing"))
            .collect(),
    )?;
    Ok(places.map(Option::unwrap_or_default))
}

fn agency(row: &Row, columns: [usize; 5], problems: &mut Vec<RowProblem>) -> Option<AgencyRow> {
    let before = problems.len();
    let mut text = |which: usize| {
        let text = row.cell(columns[which]).map_or("", Cell::shown).to_owned();
        let code = if text.is_empty() {
            "baseline.field_missing"
        } else if text.chars().count() > MAX_TEXT {
            "baseline.field_too_long"
        } else {
            return text;
        };
        problems.push(problem(row, which, code));
        text
    };
    let [number, district_name, name, address, phone] = [0, 1, 2, 3, 4].map(&mut text);
    let district = number
        .parse()
        .ok()
        .filter(|number| *number > 0)
        .map(DistrictId);
    if district.is_none() && !number.is_empty() {
        problems.push(problem(row, 0, "baseline.not_a_district_number"));
    }
    let good = problems.len() == before;
    good.then_some(AgencyRow {
        district: district?,
        district_name,
        name,
        address,
        phone,
    })
}

fn problem(row: &Row, which: usize, code: &'static str) -> RowProblem {
    RowProblem {
        column: Some(CAPTIONS[which].to_owned()),
        ..RowProblem::of_row(row.number(), Message::bare(code))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_table_of_the_guide_is_read() {
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/domain/agencies.csv");
        let agencies = read_agencies(&table, &Reader::Here).unwrap();
        assert_eq!(agencies.len(), 15);
        assert_eq!(agencies[1].district, DistrictId(2));
        assert_eq!(agencies[1].district_name, "沈河区");
        assert_eq!(agencies[1].phone, "24843636-317");
    }

    #[test]
    fn every_problem_of_the_table_is_named() {
        let check = |text: &str, expected: &[(u32, &str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("agencies.csv");
            fs::write(&file, text).unwrap();
            let FileError::Rows(problems) = read_agencies(&file, &Reader::Here).unwrap_err() else {
                panic!("{text}");
            };
            let problems: Vec<_> = problems
                .iter()
                .map(|it| (it.row, it.column.as_deref().unwrap_or(""), it.message.code))
                .collect();
            assert_eq!(problems, expected, "{text}");
        };
        let header = "seq,district,agency,address,phone\n";
        check(
            &format!("{header}1,甲,乙,丙,1\nx,甲,乙,丙,1\n1,甲,,丙,1\n1,甲,乙,丙,1\n"),
            &[
                (3, "seq", "baseline.not_a_district_number"),
                (4, "agency", "baseline.field_missing"),
                (5, "seq", "baseline.district_twice"),
            ],
        );
        check(
            "seq,district,agency,address\n1,1,1,1\n",
            &[(1, "phone", "file.column_missing")],
        );
    }
}
