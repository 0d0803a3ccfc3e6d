//! What may be asked of the application: the command line, the local socket and a window ask
//! the same things.

use std::path::PathBuf;

use canbao_core::declaration::Kind;
use canbao_core::ids::{DeclarationId, ImportId, NoteId};
use canbao_core::message::Lang;
use canbao_core::passphrase::Passphrase;
use serde::{Deserialize, Serialize};

/// On whose behalf something is asked, and in which language the answer reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The unit: its id, its 统一社会信用代码 or its 失业单位编号; needed where the operator acts
    /// for several.
    #[serde(default)]
    pub unit: Option<String>,
    /// The operator: id or name; needed where several are enrolled on the device.
    #[serde(default)]
    pub operator: Option<String>,
    /// Passphrases that unlock the key of whoever signs; tried where a key is locked.
    #[serde(default)]
    pub passphrases: Vec<Passphrase>,
    /// The language of sentences.
    #[serde(default)]
    pub lang: Lang,
}

/// Which of the values of a conflict is to stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The one of this number in `ConflictsList`.
    Value(u32),
    /// The one that reads so.
    Keep(String),
}

/// The fields of a form as typed; those not given are empty in a new one and stay in another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// ID number, personal number or person id (COM-1); REG: the document's number.
    pub person: Option<String>,
    /// REG, RES: 证件类型 in its two digits; 01 where none is given.
    pub id_kind: Option<String>,
    /// REG, RES of someone from another unit: 姓名.
    pub name: Option<String>,
    /// REG: 出生日期, where the document does not state it.
    pub born: Option<String>,
    /// REG: 性别, where the document does not state it.
    pub sex: Option<String>,
    /// REG, RES: the insurance that is ticked: 210.
    pub insurance: Option<String>,
    /// INT, REG, RES: 变更时间: the last month paid (MON-1), or the first (MON-2).
    pub month: Option<String>,
    /// INT, REG, RES: 变更原因.
    pub reason: Option<String>,
    /// WAGE: 开始年月.
    pub from: Option<String>,
    /// WAGE: 结束年月.
    pub to: Option<String>,
    /// REG, RES, WAGE: 工资 in yuan.
    pub wage: Option<String>,
    /// INT, REG, RES: the declaration that is done again (MON-3).
    pub redo: Option<String>,
}

/// A file of declarations to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Importing {
    /// `REG`, `INT`, `RES` or `WAGE`.
    pub kind: String,
    /// The .xls, .xlsx or .csv.
    pub file: PathBuf,
    /// WAGE: 开始年月 of every row that says none.
    #[serde(default)]
    pub from: Option<String>,
    /// WAGE: 结束年月 of every row that says none.
    #[serde(default)]
    pub to: Option<String>,
    /// Where the failing rows are written, as .xlsx; nowhere where it is not said.
    #[serde(default)]
    pub failures: Option<PathBuf>,
    /// Says what would become of each row and makes nothing of it.
    #[serde(default)]
    pub preview: bool,
}

/// Whose difference with tax is to be mended, and what neither roster tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repairing {
    /// ID number, personal number or person id.
    pub person: String,
    /// 变更原因.
    pub reason: Option<String>,
    /// 工资 in yuan.
    pub wage: Option<String>,
    /// 出生日期, where the document does not state it.
    pub born: Option<String>,
    /// 性别, where the document does not state it.
    pub sex: Option<String>,
}

/// Which payment records are wanted; every filter may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentsWanted {
    /// One person's only: ID number, personal number or person id.
    pub person: Option<String>,
    /// 结算期.
    pub settlement: Option<String>,
    /// 险种类型, by its code or name.
    pub insurance: Option<String>,
    /// 缴费类型, by its code or name.
    pub kind: Option<String>,
    /// 费款所属期起.
    pub period_from: Option<String>,
    /// 费款所属期止.
    pub period_to: Option<String>,
}

