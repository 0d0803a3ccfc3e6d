//! What mends a difference with tax: a declaration with tax's month (MON-3), or whom to ask.

use crate::facts::{RosterChange, TransactionId, Turn};
use crate::ids::{DeclarationId, PersonId};
use crate::message::Message;
use crate::money::Money;
use crate::month::Month;

/// Which end of an interval a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The first payable month.
    Start,
    /// The last payable month.
    Stop,
}

impl ChangeKind {
    /// Which end a change of tax's roster is about; none where it takes the interval back.
    #[must_use]
    pub fn of(change: &RosterChange) -> Option<Self> {
        match change {
            RosterChange::Stop { .. } => Some(Self::Stop),
            RosterChange::Start { .. } => Some(Self::Start),
            RosterChange::Cancel { .. } => None,
        }
    }

    /// Which end a movement gave; none where it opens no interval.
    #[must_use]
    pub fn of_turn(turn: Turn) -> Option<Self> {
        match turn {
            Turn::Out { .. } => Some(Self::Stop),
            Turn::In(_) => Some(Self::Start),
            Turn::Void(_) => None,
        }
    }
}

/// What to do about a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// 职工缴费中断申报 with tax's last month.
    Stop {
        /// Who.
        person: PersonId,
        /// Tax's last month.
        month: Month,
    },
    /// 职工缴费恢复申报 with tax's first month.
    Resume {
        /// Who.
        person: PersonId,
        /// Tax's first month.
        month: Month,
    },
    /// 职工参保登记申报 of someone whom only tax has, with tax's first month; unless tax is wrong.
    Enrol {
        /// Tax's first month.
        month: Month,
    },
    /// 重做: the operation that gave the month is redone with this one (MON-3).
    Redo {
        /// Who.
        person: PersonId,
        /// Whether the operation started or stopped the payment.
        change: ChangeKind,
        /// The approved declaration that gave the month.
        operation: DeclarationId,
        /// The month that counts.
        month: Month,
    },
    /// 职工缴费工资申报 from this month on, if tax's base is the right one.
    Wage {
        /// Who.
        person: PersonId,
        /// The first month.
        from: Month,
        /// Tax's base.
        base: Money,
    },
    /// What tax refused is sent again, once its reason is settled.
    SendAgain {
        /// Which.
        transaction: TransactionId,
    },
    /// It is on its way to tax, or tax's roster is older than tax's answer.
    Wait {
        /// Which.
        transaction: TransactionId,
    },
    /// Tax has to correct its roster.
    AskTax,
    /// The window of the unit's district has to look at it.
    Window,
}

impl Repair {
    /// The stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stop { .. } => "repair.stop",
            Self::Resume { .. } => "repair.resume",
            Self::Enrol { .. } => "repair.enrol",
            Self::Redo {
                change: ChangeKind::Start,
                ..
            } => "repair.redo_start",
            Self::Redo {
                change: ChangeKind::Stop,
                ..
            } => "repair.redo_stop",
            Self::Wage { .. } => "repair.wage",
            Self::SendAgain { .. } => "repair.send_again",
            Self::Wait { .. } => "repair.wait",
            Self::AskTax => "repair.ask_tax",
            Self::Window => "repair.window",
        }
    }

    /// The month to declare, where a declaration mends it.
    #[must_use]
    pub fn month(&self) -> Option<Month> {
        match self {
            Self::Stop { month, .. }
            | Self::Resume { month, .. }
            | Self::Enrol { month }
            | Self::Redo { month, .. }
            | Self::Wage { from: month, .. } => Some(*month),
            Self::SendAgain { .. } | Self::Wait { .. } | Self::AskTax | Self::Window => None,
        }
    }

    /// Its sentence; that of the window is completed by
    /// [`CommonView::at_window`](crate::facts::CommonView::at_window) (DIST-1).
    #[must_use]
    pub fn message(&self) -> Message {
        let message = Message::bare(self.code());
        match self {
            Self::Stop { month, .. }
            | Self::Resume { month, .. }
            | Self::Enrol { month }
            | Self::Redo { month, .. } => message.with("month", month),
            Self::Wage { from, base, .. } => message.with("month", from).with("base", base),
            Self::SendAgain { transaction } | Self::Wait { transaction } => {
                message.with("transaction", transaction)
            }
            Self::AskTax | Self::Window => message,
        }
    }
}
