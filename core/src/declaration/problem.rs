//! What is wrong with a draft: each problem names its code, its field and the values at issue.

use minicbor::{Decode, Encode};
use serde::Serialize;

use crate::message::{self, Lang, Text};

/// The field of the form a problem belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Serialize)]
#[cbor(index_only)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// 证件号码 or 个人编号.
    #[n(1)]
    Person,
    /// 变更时间.
    #[n(2)]
    Month,
    /// 变更原因.
    #[n(3)]
    Reason,
    /// 开始年月.
    #[n(4)]
    From,
    /// 结束年月.
    #[n(5)]
    To,
    /// 工资.
    #[n(6)]
    Wage,
    /// The declaration or request as a whole.
    #[n(7)]
    Whole,
    /// 证件类型.
    #[n(8)]
    IdKind,
    /// 姓名.
    #[n(9)]
    Name,
    /// 出生日期.
    #[n(10)]
    Born,
    /// 性别.
    #[n(11)]
    Sex,
    /// The tick 失业保险.
    #[n(12)]
    Insurance,
    /// 重做: the declaration that is done again.
    #[n(13)]
    Redo,
}

/// Declares the codes once: the enum, its dotted names, and the list for tests.
macro_rules! problem_codes {
    ($($(#[$doc:meta])* $n:literal $name:ident = $code:literal),* $(,)?) => {
        /// Why a draft, a submission or a request is not taken.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(index_only)]
        pub enum ProblemCode {
            $($(#[$doc])* #[n($n)] $name),*
        }

        impl ProblemCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its stable name, by which screens, scripts and tests branch.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

problem_codes! {
    /// A mandatory field is empty (COM-5).
    1 Missing = "declaration.missing",
    /// The text is not a month.
    2 NotAMonth = "declaration.not_a_month",
    /// Nobody of this number is known to the unit (COM-3).
    3 PersonUnknown = "declaration.person_unknown",
    /// The ID number's check character is wrong.
    4 IdCheckDigit = "declaration.id_check_digit",
    /// The ID number is malformed otherwise.
    5 IdMalformed = "declaration.id_malformed",
    /// The person does not pay in this unit (缴费状态).
    6 NotPaying = "declaration.not_paying",
    /// The month lies before the person's first payable month.
    7 BeforeStart = "declaration.before_start",
    /// Not one of the reasons in the parameters.
    9 ReasonUnknown = "declaration.reason_unknown",
    /// The range ends before it starts.
    10 RangeReversed = "declaration.range_reversed",
    /// A wage of nothing or less.
    11 WageNotPositive = "declaration.wage_not_positive",
    /// The month is too far from any month that can be declared.
    13 MonthOutOfRange = "declaration.month_out_of_range",
    /// Another declaration of this person and kind is undecided.
    14 Undecided = "declaration.undecided",
    /// Other content of this declaration is undecided (architecture, section 6).
    15 RevisionUndecided = "submission.revision_undecided",
    /// The revision does not follow the one before.
    16 RevisionOrder = "submission.revision_order",
    /// The declaration was approved or rejected for good.
    17 Final = "submission.final",
    /// The form gives another declaration than the one submitted.
    18 NotTheForm = "submission.not_the_form",
    /// No settlement period is open, so that none can be given at intake.
    19 NoSettlement = "submission.no_settlement",
    /// A person has no base for the month (SIL-20).
    20 BaseMissing = "assessment.base_missing",
    /// The month before was not assessed (SIL-7).
    21 MonthBeforeOpen = "assessment.month_before_open",
    /// The month was assessed already (SIL-7).
    22 AlreadyAssessed = "assessment.already_assessed",
    /// The settlement period is not open yet (SIL-7).
    23 PeriodNotOpen = "assessment.period_not_open",
    /// A parameter has no value for the month (SIL-23).
    25 ParameterMissing = "assessment.parameter_missing",
    /// Nobody is payable in the month.
    26 NobodyPayable = "assessment.nobody_payable",
    /// The insurance is not assessed here (ASM-1: 养老 comes from its own feed).
    27 InsuranceUnknown = "assessment.insurance_unknown",
    /// A decided, withdrawn or unknown submission.
    30 NotUndecided = "decision.not_undecided",
    /// A return or a rejection without its reason.
    32 ReasonMissing = "decision.reason_missing",
    /// The submission can no longer be approved; its problems follow.
    33 NoLongerApprovable = "decision.no_longer_approvable",
    /// The person who is enrolled pays in this unit already (REG-1).
    40 InsuredHere = "declaration.insured_here",
    /// The person was insured before: 恢复 instead of 登记 (SIL-15).
    41 ResumeInstead = "declaration.resume_instead",
    /// The person pays in another unit (SIL-3).
    42 InsuredElsewhere = "declaration.insured_elsewhere",
    /// The months were paid in another unit (SIL-3).
    43 DoubleElsewhere = "declaration.double_elsewhere",
    /// Younger than the law allows (REG).
    44 TooYoung = "declaration.too_young",
    /// 终止缴费: back only at the window (STA-3).
    45 Terminated = "declaration.terminated",
    /// A resumption at or before the last payable month (MON-5).
    46 DoubleMonth = "declaration.double_month",
    /// The person pays already.
    47 AlreadyPaying = "declaration.already_paying",
    /// Further back than the parameter allows (SIL-6).
    48 LookBack = "declaration.look_back",
    /// The name is not that of the number's person.
    49 NameDiffers = "declaration.name_differs",
    /// 失业保险 is not ticked.
    50 NotTicked = "declaration.not_ticked",
    /// No such kind of ID document.
    51 IdKindUnknown = "declaration.id_kind_unknown",
    /// The text is no birth date.
    52 NotABirthDate = "declaration.not_a_birth_date",
    /// Neither 男 nor 女.
    53 SexUnknown = "declaration.sex_unknown",
    /// The ID number states another birth date or sex.
    54 DocumentContradicts = "declaration.document_contradicts",
    /// No approved declaration of this kind and person is there to be done again (MON-3).
    55 RedoUnknown = "declaration.redo_unknown",
    /// Months of a wage that are posted (SIL-4).
    56 Posted = "declaration.posted",
    /// A text longer than allowed.
    57 TextTooLong = "declaration.text_too_long",
    /// The person was never insured: 登记 instead of 恢复 (SIL-2).
    58 EnrolInstead = "declaration.enrol_instead",
    /// Beyond the last month that an employer can pay for the person (离退休).
    59 Retired = "declaration.retired",
    /// Nothing of this number goes to tax for the unit.
    70 TransactionUnknown = "tax.transaction_unknown",
    /// Tax did not refuse it, so that there is nothing to send again (STA-1).
    71 NotRefusedByTax = "tax.not_refused",
    /// It was sent again already.
    72 SentAgainAlready = "tax.sent_again",
    /// A later change of the same person's went to tax since (MON-3).
    73 OvertakenAtTax = "tax.overtaken",
}

impl serde::Serialize for ProblemCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One problem, with what a person needs to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Problem {
    /// Which.
    #[n(0)]
    pub code: ProblemCode,
    /// Where.
    #[n(1)]
    pub field: Field,
    /// The values its sentence names, by placeholder. Never an ID number or a wage.
    #[n(2)]
    pub args: Vec<(String, String)>,
}

impl Problem {
    /// A problem without values.
    #[must_use]
    pub fn new(code: ProblemCode, field: Field) -> Self {
        Self {
            code,
            field,
            args: Vec::new(),
        }
    }

    /// Adds a value for the sentence.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }

    /// The sentence and what to do, in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> Text {
        let args: Vec<(&str, String)> = self
            .args
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        message::render(self.code.as_str(), &args, lang)
    }
}
