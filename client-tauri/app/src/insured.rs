//! Where a person is insured (REG-1): by the unit's own facts, else by asking the centre.

use std::collections::{BTreeMap, VecDeque};

use canbao_core::declaration::{Field, PersonNumber, Pool};
use canbao_core::facts::{Insured, insured};
use canbao_core::identity::{IdDocument, IdKind, looks_like_a_resident_id};
use canbao_core::message::Lang;
use canbao_core::sync::Refusal;
use canbao_core::sync::message::StatusWanted;

use crate::app::App;
use crate::captions;
use crate::door::Door;
use crate::fault::{Fault, Trouble};
use crate::request::Context;
use crate::response::{FailureClass, InsuredView};

/// Questions that wait for a session, and the answers that came.
#[derive(Default)]
pub(crate) struct Questions {
    asked: u32,
    waiting: VecDeque<StatusWanted>,
    answers: BTreeMap<u32, Result<Insured, Refusal>>,
}

impl Questions {
    /// The next one to ask.
    pub(crate) fn next(&mut self) -> Option<StatusWanted> {
        self.waiting.pop_front()
    }

    pub(crate) fn answered(&mut self, number: u32, insured: Result<Insured, Refusal>) {
        self.answers.insert(number, insured);
    }

    fn ask(&mut self, wanted: StatusWanted) -> u32 {
        self.asked = self.asked.wrapping_add(1);
        let number = self.asked;
        self.waiting.push_back(StatusWanted { number, ..wanted });
        number
    }

    /// What came of a question; nothing is kept of it.
    fn take(&mut self, number: u32) -> Option<Result<Insured, Refusal>> {
        self.waiting.retain(|it| it.number != number);
        self.answers.remove(&number)
    }
}

/// What a device knows by itself, or must ask.
enum Known {
    Insured(Insured),
    Ask(StatusWanted),
}

impl Door {
    /// Says where a person is insured; without a link, 未知 (REG-1).
    pub(crate) async fn insured(
        &self,
        context: &Context,
        number: &str,
        id_kind: Option<&str>,
    ) -> Result<InsuredView, Fault> {
        let known = self.app().known_insured(context, number, id_kind)?;
        let wanted = match known {
            Known::Insured(insured) => return Ok(view(Some(insured), false, context.lang)),
            Known::Ask(wanted) => wanted,
        };
        let number = self.questions().ask(wanted);
        let exchanged = self.sync(context.lang, false).await;
        let answer = self.questions().take(number);
        match (answer, exchanged) {
            (Some(Ok(insured)), _) => Ok(view(Some(insured), true, context.lang)),
            (Some(Err(refusal)), _) => Err(Fault::of_hub(&refusal)),
            (None, Err(fault)) if fault.class != FailureClass::Network => Err(fault),
            (None, _) => Ok(view(None, false, context.lang)),
        }
    }
}

impl App {
    fn known_insured(
        &self,
        context: &Context,
        typed: &str,
        id_kind: Option<&str>,
    ) -> Result<Known, Fault> {
        let unit = self.unit(context)?;
        let number = person_number(typed.trim(), id_kind)?;
        let here = match &number {
            PersonNumber::Document(document) => unit.find_person(document.number()),
            PersonNumber::Personal(number) => unit.find_person(number.as_str()),
        };
        Ok(match insured(here, &Pool::Unknown) {
            Some(insured) => Known::Insured(insured),
            None => Known::Ask(StatusWanted {
                number: 0,
                unit: unit.record.id,
                person: number,
            }),
        })
    }
}

/// A document's number where its kind is given or it looks like one, else a personal number.
fn person_number(typed: &str, id_kind: Option<&str>) -> Result<PersonNumber, Fault> {
    let wrong = |code: &str| {
        let trouble = Trouble::new(Field::Person, code);
        Fault::problems("request.problems", vec![trouble])
    };
    let kind: IdKind = match id_kind {
        Some(kind) => kind
            .parse()
            .map_err(|_| wrong("declaration.id_kind_unknown"))?,
        None if looks_like_a_resident_id(typed) => IdKind::ResidentId,
        None => {
            let number = typed.parse();
            let number = number.map_err(|_| wrong("declaration.person_unknown"))?;
            return Ok(PersonNumber::Personal(number));
        }
    };
    let document = IdDocument::parse(kind, typed).map_err(|problem| wrong(problem.code()))?;
    Ok(PersonNumber::Document(document))
}

fn view(insured: Option<Insured>, asked: bool, lang: Lang) -> InsuredView {
    InsuredView {
        insured: captions::insured(insured, lang),
        asked,
    }
}
