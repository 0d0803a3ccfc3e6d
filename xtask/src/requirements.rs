//! Compares the README's requirement table with the requirements and with the tests.
//!
//! Both are Markdown tables. The requirements' first column is headed `id`; the README's tables are
//! headed `id | where | shown by | state`. In a row, `where` holds paths and `shown by` holds tests
//! as `path::test`, each between backticks, and any prose beside them.

use std::collections::BTreeMap;
use std::fmt;

use crate::evidence::{Evidence, find_test};

pub(crate) const REQUIREMENTS: &str = "docs/domain/requirements.md";
pub(crate) const README: &str = "README.md";

/// How many requirements are in which state.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    done: usize,
    part: usize,
    open: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, part, open } = self;
        let all = done + part + open;
        write!(
            out,
            "{all} requirements: {done} done, {part} part, {open} open"
        )
    }
}

/// Checks that every requirement has exactly one row and that every row's claims hold.
///
/// `sources` gives the Rust sources at or under a path of the repository, `None` where nothing is.
/// On failure every problem is a line that names the id, what is wrong and what to do.
pub(crate) fn check(
    requirements: &str,
    readme: &str,
    sources: impl Fn(&str) -> Option<Vec<String>>,
) -> Result<Tally, Vec<String>> {
    let mut problems = Vec::new();
    let ids = required_ids(requirements, &mut problems);
    let rows = claims(readme, &mut problems);
    for id in &ids {
        let lines: Vec<usize> = rows
            .iter()
            .filter(|row| row.id == *id)
            .map(|row| row.line)
            .collect();
        match lines.as_slice() {
            [] => problems.push(format!(
                "{id}: no row in {README}; add `| {id} | | | open |` to the requirement table"
            )),
            [_] => {}
            several => problems.push(format!(
                "{id}: {} rows in {README}, on lines {several:?}; keep one",
                several.len()
            )),
        }
    }
    let mut tally = Tally::default();
    for row in &rows {
        if !ids.contains(&row.id) {
            problems.push(row.problem(&format!(
                "{REQUIREMENTS} has no such id; correct the id or remove the row"
            )));
        }
        match row.state {
            "done" => tally.done += 1,
            "part" => tally.part += 1,
            "open" => tally.open += 1,
            other => problems
                .push(row.problem(&format!("the state is `{other}`; write done, part or open"))),
        }
        row.check_claims(&sources, &mut problems);
    }
    if problems.is_empty() {
        Ok(tally)
    } else {
        Err(problems)
    }
}

/// One row of the README's table.
struct Claim<'a> {
    line: usize,
    id: &'a str,
    paths: Vec<&'a str>,
    tests: Vec<&'a str>,
    state: &'a str,
}

impl Claim<'_> {
    fn check_claims(
        &self,
        sources: &impl Fn(&str) -> Option<Vec<String>>,
        problems: &mut Vec<String>,
    ) {
        let claims_work = matches!(self.state, "done" | "part");
        if claims_work && self.paths.is_empty() {
            problems.push(self.problem(
                "the state is not open, but `where` names no path; name the code, as `core/src/month.rs`",
            ));
        }
        if claims_work && self.tests.is_empty() {
            problems.push(self.problem(
                "the state is not open, but no test shows it; name one, as `core/src/month.rs::a_test`",
            ));
        }
        for path in &self.paths {
            if sources(path).is_none() {
                problems.push(self.problem(&format!("`{path}` does not exist; correct the path")));
            }
        }
        for test in &self.tests {
            if let Some(wrong) = wrong_test(test, sources) {
                problems.push(self.problem(&wrong));
            }
        }
    }

    fn problem(&self, what: &str) -> String {
        format!("{}: {README} line {}: {what}", self.id, self.line)
    }
}

