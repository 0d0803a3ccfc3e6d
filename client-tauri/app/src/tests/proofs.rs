//! A record is 已记账 by a verified proof alone; proofs are exported and verified offline.

use canbao_core::sync::RangeProof;

use crate::app::App;
use crate::request::{PaymentsWanted, Request};
use crate::response::{FailureClass, RecordsView, Response};

use super::*;

/// A device whose January is assessed and posted, with the proof at hand.
pub(super) fn posted(directory: &Path) -> (Centre, App, RangeProof) {
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory);
    for person in ["0001000001", "0001000002", "0001000003"] {
        declare(&mut app, wage(person, "2022-01", "2022-12", "6000"));
    }
    submit_all(&mut app);
    centre.exchange(&mut app);
    centre.approve_all();
    let apply = Request::AssessApply {
        settlement: "2022-01".to_owned(),
        insurance: 210,
    };
    ask_after_delivery(&mut centre, &mut app, apply);
    centre.post("2022-01", "SN-1");
    centre.deliver(&mut app);
    let wanted = app.wanted_proofs();
    assert_eq!(wanted.len(), 1);
    let proof = centre.prove(wanted[0]);
    (centre, app, proof)
}

fn ask_after_delivery(centre: &mut Centre, app: &mut App, request: Request) {
    centre.deliver(app);
    ask(app, request);
    centre.exchange(app);
}

fn records(app: &mut App) -> RecordsView {
    let all = PaymentsWanted::default();
    match ask(app, Request::RecordsList(all)) {
        Response::Records(records) => records,
        other => panic!("records, not {other:?}"),
    }
}

fn states(app: &mut App) -> Vec<String> {
    records(app)
        .records
        .into_iter()
        .map(|it| it.state.code)
        .collect()
}

#[test]
fn a_record_counts_as_recorded_once_its_proof_holds() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, mut app, proof) = posted(directory.path());
    assert_eq!(states(&mut app), ["in_treasury"; 3]);
    app.take_proof(proof).expect("it holds");
    assert_eq!(states(&mut app), ["recorded"; 3]);
    assert!(app.wanted_proofs().is_empty());
    assert_eq!(
        records(&mut app).total,
        "180.00",
        "1 % of 6000, three times"
    );
    let done: Vec<Option<u32>> = declarations(&mut app)
        .iter()
        .map(|it| it.months_done)
        .collect();
    assert_eq!(done, [Some(1); 3], "one of twelve months");
    drop(app);
    let mut again = open(directory.path(), 2);
    assert_eq!(states(&mut again), ["recorded"; 3], "and stays so");
}

#[test]
fn a_withheld_record_is_warned_of_and_what_shows_it_never_counts_as_recorded() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut centre, mut honest, january) = posted(&directory.path().join("honest"));
    let apply = Request::AssessApply {
        settlement: "2022-02".to_owned(),
        insurance: 210,
    };
    ask_after_delivery(&mut centre, &mut honest, apply);
    centre.post("2022-02", "SN-2");
    centre.deliver(&mut honest);
    assert_eq!(chain_warnings(&mut honest), 0);

    let mut app = open(&directory.path().join("deceived"), 2);
    centre.enrol(&mut app, Mandate::Employer(vec![UNIT]), "王经办");
    let posting = january.first.0 - 1..january.first.0 + u64::from(january.count);
    centre.deliver_without(&mut app, posting);
    assert_eq!(chain_warnings(&mut app), 1);
    let february = app.wanted_proofs();
    assert_eq!(february.len(), 1, "January is not known of");
    app.take_proof(centre.prove(february[0])).expect("it holds");
    assert_eq!(states(&mut app), ["in_treasury", "recorded", "recorded"]);
}

fn chain_warnings(app: &mut App) -> usize {
    let Response::Status(status) = ask(app, Request::Status) else {
        panic!("a status")
    };
    let broken = status
        .warnings
        .iter()
        .filter(|it| it.code == "records.chain_broken");
    broken.count()
}

#[test]
fn a_proof_that_does_not_hold_is_refused_and_records_stay_in_the_treasury() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, mut app, proof) = posted(directory.path());
    let other_log = Centre::new(2).prove_anything(&proof);
    let mut flipped = proof.clone();
    flipped.hashes[0].0[0] ^= 1;
    let mut shorter = proof.clone();
    shorter.hashes.pop();
    let mut renamed = proof.clone();
    renamed.checkpoint = renamed
        .checkpoint
        .replace("log.example/canbao", "log.example/other");
    for bad in [other_log, flipped, shorter, renamed] {
        let fault = app.take_proof(bad).expect_err("refused");
        assert_eq!(fault.class, FailureClass::Trust);
    }
    assert_eq!(states(&mut app), ["in_treasury"; 3]);
}