/// A question or an order, with the words as typed: the application parses them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum Request {
    /// Enrols an operator on this device with a code (ACC-2).
    Enrol {
        /// The code as handed out.
        code: String,
        /// The server, `host:port`.
        server: String,
        /// Locks the operator's key; without it the key lies open.
        #[serde(default)]
        passphrase: Option<Passphrase>,
    },
    /// Replaces the keys of this device and its operators by new ones.
    Rekey,
    /// Locks the operator's key, which is open, by a passphrase.
    PassphraseSet {
        /// Locks it from now on.
        passphrase: Passphrase,
    },
    /// Locks the operator's key by another passphrase than the one of the context.
    PassphraseChange {
        /// Locks it from now on.
        passphrase: Passphrase,
    },
    /// Takes the lock off the operator's key, by the passphrase of the context.
    PassphraseRemove,
    /// Unlocks the operator's key for a while, and signs what waits for it.
    Unlock,
    /// Forgets unlocked keys at once: the operator's, or all.
    Lock,
    /// Where everything stands.
    Status,
    /// Exchanges with the centre.
    Sync {
        /// Keeps the connection until stopped.
        watch: bool,
    },
    /// The agencies in which words occur, all without any (DIST-1).
    Agencies {
        /// Separated by blanks.
        #[serde(default)]
        words: String,
    },
    /// 单位人员参保状态查询 (QRY-2): everyone in the unit, where no filter is given.
    RosterList {
        /// ID number, personal number or person id.
        #[serde(default)]
        person: Option<String>,
        /// 缴费状态, by its code or caption.
        #[serde(default)]
        status: Option<String>,
    },
    /// One person of the unit (QRY-7).
    RosterShow {
        /// ID number, personal number or person id.
        person: String,
    },
    /// Where a person is insured (REG-1).
    PersonInsured {
        /// The number of a document, or a personal number.
        number: String,
        /// 证件类型 in its two digits, where the document is none of the residents'.
        #[serde(default)]
        id_kind: Option<String>,
    },
    /// Notes something on a person, in the employer's roster document.
    RosterNote {
        /// ID number, personal number or person id.
        person: String,
        /// What.
        text: String,
    },
    /// Takes a note back.
    RosterUnnote {
        /// Which.
        id: NoteId,
    },
    /// Keeps 部门 or 联系电话 of a person, in the employer's roster document.
    RosterSet {
        /// ID number, personal number or person id.
        person: String,
        /// 部门; empty clears, none leaves.
        #[serde(default)]
        department: Option<String>,
        /// 联系电话; empty clears, none leaves.
        #[serde(default)]
        phone: Option<String>,
    },
    /// The fields that two devices of the unit filled in differently.
    ConflictsList,
    /// Chooses one of the values of such a field.
    ConflictsResolve {
        /// The declaration's id; or ID number, personal number or person id of the roster.
        record: String,
        /// The field, by its name or caption.
        field: String,
        /// Which value.
        choice: Choice,
    },
    /// 确定: makes a declaration of a kind.
    Declare {
        /// Which form: `REG`, `INT`, `RES` or `WAGE`.
        kind: Kind,
        /// Its fields.
        #[serde(flatten)]
        form: Box<Form>,
    },
    /// Every declaration of the unit made here, with its status.
    DeclareList,
    /// 修改: changes the fields given; the others stay.
    DeclareEdit {
        /// Which.
        id: DeclarationId,
        /// The fields that change.
        #[serde(flatten)]
        form: Box<Form>,
    },
    /// 删除: voids a declaration.
    DeclareVoid {
        /// Which.
        id: DeclarationId,
    },
    /// Makes drafts of the rows of a file (批量申报).
    DeclareImport(Importing),
    /// Voids the drafts of an import that were not submitted yet.
    DeclareImportUndo {
        /// The SHA-256 of its file.
        import: ImportId,
    },
    /// Writes the empty workbook of a kind of declaration (DL-4).
    DeclareTemplate {
        /// `REG`, `INT`, `RES` or `WAGE`.
        kind: String,
        /// Where to, as .xlsx.
        out: PathBuf,
    },
    /// 申请提交 (SUB-2, SUB-3).
    Submit {
        /// Which.
        #[serde(default)]
        ids: Vec<DeclarationId>,
        /// Every draft of the unit instead.
        #[serde(default)]
        all: bool,
    },
    /// 撤回: withdraws a submission while it is undecided.
    Withdraw {
        /// Which.
        id: DeclarationId,
    },
    /// 核定申请 (ASM-1).
    AssessApply {
        /// 结算期.
        settlement: String,
        /// 险种类型: 210 失业, 110 养老.
        #[serde(default = "unemployment")]
        insurance: u16,
    },
    /// Every assessment and request for one.
    AssessList,
    /// 税务发送交易查询 (QRY-1).
    TaxList {
        /// The first settlement month.
        #[serde(default)]
        from: Option<String>,
        /// The last settlement month.
        #[serde(default)]
        to: Option<String>,
        /// `roster` or `assessment`.
        #[serde(default)]
        kind: Option<String>,
    },
    /// Asks that what tax refused is sent again (STA-1).
    TaxResend {
        /// The refused transaction.
        transaction: String,
    },
    /// 税务数据对比查询 (QRY-3).
    Compare {
        /// ID number, personal number or person id; everyone where it is missing.
        #[serde(default)]
        person: Option<String>,
        /// A class, by its code or caption.
        #[serde(default)]
        class: Option<String>,
    },
    /// Makes the draft that mends a difference (MON-3).
    CompareRepair(Repairing),
    /// 养老花名册查询 (QRY-6).
    PensionRoster {
        /// 身份证号.
        #[serde(default)]
        id_number: Option<String>,
        /// 个人编号, of either insurance.
        #[serde(default)]
        personal_number: Option<String>,
        /// 人员状态, by its code or caption.
        #[serde(default)]
        status: Option<String>,
    },
    /// 养老总人数 beside 失业总人数 (WAGE-1).
    PensionCounts,
    /// 审核结果查询 (QRY-8).
    Results {
        /// 结算期.
        #[serde(default)]
        settlement: Option<String>,
        /// 险种类型: 210 失业, 110 养老.
        #[serde(default)]
        insurance: Option<u16>,
    },
    /// The undecided submissions of the district (SIL-13).
    ReviewQueue,
    /// 审核通过.
    ReviewApprove {
        /// Which, by declaration id or receipt number.
        ids: Vec<String>,
    },
    /// 退回, with a reason.
    ReviewReturn {
        /// Which, by declaration id or receipt number.
        ids: Vec<String>,
        /// Why.
        reason: String,
    },
    /// 审核不通过, with a reason; final.
    ReviewReject {
        /// Which, by declaration id or receipt number.
        ids: Vec<String>,
        /// Why.
        reason: String,
    },
    /// 单位缴费信息查询 and 职工缴费信息查询 (QRY-4, QRY-5).
    RecordsList(PaymentsWanted),
    /// 受理回执: what the centre took in.
    ReceiptList,
    /// A person's document number in full; the centre keeps that it was shown, and why.
    RosterReveal {
        /// By any number.
        person: String,
        /// Why.
        reason: String,
    },
    /// 隔离: the changes made here that the centre refused.
    QuarantineList,
    /// The proof of one payment record.
    ProofShow {
        /// The record, `serial/line`.
        id: String,
    },
    /// Writes the proof of one payment record to a file.
    ProofExport {
        /// The record, `serial/line`.
        id: String,
        /// Where to; without it a name of its own in the working directory.
        #[serde(default)]
        out: Option<PathBuf>,
    },
    /// Writes the proofs of every proven record of the unit to a directory.
    ProofExportAll {
        /// The directory; made where there is none.
        out: PathBuf,
    },
    /// Verifies a proof file, a directory of them or a copy of the log, offline.
    Verify {
        /// The file or directory.
        path: PathBuf,
        /// A trust bundle; without it the one of this device.
        #[serde(default)]
        trust: Option<PathBuf>,
    },
}

fn unemployment() -> u16 {
    canbao_core::facts::UNEMPLOYMENT
}

impl Request {
    /// Whether it needs the network and is answered by the asynchronous door.
    #[must_use]
    pub fn needs_network(&self) -> bool {
        matches!(self, Self::Enrol { .. } | Self::Sync { .. })
    }
}
