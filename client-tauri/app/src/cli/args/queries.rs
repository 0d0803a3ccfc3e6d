//! The flags of the queries: whom and what they show.

use canbao_client::request::{PaymentsWanted, Repairing, Request};
use clap::Args;

/// `roster list`.
#[derive(Debug, Args)]
pub(crate) struct People {
    /// ID number, personal number or person id.
    #[arg(long)]
    person: Option<String>,
    /// paying, suspended or terminated; or its caption.
    #[arg(long)]
    status: Option<String>,
}

/// `compare`.
#[derive(Debug, Args)]
pub(crate) struct Comparing {
    /// ID number, personal number or person id; everyone without it.
    #[arg(value_name = "PERSON")]
    person: Option<String>,
    /// consistent, only_ours, only_tax, state_differs, months_differ, base_differs,
    /// name_differs or unknown; or its caption.
    #[arg(long, value_name = "CLASS", conflicts_with = "repair")]
    class: Option<String>,
    /// Makes the draft that mends the difference of the person.
    #[arg(long, requires = "person")]
    repair: bool,
    /// Why, where the draft needs a reason that neither roster tells.
    #[arg(long, requires = "repair")]
    reason: Option<String>,
    /// The wage in yuan, where it is another than tax's base.
    #[arg(long, requires = "repair")]
    wage: Option<String>,
    /// The birth date, YYYY-MM-DD, where the document does not state it.
    #[arg(long, value_name = "DATE", requires = "repair")]
    born: Option<String>,
    /// 男 or 女, where the document does not state it.
    #[arg(long, requires = "repair")]
    sex: Option<String>,
}

/// `records list`.
#[derive(Debug, Args)]
pub(crate) struct Payments {
    /// ID number, personal number or person id.
    #[arg(long)]
    person: Option<String>,
    /// The settlement month.
    #[arg(long, value_name = "MONTH")]
    settlement: Option<String>,
    /// The insurance, by its code or name.
    #[arg(long = "insurance", value_name = "CODE")]
    payment_insurance: Option<String>,
    /// The kind of payment, by its code or name.
    #[arg(long = "kind", value_name = "CODE")]
    payment_kind: Option<String>,
    /// The first month paid for.
    #[arg(long, value_name = "MONTH")]
    period_from: Option<String>,
    /// The last month paid for.
    #[arg(long, value_name = "MONTH")]
    period_to: Option<String>,
}

impl From<People> for Request {
    fn from(asked: People) -> Self {
        Self::RosterList {
            person: asked.person,
            status: asked.status,
        }
    }
}

impl From<Comparing> for Request {
    fn from(asked: Comparing) -> Self {
        if !asked.repair {
            return Self::Compare {
                person: asked.person,
                class: asked.class,
            };
        }
        Self::CompareRepair(Repairing {
            // The grammar lets no repair through without a person.
            person: asked.person.unwrap_or_default(),
            reason: asked.reason,
            wage: asked.wage,
            born: asked.born,
            sex: asked.sex,
        })
    }
}

impl From<Payments> for Request {
    fn from(asked: Payments) -> Self {
        Self::RecordsList(PaymentsWanted {
            person: asked.person,
            settlement: asked.settlement,
            insurance: asked.payment_insurance,
            kind: asked.payment_kind,
            period_from: asked.period_from,
            period_to: asked.period_to,
        })
    }
}
