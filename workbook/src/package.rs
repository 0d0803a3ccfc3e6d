//! What an .xlsx holds, unpacked and counted before the reader opens it.
//!
//! The sizes a zip states may be wrong, so what really comes out is counted. The reader keeps all
//! texts that cells share in memory, makes room for as many as their part claims, makes much of
//! each format, and holds each element and each text whole.

use std::io::{self, Cursor, Write};

use crate::error::SheetError;

/// The most bytes that an .xlsx may hold unpacked.
pub(crate) const MAX_INFLATED: u64 = 64 << 20;

/// The most of everything in a package.
struct Limits {
    /// Bytes unpacked.
    inflated: u64,
    /// Bytes of all parts that are no worksheets.
    beside: u64,
    /// Bytes of the formats; a spreadsheet has at most 65,490 of them.
    styles: u64,
    /// Texts that cells share.
    shared: u64,
    /// Bytes between two elements; a cell of a spreadsheet holds 32,767 characters.
    stretch: usize,
}

const MOST: Limits = Limits {
    inflated: MAX_INFLATED,
    beside: 24 << 20,
    styles: 4 << 20,
    shared: 1 << 20,
    stretch: 1 << 20,
};

/// Refuses a package whose reading would take more memory than an honest one's.
pub(crate) fn refuse_bomb(bytes: &[u8]) -> Result<(), SheetError> {
    check(bytes, &MOST)
}

fn check(bytes: &[u8], limits: &Limits) -> Result<(), SheetError> {
    let damaged = |error: zip::result::ZipError| SheetError::Damaged(error.to_string());
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let (mut left, mut left_beside) = (limits.inflated, limits.beside);
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(damaged)?;
        let name = file.name().map_err(damaged)?.to_lowercase();
        let beside = !name.contains("worksheets");
        let most = match beside {
            true if name.ends_with("styles.xml") => limits.styles.min(left_beside),
            true => left_beside,
            false => limits.inflated,
        };
        let mut part = Part {
            left: left.min(most),
            most_stretch: limits.stretch,
            stretch: 0,
            too_large: false,
            kept: name.ends_with("sharedstrings.xml").then(Vec::new),
        };
        let inflated = match io::copy(&mut file, &mut part) {
            Ok(inflated) => inflated,
            Err(_) if part.too_large => {
                return Err(SheetError::TooLarge { most: MAX_INFLATED });
            }
            Err(error) => return Err(SheetError::Damaged(error.to_string())),
        };
        left -= inflated;
        left_beside -= if beside { inflated } else { 0 };
        if let Some(shared) = part.kept {
            check_claims(&shared, limits.shared)?;
        }
    }
    Ok(())
}

/// One part as it is unpacked.
struct Part {
    left: u64,
    /// The bytes since the last element began, and the most of them.
    stretch: usize,
    most_stretch: usize,
    too_large: bool,
    /// All of it, where it is looked into.
    kept: Option<Vec<u8>>,
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for between in bytes.split_inclusive(|byte| *byte == b'<') {
            self.stretch += between.len();
            self.too_large |= self.stretch > self.most_stretch;
            if between.ends_with(b"<") {
                self.stretch = 0;
            }
        }
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.unwrap_or_default();
        self.too_large |= left.is_none();
        if self.too_large {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many texts the part of shared ones claims, wherever in it and however quoted.
fn check_claims(shared: &[u8], most: u64) -> Result<(), SheetError> {
    const CLAIM: &[u8] = b"uniqueCount";
    if shared.contains(&0) {
        return Err(SheetError::Damaged("a text of another encoding".to_owned()));
    }
    for (at, _) in shared
        .windows(CLAIM.len())
        .enumerate()
        .filter(|(_, it)| *it == CLAIM)
    {
        let behind = shared[at + CLAIM.len()..].iter();
        let digits = behind
            .skip_while(|byte| {
                matches!(byte, b'=' | b'"' | b'\'' | b'+') || byte.is_ascii_whitespace()
            })
            .take_while(|byte| byte.is_ascii_digit());
        let claimed = digits.fold(0_u64, |number, digit| {
            number
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'))
        });
        if claimed > most {
            return Err(SheetError::Damaged(format!("it claims {claimed} texts")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    const FEW: Limits = Limits {
        inflated: 4000,
        beside: 2000,
        styles: 1000,
        shared: 10,
        stretch: 100,
    };

    #[track_caller]
    fn check_part(name: &str, part: &[u8], expected: Result<(), &str>) {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        writer.write_all(part).unwrap();
        let package = writer.finish().unwrap().into_inner();
        let found = check(&package, &FEW).map_err(|error| error.code());
        assert_eq!(found, expected);
    }

    #[test]
    fn a_package_is_refused_for_what_comes_out_of_it() {
        let too_large = Err("file.too_large");
        let elements = |bytes: usize| b"<c/>".repeat(bytes / 4);
        let (sheet, styles) = ("xl/worksheets/sheet1.xml", "xl/Styles.xml");
        let workbook = "xl/workbook.xml";
        check_part(sheet, &elements(4000), Ok(()));
        check_part(sheet, &elements(4004), too_large);
        check_part(workbook, &elements(2000), Ok(()));
        check_part(workbook, &elements(2004), too_large);
        check_part(styles, &elements(1000), Ok(()));
        check_part(styles, &elements(1004), too_large);
        check_part(sheet, &[b' '; 100], Ok(()));
        check_part(sheet, &[b' '; 101], too_large);
    }

    #[test]
    fn a_claim_of_more_shared_texts_than_any_workbook_has_is_damage() {
        let damaged = Err("file.damaged");
        let shared = "xl/sharedStrings.xml";
        check_part(shared, b"<sst uniqueCount=\"10\"/>", Ok(()));
        for claim in [
            "uniqueCount=\"11\"",
            "uniqueCount = '+99999999999999999999'",
        ] {
            let part = format!("<sst count=\"1\" {claim}/>");
            check_part(shared, part.as_bytes(), damaged);
        }
        check_part("XL\\SharedStrings.xml", b"<\0s\0s\0t\0", damaged);
    }
}
