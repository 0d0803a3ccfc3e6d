//! 隔离: the changes made here that the centre refused, each with its reason and what became
//! of it.

use canbao_core::declaration::Field;
use canbao_core::document::{Action, DocumentId};
use canbao_core::message::Lang;

use crate::app::App;
use crate::captions::coded;
use crate::fault::{Fault, Trouble};
use crate::outbox::{BatchState, Made};
use crate::response::{Coded, QuarantineRow};

impl App {
    /// Every refused change, oldest first.
    pub(crate) fn quarantine(&self, lang: Lang) -> Result<Vec<QuarantineRow>, Fault> {
        let mut rows = Vec::new();
        for (document, item) in self.outbox.batches() {
            let state = self.outbox.batch_state(item, &self.feed);
            let refusal = self.outbox.refusal(item, &self.feed);
            let code = match state {
                BatchState::GivenUp(code) => refusal.unwrap_or(code),
                BatchState::Waiting
                | BatchState::Admitted
                | BatchState::Refused(_)
                | BatchState::Redone => match refusal {
                    Some(code) => code,
                    None => continue,
                },
            };
            let Made::Batch { action, .. } = self.source().made(item.sequence)? else {
                continue;
            };
            rows.push(QuarantineRow {
                made_at: item.at.to_string(),
                document: document.to_string(),
                volume: volume_of(&document),
                action: action_of(&action, lang),
                declaration: action.declaration().map(|it| it.to_string()),
                reason: Trouble::new(Field::Whole, code).in_words(lang),
                state: state_of(state, lang),
            });
        }
        Ok(rows)
    }
}

fn volume_of(document: &DocumentId) -> Option<String> {
    document.volume().map(|it| it.to_string())
}

fn action_of(action: &Action, lang: Lang) -> Coded {
    match action {
        Action::Declare { .. } => coded("declare", lang, "新增申报", "declaration made"),
        Action::Amend { .. } => coded("amend", lang, "修改申报", "declaration changed"),
        Action::Void { .. } => coded("void", lang, "删除申报", "declaration voided"),
        Action::Overlay { .. } => {
            coded("overlay", lang, "修改人员补充信息", "roster entry changed")
        }
        Action::Annotate { .. } => coded("annotate", lang, "新增备注", "note made"),
        Action::VoidNote { .. } => coded("void_note", lang, "删除备注", "note taken back"),
        Action::Import { .. } => coded("import", lang, "导入申报", "declarations imported"),
        Action::VoidAll { .. } => coded("void_all", lang, "撤销导入", "import undone"),
    }
}

fn state_of(state: BatchState<'_>, lang: Lang) -> Coded {
    match state {
        BatchState::Redone => coded("redone", lang, "已自动重做", "done again"),
        BatchState::GivenUp(_) => coded("given_up", lang, "需人工处理", "needs a person"),
        BatchState::Waiting | BatchState::Admitted | BatchState::Refused(_) => {
            coded("kept", lang, "待重做", "waits to be done again")
        }
    }
}
