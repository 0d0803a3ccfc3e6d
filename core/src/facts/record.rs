//! Payment records (缴费记录): one person, one month, immutable, chained per unit.

use minicbor::{Decode, Encode};

use crate::contribution::Contribution;
use crate::ids::{PersonId, UnitId};
use crate::money::Money;
use crate::month::Month;
use crate::signed::encode;
use crate::signing::hash_parts;

use super::assessment::REFUND;
use super::tax::TransactionId;

/// The hash of a unit's payment record, which its next one carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct RecordHash(#[cbor(with = "minicbor::bytes")] pub [u8; 32]);

impl RecordHash {
    /// What a unit's first record carries.
    pub const START: Self = Self([0; 32]);
}

/// A payment record. It names unit and person in full, so that a proof of it reads alone.
///
/// The fields follow GB/T 40217-2021's payment record.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PaymentRecord {
    /// Tax's serial; with [`Self::line`] the record's id, without the amount.
    #[n(0)]
    pub serial: String,
    /// The line within the posting.
    #[n(1)]
    pub line: u32,
    /// The unit.
    #[n(2)]
    pub unit: UnitId,
    /// 统一社会信用代码.
    #[n(3)]
    pub credit_code: String,
    /// The person.
    #[n(4)]
    pub person: PersonId,
    /// 个人编号 of unemployment insurance.
    #[n(5)]
    pub personal_number: String,
    /// 姓名.
    #[n(6)]
    pub name: String,
    /// 险种类型: 210.
    #[n(7)]
    pub insurance: u16,
    /// 缴费类型: 10 normal.
    #[n(8)]
    pub kind: u16,
    /// 结算期年月.
    #[n(9)]
    pub settlement: Month,
    /// 费款所属期.
    #[n(10)]
    pub month: Month,
    /// 缴费基数, as posted by tax (FAQ-2).
    #[n(11)]
    pub base: Money,
    /// 单位缴费金额.
    #[n(12)]
    pub unit_amount: Money,
    /// 个人缴费金额.
    #[n(13)]
    pub person_amount: Money,
    /// 到账日期, `YYYY-MM-DD`.
    #[n(14)]
    pub posted_on: String,
    /// The transaction it was posted for.
    #[n(15)]
    pub transaction: TransactionId,
    /// The receivable's line within its settlement period.
    #[n(16)]
    pub receivable: u32,
    /// The unit's running number, from 1: a withheld record shows.
    #[n(17)]
    pub number: u64,
    /// The hash of the unit's previous record.
    #[n(18)]
    pub previous: RecordHash,
    /// The record that this one takes back (冲销): its amounts with the other sign.
    #[n(19)]
    pub reverses: Option<RecordId>,
}

/// A payment record's id, without the amount.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RecordId {
    /// Tax's serial.
    #[n(0)]
    pub serial: String,
    /// The line within the posting.
    #[n(1)]
    pub line: u32,
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.serial, self.line)
    }
}

impl PaymentRecord {
    /// Its hash, for the unit's next record.
    #[must_use]
    pub fn hash(&self) -> RecordHash {
        RecordHash(hash_parts("canbao/record/1", &[&encode(self)]))
    }

    /// What it adds to what was paid: a refund (kind 20) takes its amounts off.
    #[must_use]
    pub fn paid(&self) -> Contribution {
        let sign = |amount: Money| match self.kind {
            REFUND => Money::ZERO - amount,
            _ => amount,
        };
        Contribution {
            unit: sign(self.unit_amount),
            person: sign(self.person_amount),
        }
    }

    /// Unit part and personal part together.
    #[must_use]
    pub fn total(&self) -> Money {
        self.unit_amount + self.person_amount
    }
}
