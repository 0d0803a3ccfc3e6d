//! Many devices in random orders, beside a model that knows who knew of what.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// What a model knows of a value that was written.
#[derive(Debug, Clone)]
struct Written {
    record: u8,
    field: FieldName,
    value: Value,
    actor: ActorId,
    seq: u64,
    at: Timestamp,
    /// The changes its author knew.
    knew: BTreeSet<usize>,
}

/// Devices, the changes they made, and what each of them heard.
struct Devices {
    volumes: Vec<Volume>,
    heard: Vec<BTreeSet<usize>>,
    changes: Vec<(Chunk, Vec<Written>, BTreeSet<usize>)>,
}

#[derive(Debug, Clone)]
enum Step {
    /// A device writes a wage and a first month into a record, and creates it where needed.
    Write {
        device: usize,
        record: u8,
        fields: Vec<(FieldName, u8)>,
    },
    /// A device hears one of the changes that another knows, with all that it builds on.
    Hear {
        from: usize,
        to: usize,
        which: prop::sample::Index,
    },
}

const DEVICES: usize = 4;

fn step() -> impl Strategy<Value = Step> {
    let field = prop::sample::select(vec![FieldName::Wage, FieldName::From]);
    let fields = prop::collection::vec((field, 0_u8..3), 1..3);
    let write = (0..DEVICES, 0_u8..2, fields).prop_map(|(device, record, fields)| Step::Write {
        device,
        record,
        fields,
    });
    let which = any::<prop::sample::Index>();
    let hear = (0..DEVICES, 0..DEVICES, which).prop_map(|(from, to, which)| Step::Hear {
        from,
        to,
        which,
    });
    prop_oneof![write, hear]
}

fn value(field: FieldName, number: u8) -> Value {
    match field {
        FieldName::Wage => Value::Amount(Money::from_fen(i64::from(number))),
        _ => Value::Text(format!("2022-0{}", number + 1)),
    }
}

impl Devices {
    fn new() -> Self {
        Self {
            volumes: (0..DEVICES).map(|_| begun(DOCUMENT)).collect(),
            heard: vec![BTreeSet::new(); DEVICES],
            changes: Vec::new(),
        }
    }

    /// The writes that stand for a device: nobody it heard of wrote over them.
    fn standing(&self, device: usize, record: u8, field: FieldName) -> Vec<(usize, &Written)> {
        let heard = &self.heard[device];
        let all: Vec<(usize, &Written)> = heard
            .iter()
            .flat_map(|index| self.changes[*index].1.iter().map(move |it| (*index, it)))
            .filter(|(_, it)| (it.record, it.field) == (record, field))
            .collect();
        all.iter()
            .filter(|(index, _)| !all.iter().any(|(_, later)| later.knew.contains(index)))
            .copied()
            .collect()
    }

    fn write(&mut self, device: usize, record: u8, fields: &[(FieldName, u8)]) {
        let wanted: BTreeMap<FieldName, Value> = fields
            .iter()
            .map(|(field, number)| (*field, value(*field, *number)))
            .collect();
        let (actor, at) = (
            actor(device as u8),
            Timestamp(self.changes.len() as i64 / 2),
        );
        let action = Action::Declare {
            id: DeclarationId([record; 16]),
            kind: Kind::Wage,
            fields: wanted
                .iter()
                .map(|(field, value)| Change::of(*field, value.clone()).unwrap())
                .collect(),
        };
        let knew = self.heard[device].clone();
        let says_it = |field: &FieldName, value: &Value| {
            let standing = self.standing(device, record, *field);
            !standing.is_empty() && standing.iter().all(|(_, it)| it.value == *value)
        };
        let new: Vec<(FieldName, Value)> = wanted
            .into_iter()
            .filter(|(field, value)| !says_it(field, value))
            .collect();
        let acted = self.volumes[device].act(&actor, &action, at);
        if new.is_empty() {
            assert!(matches!(acted, Err(DocumentError::NothingChanges)));
            return;
        }
        let own = acted.unwrap();
        assert_only_puts(&own.chunk);
        let written = new.into_iter().map(|(field, value)| Written {
            record,
            field,
            value,
            actor: actor.clone(),
            seq: own.seq,
            at,
            knew: knew.clone(),
        });
        self.heard[device].insert(self.changes.len());
        self.changes
            .push((own.chunk, written.collect(), knew.clone()));
    }

    fn hear(&mut self, from: usize, to: usize, which: &prop::sample::Index) {
        let known: Vec<usize> = self.heard[from].iter().copied().collect();
        if known.is_empty() {
            return;
        }
        let which = *which.get(&known);
        let mut told = self.changes[which].2.clone();
        told.insert(which);
        let new: Vec<usize> = told.difference(&self.heard[to]).copied().collect();
        let chunks = new.iter().map(|index| &self.changes[*index].0);
        self.volumes[to].extend(chunks).unwrap();
        self.heard[to].extend(new);
    }

    /// The document says what the model says.
    fn check(&self, device: usize) {
        for record in 0..2 {
            let stored = self.volumes[device].draft(DeclarationId([record; 16]));
            for field in [FieldName::Wage, FieldName::From] {
                let standing = self.standing(device, record, field);
                let expected: BTreeSet<String> = standing
                    .iter()
                    .map(|(_, it)| format!("{:?}", it.value))
                    .collect();
                let conflict = stored.as_ref().and_then(|it| {
                    let mut conflicts = it.conflicts.iter();
                    conflicts.find(|it| it.field == field)
                });
                let shown = stored.as_ref().and_then(|it| {
                    let all = Change::all_of(&it.draft);
                    all.into_iter().find(|it| it.field() == field)
                });
                let shown = shown.map(|it| format!("{:?}", it.value()));
                match conflict {
                    None => {
                        assert!(expected.len() < 2, "{expected:?} is no conflict");
                        assert_eq!(shown, expected.into_iter().next());
                    }
                    Some(conflict) => {
                        let said = conflict.values.iter().map(|it| format!("{:?}", it.value));
                        let said: Vec<String> = said.collect();
                        assert!(said.contains(&shown.unwrap()));
                        assert_eq!(said.len(), expected.len(), "each value once");
                        assert_eq!(said.into_iter().collect::<BTreeSet<_>>(), expected);
                        for one in &conflict.values {
                            let by = |it: &Written| {
                                (it.actor == one.actor && it.seq == one.seq && it.at == one.at)
                                    && it.value == one.value
                            };
                            assert!(standing.iter().any(|(_, it)| by(it)), "{one:?}");
                        }
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_conflict_is_exactly_what_nobody_wrote_over(steps in prop::collection::vec(step(), 1..32)) {
        let mut devices = Devices::new();
        for step in &steps {
            let device = match step {
                Step::Write { device, record, fields } => {
                    devices.write(*device, *record, fields);
                    *device
                }
                Step::Hear { from, to, which } => {
                    devices.hear(*from, *to, which);
                    *to
                }
            };
            devices.check(device);
        }
        // At last everyone hears everything, each in an order of its own.
        let all: BTreeSet<usize> = (0..devices.changes.len()).collect();
        for device in 0..DEVICES {
            let new: Vec<usize> = all.difference(&devices.heard[device]).copied().collect();
            let chunks = new.iter().map(|index| &devices.changes[*index].0);
            devices.volumes[device].extend(chunks).unwrap();
            devices.heard[device].extend(new);
            devices.check(device);
            prop_assert_eq!(devices.volumes[device].drafts(), devices.volumes[0].drafts());
        }
    }
}
