//! The words for codes that a screen shows: statuses, kinds, roles. The codes are stable.

use canbao_core::comparison::Class;
use canbao_core::declaration::Kind;
use canbao_core::document::FieldName;
use canbao_core::facts::{
    DeclarationStatus, Insured, Matter, MonthStage, PaymentStatus, PersonState, Receiving,
    RegistrationState, Sending, TransactionStep,
};
use canbao_core::message::{self, Lang};
use canbao_core::pension::Linked;
use canbao_core::statement::Verdict;

use crate::response::Coded;

/// A code with its words in a language.
pub(crate) fn coded(code: &str, lang: Lang, zh: &str, en: &str) -> Coded {
    let text = match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
    Coded {
        code: code.to_owned(),
        text: text.to_owned(),
    }
}

/// 申报状态 (STA-1).
pub(crate) fn status(status: &DeclarationStatus, lang: Lang) -> Coded {
    let (zh, en) = match status {
        DeclarationStatus::Draft => ("草稿(已申报未提交)", "draft, not submitted"),
        DeclarationStatus::Voided => ("删除", "voided"),
        DeclarationStatus::Annulled => ("作废", "annulled"),
        DeclarationStatus::Submitted => ("已提交", "submitted, waiting for the centre"),
        DeclarationStatus::Received(_) => ("已受理", "received"),
        DeclarationStatus::NotReceived(_) => ("未受理", "not received"),
        DeclarationStatus::Returned(_) => ("已退回", "returned"),
        DeclarationStatus::Rejected(_) => ("审核不通过", "rejected"),
        DeclarationStatus::Withdrawn => ("已撤回", "withdrawn"),
        DeclarationStatus::Approved | DeclarationStatus::Months(_) => ("审核通过", "approved"),
        DeclarationStatus::TaxAccepted => ("税务已接收", "accepted by tax"),
        DeclarationStatus::TaxRefused(_) => ("税务拒收", "refused by tax"),
    };
    coded(status.code(), lang, zh, en)
}

/// Where a month of an approved wage stands.
pub(crate) fn stage(stage: MonthStage, lang: Lang) -> Coded {
    let (code, zh, en) = match stage {
        MonthStage::Approved => ("approved", "审核通过", "approved"),
        MonthStage::Assessed => ("assessed", "已核定", "assessed"),
        MonthStage::SentToTax => ("sent_to_tax", "已发送税务", "sent to tax"),
        MonthStage::TaxRefused => ("tax_refused", "税务拒收", "refused by tax"),
        MonthStage::TaxAccepted => ("tax_accepted", "税务已接收", "accepted by tax"),
        MonthStage::InTreasury => ("in_treasury", "已到账", "in the treasury"),
        MonthStage::Recorded => ("recorded", "已记账", "recorded"),
    };
    coded(code, lang, zh, en)
}

/// Where a person is insured (REG-1).
pub(crate) fn insured(insured: Option<Insured>, lang: Lang) -> Coded {
    let (zh, en) = match insured {
        Some(Insured::Here) => ("在本单位参保", "insured here"),
        Some(Insured::Elsewhere) => ("在其他单位参保", "insured in another unit"),
        Some(Insured::Before) => (
            "未参保(曾参保,请办理职工缴费恢复申报)",
            "not insured (was before: declare a resumption)",
        ),
        Some(Insured::Never) => ("未参保", "not insured"),
        None => (
            "未知(没有网络,由中心受理时判断)",
            "unknown (no link: the centre decides at intake)",
        ),
    };
    coded(insured.map_or("unknown", Insured::code), lang, zh, en)
}

/// The caption of a form.
pub(crate) fn kind(kind: Kind, lang: Lang) -> String {
    let (zh, en) = match kind {
        Kind::Registration => ("职工参保登记申报", "enrolment"),
        Kind::Interruption => ("职工缴费中断申报", "interruption of payment"),
        Kind::Resumption => ("职工缴费恢复申报", "resumption of payment"),
        Kind::Wage => ("职工缴费工资申报", "declaration of a wage"),
    };
    coded("", lang, zh, en).text
}

/// The caption of a field, by its name: the one that stands in forms and tables.
pub(crate) fn field(field: FieldName, lang: Lang) -> Coded {
    let caption = message::render(&format!("caption.field_{field}"), &[], lang);
    Coded {
        code: field.name().to_owned(),
        text: caption.message,
    }
}

/// What the employer keeps on a person, as a kind of record.
pub(crate) fn roster(lang: Lang) -> Coded {
    coded("roster", lang, "花名册", "roster")
}