/// What is wrong with a test named as `path::test` or `path::module::test`, and what to do.
fn wrong_test(test: &str, sources: &impl Fn(&str) -> Option<Vec<String>>) -> Option<String> {
    let Some((path, names)) = test.split_once("::") else {
        return Some(format!("`{test}` is not a test; write `path::test_name`"));
    };
    let name = names.rsplit("::").next().unwrap_or(names);
    let Some(texts) = sources(path) else {
        return Some(format!(
            "`{path}` of `{test}` does not exist; correct the path"
        ));
    };
    let found = texts.iter().map(|text| find_test(text, name)).max();
    match found.unwrap_or(Evidence::Absent) {
        Evidence::Test => None,
        Evidence::Ignored => Some(format!("the test `{test}` is ignored; let it run")),
        Evidence::NotATest => Some(format!(
            "`{name}` in `{path}` is no test; name a function under #[test]"
        )),
        Evidence::Absent => Some(format!(
            "`{path}` has no test `{name}`; correct the name or write the test"
        )),
    }
}

/// The ids in the first column of every table that is headed `id`.
fn required_ids<'a>(text: &'a str, problems: &mut Vec<String>) -> Vec<&'a str> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ids = Vec::new();
    for (line, cells) in rows(text, |header| header.first() == Some(&"id")) {
        let id = cells[0];
        if !is_id(id) {
            problems.push(format!(
                "{REQUIREMENTS} line {line}: `{id}` is no id; write it as REG or MON-1"
            ));
        } else if let Some(first) = seen.insert(id, line) {
            problems.push(format!(
                "{id}: defined on lines {first} and {line} of {REQUIREMENTS}; give one a new id"
            ));
        } else {
            ids.push(id);
        }
    }
    if ids.is_empty() {
        problems.push(format!(
            "{REQUIREMENTS} has no table whose first column is headed `id`"
        ));
    }
    ids
}

fn claims<'a>(text: &'a str, problems: &mut Vec<String>) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    for (line, cells) in rows(text, |header| {
        header == ["id", "where", "shown by", "state"]
    }) {
        match cells.as_slice() {
            &[id, places, shown_by, state] => claims.push(Claim {
                line,
                id,
                paths: quoted(places),
                tests: quoted(shown_by),
                state,
            }),
            other => problems.push(format!(
                "{}: {README} line {line}: {} cells; write id, where, shown by and state",
                other[0],
                other.len()
            )),
        }
    }
    claims
}

/// The rows, each with its line number and at least one cell, of the tables whose header is wanted.
fn rows(text: &str, wanted: impl Fn(&[&str]) -> bool) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    // The line within the present table, and whether that table is wanted.
    let (mut position, mut inside) = (0, false);
    for (index, line) in text.lines().enumerate() {
        let Some(cells) = cells(line) else {
            position = 0;
            continue;
        };
        position += 1;
        match position {
            1 => inside = wanted(&cells),
            2 => {} // The rule under the header.
            _ if inside => found.push((index + 1, cells)),
            _ => {}
        }
    }
    found
}

/// The trimmed cells of a table's line, which begins with a bar.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.split('|').map(str::trim).collect())
}

