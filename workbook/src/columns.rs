//! The columns and the files that are known, as data (`columns.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use canbao_core::identity::IdKind;
use serde::Deserialize;

/// A column, whatever a file calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// 单位编号, the one at unemployment insurance.
    Unit,
    /// 个人编号.
    PersonalNumber,
    /// 证件类型.
    IdKind,
    /// 证件号码.
    IdNumber,
    /// 姓名.
    Name,
    /// 出生日期, where the document does not state it (SIL-14).
    Born,
    /// 性别, where the document does not state it.
    Sex,
    /// 变更时间.
    ChangeMonth,
    /// 变更原因.
    Reason,
    /// 开始年月.
    From,
    /// 结束年月.
    To,
    /// 首缴年月.
    FirstPaid,
    /// 缴费工资.
    Wage,
    /// 停缴年月: the last month paid of a person who is suspended.
    LastPaid,
    /// 失败原因: what an earlier import said, which none reads.
    Failure,
}

/// A file of rows, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// The insured persons of a unit with their wages, for the centre.
    Roster,
    /// INT 批量缴费中断申报.
    Interruption,
    /// WAGE 批量缴费工资申报.
    Wage,
    /// RES 批量缴费恢复申报.
    Resumption,
    /// REG 批量参保登记申报.
    Registration,
}

/// How the cells of a column are formatted in our own files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// Text, so that zeros in front and the last digits of an ID number stay.
    Text,
    /// A number of two places.
    Amount,
}

/// What is known of a column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnEntry {
    caption: String,
    synonyms: Vec<String>,
    format: Format,
}

/// What is known of a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateEntry {
    sheet: String,
    columns: Vec<Column>,
    mandatory: Vec<Column>,
    one_of: Vec<Column>,
    optional: Vec<Column>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    column: BTreeMap<Column, ColumnEntry>,
    id_kind: BTreeMap<String, Vec<String>>,
    template: BTreeMap<Template, TemplateEntry>,
}

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    toml::from_str(include_str!("columns.toml")).expect("the embedded columns are read by a test")
});

impl Column {
    /// Every column.
    pub const ALL: [Self; 15] = [
        Self::Unit,
        Self::PersonalNumber,
        Self::IdKind,
        Self::IdNumber,
        Self::Name,
        Self::Born,
        Self::Sex,
        Self::ChangeMonth,
        Self::Reason,
        Self::From,
        Self::To,
        Self::FirstPaid,
        Self::Wage,
        Self::LastPaid,
        Self::Failure,
    ];

    /// What it is called in our own files.
    #[must_use]
    pub fn caption(self) -> &'static str {
        &self.entry().caption
    }

    /// Everything it may be called.
    pub fn captions(self) -> impl Iterator<Item = &'static str> {
        let synonyms = self.entry().synonyms.iter().map(String::as_str);
        std::iter::once(self.caption()).chain(synonyms)
    }

    pub(crate) fn format(self) -> Format {
        self.entry().format
    }

    fn entry(self) -> &'static ColumnEntry {
        &CATALOGUE.column[&self]
    }
}

impl Template {
    /// Every file.
    pub const ALL: [Self; 5] = [
        Self::Roster,
        Self::Interruption,
        Self::Wage,
        Self::Resumption,
        Self::Registration,
    ];

    /// The name of the sheet in our own file.
    #[must_use]
    pub fn sheet(self) -> &'static str {
        &self.entry().sheet
    }

    /// The columns of our own file, from left to right.
    #[must_use]
    pub fn columns(self) -> &'static [Column] {
        &self.entry().columns
    }

    /// The columns that must be there.
    #[must_use]
    pub fn mandatory(self) -> &'static [Column] {
        &self.entry().mandatory
    }

    /// The columns of which one must be there; none where there is no choice.
    #[must_use]
    pub fn one_of(self) -> &'static [Column] {
        &self.entry().one_of
    }

    /// The column that a caption names, where the file has one of that name.
    pub(crate) fn column(self, caption: &str) -> Option<Column> {
        let caption = comparable(caption);
        let entry = self.entry();
        let known = entry.columns.iter().chain(&entry.optional);
        known
            .chain(&[Column::Failure])
            .copied()
            .find(|it| it.captions().any(|known| known == caption))
    }

    fn entry(self) -> &'static TemplateEntry {
        &CATALOGUE.template[&self]
    }
}

