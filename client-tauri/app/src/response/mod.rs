//! What the application answers: views with stable field names, for people and for scripts.
//!
//! Money is text in yuan with two decimals, a month is `2022-01`, an id is text, a status is a
//! code and its sentence. ID numbers are masked everywhere: the first six and the last four.

mod comparison;
mod conflicts;
mod declarations;
mod device;
mod imports;
mod pension;
mod records;

pub use comparison::{
    ClassCount, ComparedRow, ComparisonView, FindingView, RepairView, RepairedView, SideView,
};
pub use conflicts::{ConflictRow, Resolved, StandingView};
pub use declarations::{
    AssessmentRow, DecideReport, DeclarationRow, InsuredView, IntervalView, MonthView, NoteView,
    PersonDetail, PersonRow, ReviewRow, StageCount, SubmitReport, TransactionRow, WageSpanView,
};
pub use device::{
    AgencyRow, AgencyView, CheckpointView, Enrolled, HeldView, OperatorView, PersonRef,
    QuarantineRow, Rekeyed, RevealedView, StatusView, SyncReport, UnitRef,
};
pub use imports::{ImportProblem, ImportReport, ImportRow, ImportUndone, TemplateView};
pub use pension::{
    AtPension, AtUnemployment, CountedPerson, FeedView, LinkedView, PensionCountsView,
    PensionRosterRow, PensionRosterView, ResultRow, ResultsView,
};
pub use records::{
    ExportAllView, ExportView, ProofView, ReceiptRow, RecordRow, RecordsView, TrustFile,
    VerifiedRecord, VerifiedView,
};

use serde::{Deserialize, Serialize};

/// An answer. On the socket it carries its name; a script gets the body alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "body", rename_all = "snake_case")]
pub enum Response {
    /// To `Enrol`.
    Enrolled(Enrolled),
    /// To `Rekey`.
    Rekeyed(Rekeyed),
    /// To `PassphraseSet`, `PassphraseChange`, `PassphraseRemove`, `Unlock` and `Lock`: the
    /// operators the request was about, whose certificates count.
    Locks(Vec<OperatorView>),
    /// To `Status`.
    Status(Box<StatusView>),
    /// To `Sync`, when it ends.
    Synced(SyncReport),
    /// To `Agencies`.
    Agencies(Vec<AgencyRow>),
    /// To `RosterList`.
    Roster(Vec<PersonRow>),
    /// To `RosterShow`, `RosterSet`, `RosterNote` and `RosterUnnote`.
    Person(Box<PersonDetail>),
    /// To `PersonInsured`.
    Insured(InsuredView),
    /// To `Declare`, `DeclareEdit` and `DeclareVoid`.
    Declaration(Box<DeclarationRow>),
    /// To `DeclareList`.
    Declarations(Vec<DeclarationRow>),
    /// To `DeclareImport`.
    Imported(Box<ImportReport>),
    /// To `DeclareImportUndo`.
    ImportUndone(ImportUndone),
    /// To `DeclareTemplate`.
    Template(TemplateView),
    /// To `ConflictsList`.
    Conflicts(Vec<ConflictRow>),
    /// To `ConflictsResolve`.
    Resolved(Box<Resolved>),
    /// To `Submit`.
    Submitted(SubmitReport),
    /// To `Withdraw`.
    Withdrawn(Box<DeclarationRow>),
    /// To `AssessApply`.
    Assessment(Box<AssessmentRow>),
    /// To `AssessList`.
    Assessments(Vec<AssessmentRow>),
    /// To `TaxList`.
    Transactions(Vec<TransactionRow>),
    /// To `TaxResend`.
    Transaction(Box<TransactionRow>),
    /// To `Compare`.
    Compared(ComparisonView),
    /// To `CompareRepair`.
    Repaired(Box<RepairedView>),
    /// To `PensionRoster`.
    PensionRoster(PensionRosterView),
    /// To `PensionCounts`.
    PensionCounts(Box<PensionCountsView>),
    /// To `Results`.
    Results(ResultsView),
    /// To `ReviewQueue`.
    Queue(Vec<ReviewRow>),
    /// To `ReviewApprove`, `ReviewReturn` and `ReviewReject`.
    Decided(DecideReport),
    /// To `RecordsList`.
    Records(RecordsView),
    /// To `ReceiptList`.
    Receipts(Vec<ReceiptRow>),
    /// To `RosterReveal`.
    Revealed(Box<RevealedView>),
    /// To `QuarantineList`.
    Quarantine(Vec<QuarantineRow>),
    /// To `ProofShow`.
    Proof(Box<ProofView>),
    /// To `ProofExport`.
    Exported(ExportView),
    /// To `ProofExportAll`.
    ExportedAll(ExportAllView),
    /// To `Verify`.
    Verified(Box<VerifiedView>),
}

impl Response {
    /// The body alone, as a script reads it.
    ///
    /// # Panics
    /// Never: every view is plain data.
    #[must_use]
    pub fn body(&self) -> serde_json::Value {
        let tagged = serde_json::to_value(self).expect("a view is plain data");
        tagged.get("body").cloned().unwrap_or_default()
    }
}

/// A code for scripts and its words for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coded {
    /// The stable name.
    pub code: String,
    /// The words, in the language asked for.
    pub text: String,
}

/// Something wrong, with its field and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// The stable name.
    pub code: String,
    /// The field of the form: `person`, `month`, `reason`, `from`, `to`, `wage`, `whole`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// The item of a request about several that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[error("{code}: {message}")]
pub struct Failure {
    /// The stable name.
    pub code: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Every problem of the fields.
    pub problems: Vec<ProblemView>,
    /// Its class.
    pub class: FailureClass,
}

/// The classes of failure, by which a script branches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// A rule or the input stands against it.
    Refused,
    /// The request itself is incomplete: no such id, which unit, which operator.
    Usage,
    /// The centre was not reached; what was to be sent waits.
    Network,
    /// The disk or the store.
    Store,
    /// Another centre, or a verification that failed.
    Trust,
}

impl FailureClass {
    /// The process exit code of the class.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Network => 3,
            Self::Store => 4,
            Self::Trust => 5,
        }
    }
}
