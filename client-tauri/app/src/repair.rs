//! The draft that mends a difference with tax, in one click (QRY-3, MON-3).

use canbao_core::comparison::{Compared, Repair, compare};
use canbao_core::declaration::{Declaration, Draft, ProblemCode};
use canbao_core::document::{Action, Change};
use canbao_core::facts::UnitView;
use canbao_core::ids::DeclarationId;
use canbao_core::message::Message;

use crate::app::App;
use crate::compare::{is_named, repair_view};
use crate::declare::filled;
use crate::fault::{Fault, Trouble, troubles};
use crate::request::{Context, Form, Repairing};
use crate::response::RepairedView;

impl App {
    /// Makes the draft of the declaration that mends what differs in a person. Where tax or the
    /// window mends it the sentence says so and nothing is made.
    pub(crate) fn repair(
        &mut self,
        context: &Context,
        asked: &Repairing,
    ) -> Result<RepairedView, Fault> {
        let id = self.new_declaration()?;
        let (repair, draft) = self.mending(context, asked, id)?;
        let (draft, wrong) = filled(&draft, told(asked), context.lang)?;
        let (draft, missing) = self.as_far_as_told(context, draft, wrong)?;
        let unit = self.unit(context)?;
        self.check_not_drafted(unit, &draft)?;
        let said = self.at_window(unit, &repair);
        let document = self.newest_volume(unit.record.id)?;
        let action = Action::Declare {
            id,
            kind: draft.kind,
            fields: Change::all_of(&draft),
        };
        self.act(context, document, action)?;
        Ok(RepairedView {
            repair: repair_view(&repair, &said, context.lang),
            declaration: self.one(context, id)?,
            missing: missing.iter().map(|it| it.in_words(context.lang)).collect(),
        })
    }

    /// The first difference of the person that a declaration mends, and the declaration.
    fn mending(
        &self,
        context: &Context,
        asked: &Repairing,
        id: DeclarationId,
    ) -> Result<(Repair, Draft), Fault> {
        let unit = self.unit(context)?;
        let comparison = compare(unit);
        if comparison.as_of.is_none() {
            return Err(Fault::refused("compare.roster_unknown"));
        }
        let person = asked.person.trim();
        let rows = comparison.rows.iter();
        let rows: Vec<&Compared<'_>> = rows.filter(|it| is_named(unit, it, person)).collect();
        if rows.is_empty() {
            return Err(Fault::refused("compare.nobody"));
        }
        let repairs: Vec<(&Compared<'_>, &Repair)> = rows
            .into_iter()
            .flat_map(|row| row.findings.iter().map(move |it| (row, it)))
            .filter_map(|(row, it)| Some((row, it.repair.as_ref()?)))
            .collect();
        let mut drafted = repairs
            .iter()
            .filter_map(|(row, it)| Some(((*it).clone(), it.draft(id, row, unit)?)));
        drafted.next().ok_or_else(|| match repairs.first() {
            Some((_, elsewhere)) => Fault::refused_for(self.at_window(unit, elsewhere)),
            None => Fault::refused("compare.nothing_to_repair"),
        })
    }

    /// The draft with its person found and its months in one spelling, or, where only fields are
    /// missing that neither roster tells, as it is, with what is missing.
    fn as_far_as_told(
        &self,
        context: &Context,
        draft: Draft,
        wrong: Vec<Trouble>,
    ) -> Result<(Draft, Vec<Trouble>), Fault> {
        if !wrong.is_empty() {
            return Err(Fault::problems("declaration.problems", wrong));
        }
        match Declaration::parse(&draft, 1, &self.ground(self.unit(context)?)) {
            Ok(declaration) => Ok((Draft::from(&declaration), Vec::new())),
            Err(problems) if problems.iter().all(|it| it.code == ProblemCode::Missing) => {
                Ok((draft, troubles(&problems)))
            }
            Err(problems) => Err(Fault::problems("declaration.problems", troubles(&problems))),
        }
    }

    /// A second click makes no second draft.
    fn check_not_drafted(&self, unit: &UnitView, draft: &Draft) -> Result<(), Fault> {
        let drafts = self.drafts.of(unit.record.id);
        let alike = drafts.values().map(|(_, it)| it).find(|it| {
            let other = &it.draft;
            let says_the_same = other.kind == draft.kind
                && (&other.month, &other.from, &other.redo)
                    == (&draft.month, &draft.from, &draft.redo)
                && is_one_person(unit, &other.person, &draft.person);
            says_the_same && !it.voided && self.standing(unit, other.id, false).is_editable()
        });
        match alike {
            Some(there) => Err(Fault::refused("compare.drafted").with("id", there.draft.id)),
            None => Ok(()),
        }
    }

    fn at_window(&self, unit: &UnitView, repair: &Repair) -> Message {
        let common = &self.feed.projection.common;
        common.at_window(repair.message(), unit.record.district)
    }
}

/// What was told that neither roster tells.
fn told(asked: &Repairing) -> Form {
    Form {
        reason: asked.reason.clone(),
        wage: asked.wage.clone(),
        born: asked.born.clone(),
        sex: asked.sex.clone(),
        ..Form::default()
    }
}

fn is_one_person(unit: &UnitView, one: &str, other: &str) -> bool {
    let found = |number: &str| unit.find_person(number).map(|it| it.record.id);
    one == other || (found(one).is_some() && found(one) == found(other))
}