/// 缴费状态 (STA-3).
pub(crate) fn payment_status(status: PaymentStatus, lang: Lang) -> Coded {
    match status {
        PaymentStatus::NotInsured => coded("not_insured", lang, "未参保", "not insured"),
        PaymentStatus::Paying => coded("paying", lang, "参保缴费", "paying"),
        PaymentStatus::Suspended => coded("suspended", lang, "暂停缴费(中断)", "suspended"),
        PaymentStatus::Terminated => coded("terminated", lang, "终止缴费", "terminated"),
    }
}

/// 社保发送状态 (STA-2).
pub(crate) fn sending(state: &Sending, lang: Lang) -> Coded {
    match state {
        Sending::Waiting => coded("waiting", lang, "待发送", "to be sent"),
        Sending::Sending => coded("sending", lang, "发送中", "being sent"),
        Sending::Sent => coded("sent", lang, "发送成功", "sent"),
        Sending::Failed(_) => coded("failed", lang, "发送失败", "not sent"),
    }
}

/// 地税接收状态 (STA-2).
pub(crate) fn receiving(state: &Receiving, lang: Lang) -> Coded {
    match state {
        Receiving::NotYet => coded("not_yet", lang, "未接收", "not received yet"),
        Receiving::Accepted => coded("accepted", lang, "接收成功", "accepted"),
        Receiving::Refused { .. } => coded("refused", lang, "接收失败", "refused"),
    }
}

/// 税务进度 (QRY-9).
pub(crate) fn step(step: TransactionStep, lang: Lang) -> Coded {
    let (zh, en) = match step {
        TransactionStep::Waiting => ("待发送", "to be sent"),
        TransactionStep::Sending => ("发送中", "being sent"),
        TransactionStep::NotSent => ("发送失败", "not sent"),
        TransactionStep::Sent => ("已发送,待税务接收", "sent, waiting for tax"),
        TransactionStep::Accepted => ("税务已接收", "accepted by tax"),
        TransactionStep::Refused => ("税务拒收", "refused by tax"),
        TransactionStep::SentAgain => ("税务拒收,已再次发送", "refused by tax, sent again"),
        TransactionStep::Collected => ("已缴款", "paid at tax"),
        TransactionStep::PartlyPosted => ("部分入库", "partly in the treasury"),
        TransactionStep::Posted => ("已入库", "in the treasury"),
    };
    coded(step.code(), lang, zh, en)
}

/// The class of a person in the comparison with tax (QRY-3).
pub(crate) fn class(class: Class, lang: Lang) -> Coded {
    let (zh, en) = match class {
        Class::Unknown => ("未知", "unknown"),
        Class::OnlyOurs => ("仅社保有", "only here"),
        Class::OnlyTax => ("仅税务有", "only at tax"),
        Class::StateDiffers => ("状态不一致", "state differs"),
        Class::MonthsDiffer => ("起止月不一致", "months differ"),
        Class::BaseDiffers => ("基数不一致", "base differs"),
        Class::NameDiffers => ("姓名不一致", "name differs"),
        Class::Consistent => ("一致", "consistent"),
    };
    coded(class.code(), lang, zh, en)
}

/// 人员状态 at pension insurance.
pub(crate) fn person_state(state: PersonState, lang: Lang) -> Coded {
    let en = match state {
        PersonState::Working => "working",
        PersonState::Retired => "retired",
        PersonState::Dead => "dead",
    };
    coded(state.code(), lang, state.caption(), en)
}

/// 登记状态 at pension insurance.
pub(crate) fn registration_state(state: RegistrationState, lang: Lang) -> Coded {
    match state {
        RegistrationState::Normal => coded("normal", lang, "正常", "normal"),
        RegistrationState::Cancelled => coded("cancelled", lang, "注销", "cancelled"),
    }
}

/// What a result of pension insurance is about.
pub(crate) fn matter(matter: Matter, lang: Lang) -> Coded {
    let (zh, en) = match matter {
        Matter::Wages => ("缴费工资申报", "declaration of wages"),
        Matter::Assessment => ("应收核定", "assessment"),
    };
    coded(matter.code(), lang, zh, en)
}

/// 失业协同标志 (SIL-9).
pub(crate) fn linked(linked: &Linked<'_>, lang: Lang) -> Coded {
    let (zh, en) = match linked {
        Linked::Succeeded { .. } => ("成功", "succeeded"),
        Linked::Failed { .. } => ("失败", "failed"),
        Linked::NotApplicable { .. } => ("不适用", "not applicable"),
        Linked::Unknown(_) => ("未知", "unknown"),
    };
    coded(linked.code(), lang, zh, en)
}

/// A decision.
pub(crate) fn verdict(verdict: &Verdict, lang: Lang) -> Coded {
    match verdict {
        Verdict::Approve => coded("approve", lang, "审核通过", "approve"),
        Verdict::Return(_) => coded("return", lang, "退回", "return"),
        Verdict::Reject(_) => coded("reject", lang, "审核不通过", "reject"),
    }
}
