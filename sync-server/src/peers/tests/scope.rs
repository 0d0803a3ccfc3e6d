//! Devices whose scope grows and shrinks while they are connected and while they are not.

use std::collections::BTreeSet;

use canbao_core::facts::UnitRecord;
use canbao_core::ids::UnitId;

use super::*;
use crate::centre::CodeOrder;

const OTHER: DistrictId = DistrictId(3);

fn of_unit(device: &Device, unit: UnitId) -> usize {
    let audience = [Audience::Unit(unit)];
    device.facts().filter(|it| it.audience == audience).count()
}

async fn move_unit(it: &Fixture, from: DistrictId, to: DistrictId) {
    let unit = unit(1);
    let facts = vec![Fact::UnitMoved { unit, from, to }];
    it.centre.append_facts(facts, NOW).await.unwrap();
}

#[tokio::test]
async fn a_unit_that_moves_leaves_one_agencys_devices_and_reaches_the_others() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    let employer = it.employer(1).await;
    it.taken(
        &employer,
        &Statement::Submission(interruption(1, 1, "2022-01")),
    )
    .await;
    let old_clerk = it.clerk().await;
    let new_clerk = it.enrol(Mandate::Agency(OTHER), 30).await;
    let (mut old, mut new) = (Device::default(), Device::default());
    for (clerk, device) in [(&old_clerk, &mut old), (&new_clerk, &mut new)] {
        served.session(&clerk.device_key, device).await;
    }
    assert_eq!((of_unit(&old, unit(1)), of_unit(&new, unit(1))), (3, 0));

    // The old agency is connected when the unit moves, the new one is not.
    old.until_rescoped = old.rescopes + 1;
    let (sender, settled) = oneshot::channel();
    old.when_settled = Some(sender);
    let live = served.session(&old_clerk.device_key, &mut old);
    tokio::join!(live, async {
        settled.await.unwrap();
        move_unit(it, DISTRICT, OTHER).await;
    });
    served.session(&new_clerk.device_key, &mut new).await;
    assert_eq!((of_unit(&old, unit(1)), of_unit(&new, unit(1))), (0, 4));
    assert!(new.is_whole() && new.backfilled >= 3, "{}", new.backfilled);
    assert!(of_unit(&old, unit(2)) > 0, "its other unit stays");

    // And back: what was purged is filled in again.
    move_unit(it, OTHER, DISTRICT).await;
    served.session(&old_clerk.device_key, &mut old).await;
    served.session(&new_clerk.device_key, &mut new).await;
    assert_eq!((of_unit(&old, unit(1)), of_unit(&new, unit(1))), (5, 0));
}

#[tokio::test]
async fn a_backfill_of_what_is_not_the_devices_to_see_is_not_answered() {
    let it = fixture::start().await;
    let employer = it.employer(1).await;
    let mut session = session_of(&it, &employer);
    let visible = session.admit(&hello(&it)).await.unwrap().unwrap();
    let keys: Vec<Vec<u8>> = visible.parts.iter().map(|it| it.0.clone()).collect();
    let own = audiences_of(unit(1)).map(|it| it.key());
    assert_eq!(keys, own);
    let mut read = async |key: Vec<u8>, upto| {
        let part = Part(key);
        let wanted = BackfillWanted {
            part,
            from: 0,
            upto,
            packed: false,
        };
        session.backfill(&wanted, 1 << 20).await.unwrap()
    };
    let length = it.length();
    let page = read(Audience::Unit(unit(1)).key(), length).await.unwrap();
    assert_eq!((page.entries.len(), page.upto), (2, length));
    for foreign in [Audience::Unit(unit(2)), Audience::Centre] {
        assert_eq!(read(foreign.key(), length).await, None);
    }
    for nonsense in [vec![], vec![2], vec![77; 32]] {
        assert_eq!(read(nonsense, length).await, None);
    }
}

#[tokio::test]
async fn a_device_whose_operators_run_forty_units_has_one_scope_and_one_session() {
    let served = serve(fixture::start().await).await;
    let it = &served.it;
    for number in 3..=42 {
        let facts = vec![registration_of(number), persons(number, &["5000.00"])];
        it.centre.append_facts(facts, NOW).await.unwrap();
    }
    // A labour agency's PC: its first operator runs ten units, three others join later.
    let mandate = |first: u8| Mandate::Employer((first..first + 10).map(unit).collect());
    let (_, device_key) = keys_of(60);
    it.enrol_on(mandate(3), 60, 60).await;
    let mut device = Device::default();
    served.session(&device_key, &mut device).await;
    assert_eq!(device.parts.len(), 1 + 2 * 10);
    for (first, operator) in [(13, 61), (23, 62), (33, 63)] {
        it.enrol_on(mandate(first), operator, 60).await;
    }
    served.session(&device_key, &mut device).await;
    assert_eq!(device.parts.len(), 1 + 2 * 40);
    assert!(device.is_whole());
    for number in 3..=42 {
        assert_eq!(of_unit(&device, unit(number)), 2, "unit {number}");
    }
    let positions: BTreeSet<u64> = device.positions().collect();
    assert_eq!(positions.len(), device.positions().count(), "none twice");

    let rescopes = device.rescopes;
    served.session(&device_key, &mut device).await;
    assert_eq!(device.rescopes, rescopes, "nothing new, nothing told");
}

fn registration_of(number: u8) -> Fact {
    let code = ('0'..='9')
        .chain('A'..='Z')
        .find_map(|check| format!("91210199MA0CA{number:04}{check}").parse().ok());
    Fact::UnitRegistered(UnitRecord {
        id: unit(number),
        name: format!("甲{number}户"),
        district: DISTRICT,
        credit_code: code.unwrap(),
        unemployment_number: format!("02103{number:05}").parse().unwrap(),
        pension_number: format!("01103{number:05}").parse().unwrap(),
    })
}

#[tokio::test]
async fn what_an_expired_certificate_covered_stays_for_thirty_days_beside_one_in_force() {
    const DAY: i64 = 24 * 60 * 60;
    let it = fixture::start().await;
    let one = it.employer(1).await;
    let later = Timestamp(NOW.0 + 365 * DAY);
    let order = CodeOrder {
        mandate: Mandate::Employer(vec![unit(2)]),
        operator_name: "经办40".to_owned(),
        valid_seconds: 3600,
        secret: [40; 16],
    };
    let code = it.centre.issue_code(order, later).await.unwrap();
    let request = Request::make(
        &code,
        OperatorId([40; 16]),
        &SigningKey::from_seed([40; 32]),
        one.certificate.device,
        &one.device_key,
    );
    it.centre.enrol(request, later).await.unwrap();
    let expires = one.certificate.expires_at.0;
    let sees = |now: i64| {
        let device = one.device_key.public();
        let scope = Scope::of(&it.centre, &device, Timestamp(now), 0).unwrap();
        let scope = scope.expect("one of the two is in force");
        let has = |number| scope.audiences.contains(&Audience::Unit(unit(number)));
        assert!(now < scope.until.0, "looked at again when that changes");
        (has(1), has(2))
    };
    assert_eq!(sees(expires - 1), (true, true));
    assert_eq!(sees(expires + 29 * DAY), (true, true));
    assert_eq!(sees(expires + 31 * DAY), (false, true));
}
