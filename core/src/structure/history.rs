//! What is known of one document: enough to judge the next change, without the document.
//!
//! Of every change its place in the graph, of every key who wrote it on top of what; no values.

use std::collections::{BTreeMap, BTreeSet};

use automerge::ScalarValue;
use automerge::legacy;

use crate::document::{
    Chunk, DocumentId, Field, GENESIS_OPERATIONS, MAX_TEXT_BYTES, RECORDS_OPERATION, Shape,
    genesis_actor, genesis_hash,
};

use super::batch::CheckedRun;
use super::chunk::{ChangeHash, ChangeHead};
use super::error::StructureError;
use super::lineage::Lineage;
use super::operation::{Operation, Value, decode};
use super::reach::Reach;

/// The greatest counter of an operation.
const MAX_COUNTER: u64 = (1 << 31) - 1;

/// The changes of one document that were found good, from its genesis on.
#[derive(Debug)]
pub struct History {
    actors: BTreeMap<Box<[u8]>, Actor>,
    changes: Lineage<Known>,
    numbers: BTreeMap<ChangeHash, u32>,
    reach: Reach,
    /// The map of records, made by the genesis.
    records: OpId,
    /// The records, each with the change that made it.
    made: BTreeMap<OpId, u32>,
    /// Who wrote each key, each on top of what it replaced.
    writes: BTreeMap<Place, Lineage<Write>>,
}

/// An actor, by the order in which it was first met, and its newest change.
#[derive(Debug, Clone, Copy)]
struct Actor {
    number: u32,
    tip: u32,
    seq: u64,
}

#[derive(Debug)]
struct Known {
    hash: ChangeHash,
    actor: Box<[u8]>,
    /// The actor's change before it.
    previous: Option<u32>,
    max_op: u64,
}

/// An operation's id, its actor by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct OpId {
    counter: u64,
    actor: u32,
}

/// A key that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Record(u128),
    Field(OpId, Field),
}

#[derive(Debug, Clone, Copy)]
struct Write {
    id: OpId,
    change: u32,
}

/// What was taken in, to be taken back in reverse.
enum Taken {
    Change,
    Record(OpId),
    Write(Place),
}

impl History {
    /// A document that holds its genesis alone.
    #[must_use]
    pub fn new(document: DocumentId) -> Self {
        let (hash, actor) = (genesis_hash(&document), genesis_actor(&document));
        let mut changes = Lineage::default();
        let mut reach = Reach::default();
        let genesis = Known {
            hash,
            actor: Box::from(&actor[..]),
            previous: None,
            max_op: GENESIS_OPERATIONS,
        };
        let tip = changes.push(genesis, Vec::new());
        reach.push(tip);
        let genesis_actor = Actor {
            number: 0,
            tip,
            seq: 1,
        };
        Self {
            actors: BTreeMap::from([(Box::from(&actor[..]), genesis_actor)]),
            changes,
            numbers: BTreeMap::from([(hash, tip)]),
            reach,
            records: OpId {
                counter: RECORDS_OPERATION,
                actor: 0,
            },
            made: BTreeMap::new(),
            writes: BTreeMap::new(),
        }
    }

    /// Whether a change is known; the genesis is.
    #[must_use]
    pub fn has(&self, change: &ChangeHash) -> bool {
        self.numbers.contains_key(change)
    }

