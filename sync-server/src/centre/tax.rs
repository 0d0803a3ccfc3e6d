//! What crosses to the tax bureau and comes back, in the engine's own types.

use canbao_core::facts::{
    PersonRecord, Receivable, Reversal, RosterChange, Totalled, TransactionId, TransactionKind,
    UnitRecord,
};
use canbao_core::money::Money;
use canbao_core::month::Month;

/// A transaction that waits to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id at tax.
    pub transaction: TransactionId,
    /// What it is.
    pub kind: TransactionKind,
    /// Whose.
    pub unit: UnitRecord,
    /// Its lines.
    pub content: OutgoingContent,
}

/// The lines of a transaction, each with the person it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutgoingContent {
    /// A change of tax's roster.
    Roster {
        /// Who.
        person: PersonRecord,
        /// What changes.
        change: RosterChange,
    },
    /// A settlement period's receivables, by line.
    Assessment {
        /// 结算期.
        settlement: Month,
        /// What is due, and from whom.
        lines: Vec<(Receivable, PersonRecord)>,
        /// The sums, as assessed.
        totals: Totalled,
    },
}

/// An event of the tax bureau, already parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaxEvent {
    /// 接收成功.
    Accepted {
        /// Which.
        transaction: TransactionId,
    },
    /// 接收失败.
    Refused {
        /// Which.
        transaction: TransactionId,
        /// Tax's reason code.
        code: String,
        /// Tax's words.
        reason: String,
    },
    /// 已缴款.
    Collected {
        /// For which.
        transaction: TransactionId,
    },
    /// 已入库.
    Posted(RawPosting),
    /// 冲销: a posting, or some of its lines, is taken back.
    Reversed {
        /// 统一社会信用代码 of the unit, as tax wrote it.
        credit_code: String,
        /// What is taken back.
        reversal: Reversal,
    },
}

/// A posting in tax's own identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawPosting {
    /// Tax's serial.
    pub serial: String,
    /// The transaction it pays.
    pub transaction: TransactionId,
    /// 统一社会信用代码 of the unit, as tax wrote it.
    pub credit_code: String,
    /// 结算期.
    pub settlement: Month,
    /// The date of the posting, `YYYY-MM-DD`.
    pub posted_on: String,
    /// The lines.
    pub lines: Vec<RawLine>,
    /// The sum tax states.
    pub total: Money,
}

/// A line of a posting in tax's own identifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// Its line within the posting.
    pub line: u32,
    /// The line of the transaction it pays.
    pub transaction_line: u32,
    /// 个人编号, as tax wrote it.
    pub personal_number: String,
    /// 费款所属期.
    pub month: Month,
    /// 缴费基数.
    pub base: Money,
    /// 单位缴费金额.
    pub unit_amount: Money,
    /// 个人缴费金额.
    pub person_amount: Money,
}
