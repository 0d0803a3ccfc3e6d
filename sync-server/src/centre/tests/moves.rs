//! A unit moves to another district: who decides, and who may not any more.

use canbao_core::certificate::Mandate;
use canbao_core::facts::{Fact, SubmissionState};
use canbao_core::ids::{DistrictId, UnitId};
use canbao_core::statement::{Statement, Verdict};

use super::fixture::*;
use crate::centre::AdminError;

const OTHER: DistrictId = DistrictId(3);

fn moved(number: u8, from: DistrictId, to: DistrictId) -> Fact {
    Fact::UnitMoved {
        unit: unit(number),
        from,
        to,
    }
}

#[tokio::test]
async fn after_a_move_the_new_agency_decides_and_the_old_one_is_refused_by_name() {
    let it = start().await;
    let employer = it.employer(1).await;
    let old = it.clerk().await;
    let new = it.enrol(Mandate::Agency(OTHER), 30).await;
    let declared = interruption(1, 1, "2022-01");
    let id = declared.submission_id();
    it.taken(&employer, &Statement::Submission(declared)).await;
    let scopes = it.centre.head().scopes;
    let facts = vec![moved(1, DISTRICT, OTHER)];
    it.centre.append_facts(facts, NOW).await.unwrap();

    assert!(it.centre.head().scopes > scopes, "sessions look again");
    assert_eq!(it.centre.units_of(DISTRICT).unwrap(), [unit(2)]);
    assert_eq!(it.centre.units_of(OTHER).unwrap(), [unit(1)]);
    let decision = decision(unit(1), id, Verdict::Approve);
    let refused = it.state(&old, &decision).await;
    assert!(
        matches!(&refused, crate::centre::Answer::Refused(no) if no.code() == "decision.other_district"),
        "{refused:?}"
    );
    let taken = it.taken(&new, &decision).await;
    assert!(
        matches!(taken, Fact::DecisionTaken { void: None, .. }),
        "{taken:?}"
    );
    let state = |view: &canbao_core::facts::UnitView| view.submissions[&id].state.clone();
    let state = it.centre.with_unit(unit(1), state).unwrap().unwrap();
    assert!(matches!(state, SubmissionState::Decided(_)), "{state:?}");

    let it = it.reopened().await;
    assert_eq!(it.centre.units_of(OTHER).unwrap(), [unit(1)]);
    let district = it.centre.with_unit(unit(1), |view| view.record.district);
    assert_eq!(district, Ok(Some(OTHER)));
}

#[tokio::test]
async fn a_unit_moves_from_where_it_is_to_where_an_agency_is() {
    let it = start().await;
    let check = async |facts: Vec<Fact>, refused: AdminError| {
        let length = it.length();
        assert_eq!(it.centre.append_facts(facts, NOW).await, Err(refused));
        assert_eq!(it.length(), length);
    };
    let belongs = |district| AdminError::UnitBelongs {
        unit: unit(1),
        district,
    };
    check(vec![moved(1, OTHER, DISTRICT)], belongs(DISTRICT)).await;
    check(vec![moved(1, DISTRICT, DISTRICT)], belongs(DISTRICT)).await;
    let twice = vec![moved(1, DISTRICT, OTHER), moved(1, DISTRICT, OTHER)];
    check(twice, belongs(OTHER)).await;
    let nowhere = DistrictId(99);
    let unknown = AdminError::UnknownDistrict(nowhere);
    check(vec![moved(1, DISTRICT, nowhere)], unknown).await;
    let nobody = UnitId([9; 16]);
    let fact = Fact::UnitMoved {
        unit: nobody,
        from: DISTRICT,
        to: OTHER,
    };
    check(vec![fact], AdminError::UnknownUnit(nobody)).await;

    let there_and_back = vec![moved(1, DISTRICT, OTHER), moved(1, OTHER, DISTRICT)];
    it.centre.append_facts(there_and_back, NOW).await.unwrap();
    assert_eq!(it.centre.units_of(DISTRICT).unwrap(), [unit(1), unit(2)]);
    assert_eq!(it.centre.units_of(OTHER).unwrap(), []);
}
