//! The codes of the field as data tables (SIL-17): 险种类型, 缴费类型, 交易类型.

use std::fmt::Display;
use std::str::FromStr;

use canbao_core::message::Lang;
use canbao_core::month::Month;
use canbao_core::parameters::CodeTable;

use crate::app::App;
use crate::fault::Fault;

/// The tables as they stand now; none of them before the centre's parameters are here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tables<'a> {
    /// 险种类型.
    pub(crate) insurances: Option<&'a CodeTable>,
    /// 缴费类型.
    pub(crate) receivable_kinds: Option<&'a CodeTable>,
    /// 交易类型.
    pub(crate) transaction_kinds: Option<&'a CodeTable>,
}

impl App {
    pub(crate) fn tables(&self) -> Tables<'_> {
        let common = &self.feed.projection.common;
        let today = self.presumed_now().date();
        let month = common.current_settlement().or(Month::of(today).ok());
        let (Some(parameters), Some(month)) = (common.parameters(), month) else {
            return Tables::default();
        };
        Tables {
            insurances: parameters.insurances(month, today).ok(),
            receivable_kinds: parameters.receivable_kinds(month, today).ok(),
            transaction_kinds: parameters.transaction_kinds(month, today).ok(),
        }
    }
}

/// What a code says; one that the table does not have reads as itself.
pub(crate) fn named(table: Option<&CodeTable>, code: impl Display, lang: Lang) -> String {
    let code = code.to_string();
    let name = table.and_then(|it| it.caption(&code, lang));
    name.map(str::to_owned).unwrap_or(code)
}

/// The code that a filter means by a code or a name of the table.
///
/// # Errors
/// A usage error of this code, with what the table has, where it means none.
pub(crate) fn code_of<T: FromStr>(
    table: Option<&CodeTable>,
    typed: &str,
    refusal: &'static str,
) -> Result<T, Fault> {
    let typed = typed.trim();
    let meant = table.and_then(|it| it.meant(typed));
    meant.and_then(|it| it.parse().ok()).ok_or_else(|| {
        let shown: String = typed.chars().take(20).collect();
        let rows = table.into_iter().flat_map(|it| &it.0);
        let known: Vec<String> = rows.map(|it| format!("{} {}", it.code, it.name)).collect();
        Fault::usage(refusal)
            .with("typed", shown)
            .with("known", known.join("、"))
    })
}
