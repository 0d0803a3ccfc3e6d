//! 税务进度: how far a sending has come (QRY-9), from its two states and what was paid.

use serde::Serialize;

use super::tax::{Receiving, Sending, TransactionKind, TransactionView};
use super::unit::UnitView;

/// How far a sending has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStep {
    /// 待发送.
    Waiting,
    /// 发送中.
    Sending,
    /// 发送失败: tax does not take it however often it is sent.
    NotSent,
    /// 已发送,待税务接收.
    Sent,
    /// 税务已接收.
    Accepted,
    /// 税务拒收.
    Refused,
    /// 税务拒收, and sent again as another transaction.
    SentAgain,
    /// 已缴款: the unit paid at tax, nothing is in the treasury yet.
    Collected,
    /// 部分入库.
    PartlyPosted,
    /// 已入库.
    Posted,
}

impl TransactionStep {
    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::NotSent => "not_sent",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::SentAgain => "sent_again",
            Self::Collected => "collected",
            Self::PartlyPosted => "partly_posted",
            Self::Posted => "posted",
        }
    }
}

impl UnitView {
    /// How far one of the unit's sendings has come.
    #[must_use]
    pub fn step(&self, sent: &TransactionView) -> TransactionStep {
        match (&sent.receiving, &sent.sending) {
            (Receiving::Refused { .. }, _) if sent.again.is_some() => TransactionStep::SentAgain,
            (Receiving::Refused { .. }, _) => TransactionStep::Refused,
            (Receiving::Accepted, _) => self.paid(sent),
            (Receiving::NotYet, Sending::Waiting) => TransactionStep::Waiting,
            (Receiving::NotYet, Sending::Sending) => TransactionStep::Sending,
            (Receiving::NotYet, Sending::Sent) => TransactionStep::Sent,
            (Receiving::NotYet, Sending::Failed(_)) => TransactionStep::NotSent,
        }
    }

    fn paid(&self, sent: &TransactionView) -> TransactionStep {
        let TransactionKind::Assessment { settlement } = &sent.kind else {
            return TransactionStep::Accepted;
        };
        let (mut due, mut recorded) = (0, 0);
        for receivable in self.receivables(*settlement) {
            due += 1;
            recorded += usize::from(receivable.record.is_some());
        }
        if recorded == 0 && sent.collected {
            TransactionStep::Collected
        } else if recorded == 0 {
            TransactionStep::Accepted
        } else if recorded < due {
            TransactionStep::PartlyPosted
        } else {
            TransactionStep::Posted
        }
    }
}
