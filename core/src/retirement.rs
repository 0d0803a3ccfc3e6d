//! When a person retires (离退休): from then on nobody pays for them (WAGE-3).

use jiff::civil::Date;

use crate::identity::{Holder, Sex};
use crate::month::Month;
use crate::parameters::{MissingParameter, ParameterSet};

/// The months in which a person may retire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retiring {
    /// The month in which the person reaches the lowest age that may apply.
    pub earliest: Month,
    /// The last month that an employer can pay, by the highest age that may apply and whatever
    /// may be agreed beyond it.
    pub last_paid: Month,
}

/// When a person retires, by the law of a month as it was known on a date.
///
/// A woman's age depends on her post, which is not known here: the lower one is the earliest, the
/// higher one the last. None where the months lie beyond every month there is.
///
/// # Errors
/// [`MissingParameter`] where the month has no retirement age.
pub fn retiring(
    holder: &Holder,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> Result<Option<Retiring>, MissingParameter> {
    let (early, late) = match holder.sex {
        Sex::Male => {
            let age = parameters.retirement_men(month, known_on)?;
            (age, age)
        }
        Sex::Female => (
            parameters.retirement_women_early(month, known_on)?,
            parameters.retirement_women_late(month, known_on)?,
        ),
    };
    let months = Month::of(holder.born.date()).ok().and_then(|born| {
        Some(Retiring {
            earliest: early.month(born)?,
            last_paid: late.last_month(born)?,
        })
    });
    Ok(months)
}

/// Whether an employer can still pay for a person in a month. What is not known of a person, or
/// not set, stands in nobody's way.
#[must_use]
pub fn may_pay(
    holder: Option<&Holder>,
    month: Month,
    parameters: &ParameterSet,
    known_on: Date,
) -> bool {
    let retiring = holder.and_then(|it| retiring(it, month, parameters, known_on).ok()?);
    retiring.is_none_or(|it| month <= it.last_paid)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::parameters::builtin_text;

    #[test]
    fn the_months_are_those_of_the_laws_own_table() {
        let parameters = ParameterSet::parse(builtin_text()).unwrap();
        let check = |born: &str, sex, month: &str, expected: (&str, &str)| {
            let holder = Holder {
                born: born.parse().unwrap(),
                sex,
            };
            let month = month.parse().unwrap();
            let known = date(2026, 11, 24);
            let found = retiring(&holder, month, &parameters, known)
                .unwrap()
                .unwrap();
            let shown = (found.earliest.to_string(), found.last_paid.to_string());
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(shown, expected, "{born} {sex:?} {month}");
        };
        use Sex::{Female, Male};
        // Before 2025 at 60, 50 and 55.
        check("1962-01-31", Male, "2022-01", ("2022-01", "2022-01"));
        check("1972-02-01", Female, "2022-01", ("2022-02", "2027-02"));
        // From 2025 on a month more for every four months of birth, or two.
        check("1964-12-31", Male, "2025-01", ("2024-12", "2027-12"));
        check("1965-01-01", Male, "2025-01", ("2025-02", "2028-02"));
        check("1965-05-01", Male, "2025-01", ("2025-07", "2028-07"));
        check("1976-09-01", Male, "2030-01", ("2039-09", "2042-09"));
        check("1990-01-01", Male, "2030-01", ("2053-01", "2056-01"));
        check("1975-01-01", Female, "2025-01", ("2025-02", "2034-05"));
        check("1984-11-01", Female, "2030-01", ("2039-11", "2045-11"));
        check("1990-01-01", Female, "2030-01", ("2045-01", "2051-01"));
    }
}
