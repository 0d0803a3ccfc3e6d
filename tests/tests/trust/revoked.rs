//! A lost or dismissed certificate: cut off at once, by name, and nothing typed is lost.

use super::*;

#[test]
fn a_revoked_device_is_told_why_and_its_waiting_work_goes_on_after_a_new_code() {
    let place = Place::new();
    let office = place.office();
    office.submit_wage(0);
    let listed = office.centre.admin(&["device", "list"]).result();
    let serial = items(&listed)[0]["serial"].to_string();
    assert_eq!(items(&listed)[0]["operator_name"], "单位经办人钱");
    let revoke = ["device", "revoke", &serial, "--reason", "笔记本遗失"];
    let revoked = office.centre.admin(&revoke).result();
    let again = office.centre.admin(&revoke).result();
    assert_eq!(again, revoked, "once");
    let unknown = ["device", "revoke", "999", "--reason", "笔记本遗失"];
    let unknown = office.centre.admin(&unknown).error(1);
    assert_eq!(unknown["code"], "admin.unknown_certificate");
    let listed = office.centre.admin(&["device", "list"]).result();
    let position = &items(&listed)[0]["revoked"]["position"];
    assert_eq!(*position, revoked[0]["position"], "{listed}");

    let refused = office.employer.run(&["sync"]).error(1);
    assert_eq!(refused["code"], "peers.certificate_revoked", "{refused}");
    assert!(text(&refused["hint"]).contains("canbao enrol"), "{refused}");
    let status = office.employer.ok(&["status"]);
    let ended = &status["operators"][0]["ended"];
    assert_eq!(ended["code"], "revoked", "{status}");
    assert!(text(&ended["text"]).contains("笔记本遗失"), "{status}");
    assert_eq!(
        count(&status["warnings"], "/code", "status.certificate_revoked"),
        1
    );
    let person = &office.insured[1].personal_number;
    let stop = ["declare", "int", "--person", person, "--month", "2022-02"];
    let stop = [&stop[..], &["--reason", "解除劳动合同"]].concat();
    let refused = office.employer.run(&stop).error(1);
    assert_eq!(refused["code"], "identity.certificate_revoked", "{refused}");

    office
        .centre
        .enrol_employer(&office.employer, &SMALL, "单位经办人钱");
    let report = office.employer.ok(&["sync"]);
    assert_eq!(report["queued"], 0, "{report}");
    assert_eq!(office.statuses(), ["received"]);
    let _ = office.employer.ok(&stop);
    let _ = office.employer.ok(&["sync"]);
}