/// The kind of document that a cell names by its code or in words; none where it names none. A
/// spreadsheet may have taken the zero in front of a code.
pub(crate) fn id_kind(written: &str) -> Option<IdKind> {
    let written = comparable(written);
    let names = |(code, words): &(&String, &Vec<String>)| {
        *code == &written || words.contains(&written) || code.strip_prefix('0') == Some(&written)
    };
    let (code, _) = CATALOGUE.id_kind.iter().find(names)?;
    code.parse().ok()
}

/// A caption without what differs from file to file: blanks, the width of letters, the asterisk
/// of a mandatory column, and a unit or an explanation in brackets.
fn comparable(caption: &str) -> String {
    let mut plain = String::new();
    let mut within = 0_u32;
    for character in caption.chars().map(narrow) {
        match character {
            '(' | '[' | '【' => within += 1,
            ')' | ']' | '】' => within = within.saturating_sub(1),
            '*' | ':' | '\u{feff}' => {}
            other if within == 0 && !other.is_whitespace() => plain.push(other),
            _ => {}
        }
    }
    plain
}

/// The ASCII character of a full-width one.
pub(crate) fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).expect("an ASCII character")
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_column_and_every_file_has_its_data() {
        let mut captions = BTreeSet::new();
        for column in Column::ALL {
            for caption in column.captions() {
                assert_eq!(comparable(caption), caption);
                assert!(captions.insert(caption), "{caption} names two columns");
            }
        }
        assert_eq!(CATALOGUE.column.len(), Column::ALL.len());
        assert_eq!(CATALOGUE.template.len(), Template::ALL.len());
        for template in Template::ALL {
            let columns = template.columns();
            let wanted = template.mandatory().iter().chain(template.one_of());
            assert!(wanted.copied().all(|it| columns.contains(&it)));
            assert!(!columns.contains(&Column::Failure));
            assert!(!template.sheet().is_empty());
        }
    }

    #[test]
    fn a_kind_of_document_is_named_by_its_code_or_in_words() {
        let kinds: Vec<IdKind> = CATALOGUE.id_kind.keys().flat_map(|it| it.parse()).collect();
        assert_eq!(kinds, IdKind::ALL);
        let mut words = BTreeSet::new();
        for word in CATALOGUE.id_kind.values().flatten() {
            assert_eq!(&comparable(word), word);
            assert!(words.insert(word), "{word} names two kinds");
        }
        for (written, expected) in [
            ("01", Some(IdKind::ResidentId)),
            ("1", Some(IdKind::ResidentId)),
            ("居民身份证（户口簿）", Some(IdKind::ResidentId)),
            (" 护 照 ", Some(IdKind::Passport)),
            ("０８", Some(IdKind::Passport)),
            ("台胞证", Some(IdKind::Taiwan)),
            ("驾驶证", None),
            ("", None),
        ] {
            assert_eq!(id_kind(written), expected, "{written}");
        }
    }

    #[test]
    fn a_caption_names_its_column_however_it_is_written() {
        let check = |caption: &str, expected: Option<Column>| {
            assert_eq!(Template::Wage.column(caption), expected, "{caption}");
        };
        check("证件号码", Some(Column::IdNumber));
        check(" 身份 证号\n", Some(Column::IdNumber));
        check("＊公民身份号码：", Some(Column::IdNumber));
        check("缴费工资（元）", Some(Column::Wage));
        check("月工资(元/月)[必填]", Some(Column::Wage));
        check("失败原因", Some(Column::Failure));
        check("变更时间", None);
        check("工资总额", None);
        check("", None);
        assert_eq!(
            Template::Interruption.column("停保年月"),
            Some(Column::ChangeMonth)
        );
    }
}