#[test]
fn a_log_that_shrinks_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut centre, mut app, small) = posted(directory.path());
    let wanted = app.wanted_proofs()[0];
    centre.add(&canbao_core::facts::Fact::TaxEventsTaken { through: 1 });
    app.take_proof(centre.prove(wanted)).expect("it holds");
    let fault = app.take_proof(small).expect_err("refused");
    assert_eq!(fault.code, "checkpoint.shrank");
}

#[test]
fn an_exported_proof_is_verified_by_the_trust_bundle_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let (_, mut app, proof) = posted(directory.path());
    let id = records(&mut app).records[1].id.clone();
    let show = Request::ProofShow { id: id.clone() };
    assert_eq!(refuse(&mut app, show.clone()).code, "proof.not_yet");
    app.take_proof(proof).expect("it holds");
    let Response::Proof(view) = ask(&mut app, show) else {
        panic!("a proof")
    };
    assert!(view.proof.starts_with("c2sp.org/tlog-proof@v1\n"));

    let out = directory.path().join("payment.tlog-proof");
    let export = Request::ProofExport {
        id: id.clone(),
        out: Some(out.clone()),
    };
    let Response::Exported(exported) = ask(&mut app, export) else {
        panic!("exported")
    };
    drop(app);
    let lang = canbao_core::message::Lang::En;
    let verified =
        crate::verify_offline(&exported.path, &exported.trust_path, lang).expect("it holds");
    let record = verified.record.expect("a record");
    assert_eq!((record.id, record.name.as_str()), (id, "赵四"));
    assert_eq!(record.total, "60.00");

    let text = std::fs::read_to_string(&out).expect("read");
    let at = text.find("extra ").expect("an entry") + 60;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    std::fs::write(&out, bytes).expect("written");
    let failure = crate::verify_offline(&out, &exported.trust_path, lang).expect_err("refused");
    assert_eq!(
        (failure.code.as_str(), failure.class.exit_code()),
        ("proof.not_in_log", 5)
    );
}

#[test]
fn a_proof_of_another_log_is_refused_by_name() {
    let (here, there) = (
        tempfile::tempdir().expect("a"),
        tempfile::tempdir().expect("b"),
    );
    let (_, mut app, proof) = posted(here.path());
    app.take_proof(proof).expect("it holds");
    let id = records(&mut app).records[0].id.clone();
    let out = Some(here.path().join("p.tlog-proof"));
    let Response::Exported(exported) = ask(&mut app, Request::ProofExport { id, out }) else {
        panic!("exported")
    };
    let mut stranger = Centre::new(2);
    let other = employer(&mut stranger, there.path());
    let trust = other
        .trust_file(canbao_core::message::Lang::En)
        .expect("enrolled");
    let trust_path = there.path().join("trust.json");
    std::fs::write(&trust_path, serde_json::to_vec(&trust).expect("json")).expect("written");
    let failure =
        crate::verify_offline(&exported.path, &trust_path, canbao_core::message::Lang::En)
            .expect_err("another centre's key");
    assert_eq!(failure.code, "note.wrong_key");
}

#[test]
fn a_copy_of_the_log_is_verified_and_a_flipped_byte_names_its_tile() {
    let directory = tempfile::tempdir().expect("a directory");
    let (centre, mut app, _) = posted(&directory.path().join("data"));
    let copy = directory.path().join("log");
    centre.copy_log(&copy);
    let verify = || Request::Verify {
        path: copy.clone(),
        trust: None,
    };
    let Response::Verified(view) = ask(&mut app, verify()) else {
        panic!("verified")
    };
    assert_eq!(view.entries, Some(centre.entries.len() as u64));

    let tile = format!("tile/entries/000.p/{}", centre.entries.len());
    let mut bytes = std::fs::read(copy.join(&tile)).expect("a partial bundle");
    bytes[40] ^= 1;
    std::fs::write(copy.join(&tile), bytes).expect("written");
    let failure = refuse(&mut app, verify());
    assert_eq!(
        (failure.code.as_str(), failure.class),
        ("audit.tile_mismatch", FailureClass::Trust)
    );
    assert!(failure.message.contains(&tile), "{}", failure.message);

    Centre::new(2).copy_log(&copy);
    assert_eq!(refuse(&mut app, verify()).code, "note.wrong_key");
}