/// The parts between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// `REG`, `MON-1`: capitals, and a number for all but the kinds of declaration.
fn is_id(text: &str) -> bool {
    let (word, number) = text.split_once('-').unwrap_or((text, "0"));
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: &str = "\
| who | what |
|---|---|
| 中心 | assesses |

| id | requirement |
|---|---|
| MON-1 | the last paid month |
| MON-2 | the first paid month |

| id | kind | effect |
|---|---|---|
| INT | interruption | closes |
";

    fn sources(path: &str) -> Option<Vec<String>> {
        let month = "#[test]\nfn closed() {}\n\n#[test]\n#[ignore]\nfn slow() {}\n\nfn help() {}\n";
        match path {
            "core/src/month.rs" => Some(vec![month.into()]),
            "core/src" => Some(vec!["fn other() {}".into(), month.into()]),
            "docs/glossary.md" => Some(Vec::new()),
            _ => None,
        }
    }

    fn table(rows: &str) -> String {
        format!("# Title\n\n| id | where | shown by | state |\n|---|---|---|---|\n{rows}")
    }

    /// Puts one row for MON-1 beside good ones; an empty `expected` means that nothing is wrong.
    fn check_row(row: &str, expected: &str) {
        let readme = table(&format!(
            "{row}\n| MON-2 | | | open |\n| INT | — | — | open |\n"
        ));
        match check(REQUIRED, &readme, sources) {
            Ok(_) => assert_eq!(expected, "", "{row}"),
            Err(problems) => assert_eq!(problems, [expected], "{row}"),
        }
    }

    #[test]
    fn a_good_table_is_counted_and_may_be_split_by_other_text() {
        let readme = table(
            "| MON-1 | `core/src/month.rs`, `docs/glossary.md` | `core/src/month.rs::tests::closed` | done |\n\
             | INT | `core/src` | `core/src::closed`, but no reasons yet | part |\n",
        ) + "\nMore.\n\n"
            + &table("| MON-2 | | | open |\n");
        let tally = Tally {
            done: 1,
            part: 1,
            open: 1,
        };
        assert_eq!(check(REQUIRED, &readme, sources), Ok(tally));
    }

    #[test]
    fn a_row_is_refused_with_its_id_its_fault_and_what_to_do() {
        check_row(
            "| MON-1 | `core/src/month.rs` | `core/src/month.rs::closed` | done |",
            "",
        );
        check_row(
            "| MON-1 | `core/src/month.rs` | | done |",
            "MON-1: README.md line 5: the state is not open, but no test shows it; \
             name one, as `core/src/month.rs::a_test`",
        );
        check_row(
            "| MON-1 | | `core/src/month.rs::closed` | part |",
            "MON-1: README.md line 5: the state is not open, but `where` names no path; \
             name the code, as `core/src/month.rs`",
        );
        check_row(
            "| MON-1 | `core/src/year.rs` | `core/src/month.rs::closed` | done |",
            "MON-1: README.md line 5: `core/src/year.rs` does not exist; correct the path",
        );
        check_row(
            "| MON-1 | `core/src/year.rs` | | open |",
            "MON-1: README.md line 5: `core/src/year.rs` does not exist; correct the path",
        );
        check_row(
            "| MON-1 | | | open |\n| MON-1 | done |",
            "MON-1: README.md line 6: 2 cells; write id, where, shown by and state",
        );
    }

    #[test]
    fn a_test_must_exist_be_a_test_and_run() {
        let cases = [
            (
                "core/src/month.rs::open",
                "`core/src/month.rs` has no test `open`; correct the name or write the test",
            ),
            (
                "docs/glossary.md::closed",
                "`docs/glossary.md` has no test `closed`; correct the name or write the test",
            ),
            (
                "core/src/month.rs::help",
                "`help` in `core/src/month.rs` is no test; name a function under #[test]",
            ),
            (
                "core/src/month.rs::slow",
                "the test `core/src/month.rs::slow` is ignored; let it run",
            ),
            (
                "core/src/year.rs::closed",
                "`core/src/year.rs` of `core/src/year.rs::closed` does not exist; correct the path",
            ),
            ("closed", "`closed` is not a test; write `path::test_name`"),
        ];
        for (test, expected) in cases {
            check_row(
                &format!("| MON-1 | `core/src` | `{test}` | part |"),
                &format!("MON-1: README.md line 5: {expected}"),
            );
        }
    }

    #[test]
    fn missing_repeated_and_unknown_ids_are_all_reported_at_once() {
        let readme = table(
            "| MON-1 | | | open |\n| MON-1 | | | open |\n| MON-2 | | | opened |\n| MON-9 | | | open |\n",
        );
        let expected = [
            "MON-1: 2 rows in README.md, on lines [5, 6]; keep one",
            "INT: no row in README.md; add `| INT | | | open |` to the requirement table",
            "MON-2: README.md line 7: the state is `opened`; write done, part or open",
            "MON-9: README.md line 8: docs/domain/requirements.md has no such id; \
             correct the id or remove the row",
        ];
        assert_eq!(
            check(REQUIRED, &readme, sources),
            Err(expected.map(String::from).to_vec())
        );
    }

    #[test]
    fn requirements_without_ids_or_with_one_twice_are_refused() {
        let none = check("no table\n", &table(""), sources).unwrap_err();
        assert!(
            none[0].contains("has no table whose first column is headed `id`"),
            "{none:?}"
        );
        let twice = "| id | rule |\n|---|---|\n| INT | a |\n| INT | b |\n| int | c |\n";
        let problems = check(twice, &table("| INT | | | open |\n"), sources).unwrap_err();
        assert!(
            problems[0].starts_with("INT: defined on lines 3 and 4"),
            "{problems:?}"
        );
        assert!(problems[1].contains("`int` is no id"), "{problems:?}");
    }
}
