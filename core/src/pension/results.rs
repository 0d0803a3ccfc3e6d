//! 审核结果 (QRY-8): what was decided of each item, at either insurance.

use std::collections::BTreeSet;

use crate::facts::{
    AssessmentView, CommonView, FailedRequest, Matter, PensionResult, SubmissionView, UNEMPLOYMENT,
    UnitView,
};
use crate::month::Month;
use crate::time::Timestamp;

use super::linked::{Linked, linked};

/// Pension insurance in the field's codes.
pub const PENSION: u16 = 110;

/// Which results are wanted; nothing given means all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResultFilter {
    /// 结算期.
    pub settlement: Option<Month>,
    /// 险种类型: [`PENSION`] or [`UNEMPLOYMENT`].
    pub insurance: Option<u16>,
}

/// The results of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Results<'a> {
    /// Pension insurance's current settlement period; none where no feed came.
    pub pension_settlement: Option<Month>,
    /// Unemployment insurance's.
    pub unemployment_settlement: Option<Month>,
    /// The items, by settlement period.
    pub items: Vec<ResultItem<'a>>,
}

/// Something that was to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultItem<'a> {
    /// A declaration that was taken in, in the state in which it is.
    Reviewed {
        /// Which.
        submission: &'a SubmissionView,
        /// 失业协同标志, of linked business.
        linked: Option<Linked<'a>>,
    },
    /// 已核定 of unemployment insurance.
    Assessed(&'a AssessmentView),
    /// 核定失败 of unemployment insurance.
    NotAssessed {
        /// The settlement month.
        settlement: Month,
        /// The request's number, from 1 on.
        attempt: usize,
        /// Why.
        failure: &'a FailedRequest,
    },
    /// A result of pension insurance.
    OfPension(&'a PensionResult),
    /// Pension insurance's assessment of a month that its feed does not tell.
    PensionUnknown(Month),
}

impl ResultItem<'_> {
    /// The settlement period it belongs to.
    #[must_use]
    pub fn settlement(&self) -> Month {
        match self {
            Self::Reviewed { submission, .. } => submission.settlement,
            Self::Assessed(view) => view.assessment.settlement,
            Self::NotAssessed { settlement, .. } => *settlement,
            Self::OfPension(result) => result.month,
            Self::PensionUnknown(month) => *month,
        }
    }

    /// The insurance it belongs to.
    #[must_use]
    pub fn insurance(&self) -> u16 {
        match self {
            Self::Reviewed { .. } | Self::Assessed(_) | Self::NotAssessed { .. } => UNEMPLOYMENT,
            Self::OfPension(_) | Self::PensionUnknown(_) => PENSION,
        }
    }
}

/// The results that are wanted, by settlement period; within one the declarations come first, in
/// the order of their receipts, then our assessment, then pension insurance's.
///
/// Pension insurance's assessment is asked for wherever ours has one, and for the current period.
#[must_use]
pub fn results<'a>(
    unit: &'a UnitView,
    common: &CommonView,
    filter: ResultFilter,
    now: Timestamp,
) -> Results<'a> {
    let current = common.current_settlement();
    let mut items = reviewed(unit, common, now);
    for (settlement, failures) in failures(unit) {
        let failed = failures.iter().zip(1..);
        items.extend(failed.map(|(failure, attempt)| ResultItem::NotAssessed {
            settlement,
            attempt,
            failure,
        }));
    }
    items.extend(unit.assessments.values().map(ResultItem::Assessed));
    items.extend(of_pension(unit, current));
    items.retain(|it| {
        filter
            .settlement
            .is_none_or(|month| month == it.settlement())
            && filter.insurance.is_none_or(|code| code == it.insurance())
    });
    items.sort_by_key(ResultItem::settlement);
    let feed = unit.pension_feed().map(|it| &it.feed);
    Results {
        pension_settlement: feed.map(|it| it.totals.settlement),
        unemployment_settlement: current,
        items,
    }
}

fn reviewed<'a>(unit: &'a UnitView, common: &CommonView, now: Timestamp) -> Vec<ResultItem<'a>> {
    let mut submissions: Vec<&SubmissionView> = unit.submissions.values().collect();
    submissions.sort_by(|a, b| a.receipt.0.cmp(&b.receipt.0));
    submissions
        .into_iter()
        .map(|submission| ResultItem::Reviewed {
            submission,
            linked: linked(&submission.declaration, unit, common.parameters(), now),
        })
        .collect()
}

fn failures(unit: &UnitView) -> impl Iterator<Item = (Month, &Vec<FailedRequest>)> {
    let ours = unit.failures.iter();
    ours.filter(|((insurance, _), _)| *insurance == UNEMPLOYMENT)
        .map(|((_, settlement), failed)| (*settlement, failed))
}

fn of_pension(unit: &UnitView, current: Option<Month>) -> Vec<ResultItem<'_>> {
    let feed = unit.pension_feed().map(|it| &it.feed);
    let told = feed.into_iter().flat_map(|it| it.results.values());
    let asked: BTreeSet<Month> = unit.assessments.keys().copied().chain(current).collect();
    let is_told = |month: &Month| {
        feed.is_some_and(|it| it.results.contains_key(&(*month, Matter::Assessment)))
    };
    let untold = asked.into_iter().filter(|it| !is_told(it));
    told.map(ResultItem::OfPension)
        .chain(untold.map(ResultItem::PensionUnknown))
        .collect()
}