    /// Judges the changes of a batch in their order and takes them in, all or none. A change that
    /// is known is stepped over, so that a repeat is harmless.
    ///
    /// The verdict is a function of the batch and of the changes it builds on, in whatever order
    /// others came; but for [`StructureError::UnknownDependency`], which can change once the
    /// dependency comes, and for an actor's second change of one number, where the first stands.
    ///
    /// # Errors
    /// [`StructureError`], of the first change that is not good; nothing was taken in.
    pub fn check(&mut self, run: &CheckedRun) -> Result<(), StructureError> {
        let mut taken = Vec::new();
        for (head, Chunk(chunk)) in run.heads.iter().zip(&run.batch.chunks) {
            if self.has(&head.hash) {
                continue;
            }
            if let Err(error) = self.take(head, chunk, &mut taken) {
                self.take_back(taken);
                return Err(error);
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        head: &ChangeHead,
        chunk: &[u8],
        taken: &mut Vec<Taken>,
    ) -> Result<(), StructureError> {
        let (dependencies, known) = self.place(head)?;
        let operations = decode(chunk)?;
        self.reach.aim(&self.changes, &dependencies);
        let change = self.add(head, known, dependencies);
        taken.push(Taken::Change);
        let actor = self.actors[&head.actor[..]].number;
        for (operation, counter) in operations.into_iter().zip(head.start_op..) {
            let id = OpId { counter, actor };
            self.write(Write { id, change }, &operation, taken)?;
        }
        Ok(())
    }

    /// Where a change stands in the graph.
    fn place(&self, head: &ChangeHead) -> Result<(Vec<u32>, Known), StructureError> {
        let actor = self.actors.get(&head.actor[..]);
        if head.seq != actor.map_or(0, |actor| actor.seq) + 1 {
            return Err(StructureError::Sequence);
        }
        let dependencies = head
            .dependencies
            .iter()
            .map(|hash| self.numbers.get(hash).copied())
            .collect::<Option<Vec<u32>>>()
            .ok_or(StructureError::UnknownDependency)?;
        let previous = actor.map(|actor| actor.tip);
        if previous.is_some_and(|it| !dependencies.contains(&it)) {
            return Err(StructureError::Previous);
        }
        let greatest = dependencies
            .iter()
            .map(|it| self.changes.get(*it).max_op)
            .max();
        if Some(head.start_op) != greatest.map(|it| it + 1) {
            return Err(StructureError::StartOp);
        }
        let max_op = head.start_op + head.operations - 1;
        if max_op > MAX_COUNTER {
            return Err(StructureError::MaxOp);
        }
        let known = Known {
            hash: head.hash,
            actor: Box::from(&head.actor[..]),
            previous,
            max_op,
        };
        Ok((dependencies, known))
    }

    fn add(&mut self, head: &ChangeHead, known: Known, dependencies: Vec<u32>) -> u32 {
        let next = u32::try_from(self.actors.len()).expect("there are no more actors than changes");
        let key = known.actor.clone();
        let change = self.changes.push(known, dependencies);
        self.reach.push(change);
        self.numbers.insert(head.hash, change);
        let actor = self.actors.entry(key).or_insert(Actor {
            number: next,
            tip: change,
            seq: 0,
        });
        (actor.tip, actor.seq) = (change, head.seq);
        change
    }

    fn write(
        &mut self,
        write: Write,
        operation: &Operation,
        taken: &mut Vec<Taken>,
    ) -> Result<(), StructureError> {
        let place = self.locate(operation)?;
        let (parents, visible) = self.visible(&place, Some(write.change));
        if matches!(place, Place::Record(_)) {
            if !visible.is_empty() {
                return Err(StructureError::RecordExists);
            }
            self.made.insert(write.id, write.change);
            taken.push(Taken::Record(write.id));
        }
        if self.claimed(&operation.predecessors) != Some(visible) {
            return Err(StructureError::Predecessors);
        }
        self.writes.entry(place).or_default().push(write, parents);
        taken.push(Taken::Write(place));
        Ok(())
    }

    /// The key that an operation writes, once the schema has it and the value suits it.
    fn locate(&self, operation: &Operation) -> Result<Place, StructureError> {
        let object = operation.object.as_ref().ok_or(StructureError::Root)?;
        let object = self.number(object).ok_or(StructureError::UnknownObject)?;
        if object == self.records {
            let key = record_key(&operation.key).ok_or(StructureError::RecordKey)?;
            return match operation.value {
                Value::Map => Ok(Place::Record(key)),
                Value::Scalar(_) => Err(StructureError::RecordValue),
            };
        }
        match self.made.get(&object) {
            Some(change) if self.reach.contains(*change) => {}
            Some(_) | None => return Err(StructureError::UnknownObject),
        }
        let field = Field::named(&operation.key).ok_or(StructureError::UnknownField)?;
        check_value(field.shape(), &operation.value)?;
        Ok(Place::Field(object, field))
    }

    /// The writes that stand at a key for whom the changes now reached are all there is: their
    /// places among the key's writes, and their ids, ascending.
    ///
    /// A write of the change at hand has replaced all the others, so that a change walks through
    /// the writes of each key but once.
    fn visible(&self, place: &Place, at_hand: Option<u32>) -> (Vec<u32>, Vec<OpId>) {
        let (mut nodes, mut ids) = (Vec::new(), Vec::new());
        if let Some(writes) = self.writes.get(place) {
            let newest = writes.len() - 1;
            let write = writes.get(newest);
            if Some(write.change) == at_hand {
                return (vec![newest], vec![write.id]);
            }
            let mut replaced = BTreeSet::new();
            writes.walk(&mut replaced, |node, write, is_replaced| {
                let reached = self.reach.contains(write.change);
                if reached && !is_replaced {
                    nodes.push(node);
                    ids.push(write.id);
                }
                reached
            });
        }
        ids.sort_unstable();
        (nodes, ids)
    }

    /// The predecessors that an operation claims, ascending; none where one is of nobody known.
    fn claimed(&self, predecessors: &[legacy::OpId]) -> Option<Vec<OpId>> {
        let claimed = predecessors.iter().map(|it| self.number(it));
        let mut claimed = claimed.collect::<Option<Vec<OpId>>>()?;
        claimed.sort_unstable();
        Some(claimed)
    }

    fn number(&self, id: &legacy::OpId) -> Option<OpId> {
        let actor = self.actors.get(id.actor().to_bytes())?;
        Some(OpId {
            counter: id.counter(),
            actor: actor.number,
        })
    }

    fn take_back(&mut self, taken: Vec<Taken>) {
        for it in taken.into_iter().rev() {
            match it {
                Taken::Record(id) => {
                    self.made.remove(&id);
                }
                Taken::Write(place) => {
                    let writes = self.writes.get_mut(&place).expect("it was written");
                    writes.pop();
                    if writes.len() == 0 {
                        self.writes.remove(&place);
                    }
                }
                Taken::Change => self.take_back_change(),
            }
        }
    }

    fn take_back_change(&mut self) {
        let known = self.changes.pop().expect("it was added");
        self.reach.pop();
        self.numbers.remove(&known.hash);
        match known.previous {
            Some(previous) => {
                let actor = self.actors.get_mut(&known.actor).expect("it has changes");
                (actor.tip, actor.seq) = (previous, actor.seq - 1);
            }
            None => {
                self.actors.remove(&known.actor);
            }
        }
    }
}

/// A record's key in its one spelling: the 26 characters of a ULID.
fn record_key(text: &str) -> Option<u128> {
    let ulid = ulid::Ulid::from_string(text).ok()?;
    (ulid.to_string() == text).then(|| u128::from(ulid))
}

fn check_value(shape: Shape, value: &Value) -> Result<(), StructureError> {
    match (shape, value) {
        (Shape::Text, Value::Scalar(ScalarValue::Str(text))) => {
            if text.len() > MAX_TEXT_BYTES {
                return Err(StructureError::TextLength);
            }
        }
        (Shape::Fen, Value::Scalar(ScalarValue::Int(fen))) if *fen >= 0 => {}
        (Shape::Mark, Value::Scalar(ScalarValue::Boolean(true))) => {}
        (Shape::Text | Shape::Fen | Shape::Mark, Value::Map | Value::Scalar(_)) => {
            return Err(StructureError::FieldType);
        }
    }
    Ok(())
}

#[cfg(test)]
impl History {
    /// Says that a change's counters end elsewhere, as after two thousand million operations.
    pub(super) fn set_max_op(&mut self, change: ChangeHash, max_op: u64) -> u64 {
        let number = self.numbers[&change];
        std::mem::replace(&mut self.changes.get_mut(number).max_op, max_op)
    }

    /// How much of each kind it holds.
    pub(super) fn sizes(&self) -> [usize; 5] {
        [
            self.actors.len(),
            self.changes.len() as usize,
            self.numbers.len(),
            self.made.len(),
            self.writes.len(),
        ]
    }

    /// The writes that stand in a field of a record for whom these changes are the newest.
    pub(super) fn standing(
        &mut self,
        heads: &[ChangeHash],
        record: &legacy::OpId,
        field: Field,
    ) -> Vec<legacy::OpId> {
        let heads: Vec<u32> = heads.iter().map(|it| self.numbers[it]).collect();
        self.reach.aim(&self.changes, &heads);
        let place = Place::Field(self.number(record).unwrap(), field);
        let name = |id: OpId| {
            let mut actors = self.actors.iter();
            let (actor, _) = actors.find(|(_, it)| it.number == id.actor).unwrap();
            legacy::OpId::new(id.counter, &automerge::ActorId::from(&actor[..]))
        };
        self.visible(&place, None).1.into_iter().map(name).collect()
    }
}
