//! WAGE 职工缴费工资申报: what a paying person earns in some months.

use crate::facts::PersonView;
use crate::month::{Month, MonthRange};

use super::form::Form;
use super::{Content, Field, Problem, ProblemCode, Subject};

/// How many months a refusal names at most; the rest is counted.
const NAMED_MONTHS: usize = 12;

impl Form<'_> {
    pub(super) fn wage(&mut self) -> Option<Content> {
        let person = self.person();
        let from = self.month(Field::From, &self.draft.from);
        let to = self.month(Field::To, &self.draft.to);
        let wage = self.amount();
        let range = self.range(from?, to?);
        if let (Some(person), Some(range)) = (person, range) {
            self.not_retired(person.holder(), range.first());
            self.wage_months(person, range);
            let subject = Subject::Known(person.record.id);
            self.none_undecided(&subject, |it| is_wage_in(it, range));
        }
        let range = range?;
        Some(Content::Wage {
            person: person?.record.id,
            from: range.first(),
            to: range.last(),
            wage: wage?,
        })
    }

    fn range(&mut self, from: Month, to: Month) -> Option<MonthRange> {
        let range = MonthRange::new(from, to).ok();
        if range.is_none() {
            let problem = Problem::new(ProblemCode::RangeReversed, Field::To)
                .with("from", from)
                .with("to", to);
            self.report(problem);
        }
        range
    }

    /// The person pays from the first month on, and no month is posted (SIL-4). Months that are
    /// assessed and not posted are settled with the next assessment (SIL-20).
    fn wage_months(&mut self, person: &PersonView, range: MonthRange) {
        if !person.payable(range.first()) {
            self.add_named(ProblemCode::NotPaying, Field::From, person);
        }
        let unit = self.ground.unit;
        let posted: Vec<Month> = range
            .months()
            .filter(|month| unit.is_posted(person.record.id, *month))
            .collect();
        if !posted.is_empty() {
            let named: Vec<String> = posted
                .iter()
                .take(NAMED_MONTHS)
                .map(ToString::to_string)
                .collect();
            let problem = Problem::new(ProblemCode::Posted, Field::From)
                .with("months", named.join("、"))
                .with("count", posted.len());
            self.report(problem);
        }
    }
}

fn is_wage_in(content: &Content, range: MonthRange) -> bool {
    match content {
        Content::Wage { from, to, .. } => *from <= range.last() && range.first() <= *to,
        Content::Interruption { .. }
        | Content::Registration { .. }
        | Content::Resumption { .. } => false,
    }
}
