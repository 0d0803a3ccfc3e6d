//! Keys that follow one another.

use std::process::Command;

use super::*;

/// `canbao-server keys rotate`, its result.
fn rotate(office: &Office<'_>, key: &str, root: Option<&str>) -> Value {
    let centre = office.site.path("centre");
    let mut rotate = command(
        office,
        &["keys", "--data", path(&centre), "--json", "rotate", key],
    );
    if let Some(root) = root {
        rotate.args(["--root", root]);
    }
    let output = rotate.output().expect("it runs");
    let said: Value = serde_json::from_slice(&output.stdout).expect("one document");
    assert_eq!(said["ok"], true, "{said}");
    said["result"].clone()
}

fn command(office: &Office<'_>, arguments: &[&str]) -> Command {
    let mut command = office.site.programs().command("canbao-server");
    command.args(arguments);
    command
}

#[test]
fn with_every_key_replaced_the_device_goes_on_and_old_proofs_and_copies_verify() {
    let place = Place::new();
    let mut office = place.office();
    office.pay_january();
    let proofs = office.site.path("proofs");
    let (proofs, copies) = (path(&proofs).to_owned(), ["copy-1", "copy-2"]);
    let exported = office
        .employer
        .ok(&["proof", "export", "--all", "--out", &proofs]);
    assert_eq!(exported["proofs"], DUE, "{exported}");
    let copies = copies.map(|name| office.site.path(name));
    let _ = office
        .centre
        .admin(&["log", "copy", path(&copies[0])])
        .result();
    let before = office.employer.ok(&["status"])["checkpoint"].clone();

    let root = office.site.path("root.key");
    office.centre.stop();
    let tls = rotate(&office, "tls", None);
    let authority = rotate(&office, "authority", Some(path(&root)));
    let log = rotate(&office, "log", Some(path(&root)));
    assert_eq!(
        (&tls["version"], &authority["version"], &log["version"]),
        (&2.into(), &3.into(), &4.into())
    );
    assert!(log["position"].is_u64(), "{log}");
    office.centre.start();

    office.submit_wage(0);
    let report = office.employer.ok(&["sync"]);
    assert_eq!(report["queued"], 0, "a certificate of the authority before");
    assert_eq!(office.statuses(), ["received"]);
    let second = office.site.device("second");
    office
        .centre
        .enrol_employer(&second, &SMALL, "单位经办人李");
    let _ = second.ok(&["sync"]);
    until("the second device has every proof, by the new key", || {
        let _ = second.ok(&["sync"]);
        let records = second.ok(&["records", "list"]);
        (count(&records["records"], "/state/code", "recorded") == DUE).then_some(())
    });
    let _ = office
        .centre
        .admin(&["log", "copy", path(&copies[1])])
        .result();
    office.centre.stop();

    let trust = office.site.path("trust-old.json");
    let old_trust = std::path::Path::new(&proofs).join("trust.json");
    std::fs::copy(old_trust, &trust).expect("copied");
    for device in [&office.employer, &second] {
        let verified = device.ok(&["verify", &proofs]);
        assert_eq!(verified["records"], DUE, "proofs by the old key");
        for copy in &copies {
            let log = device.ok(&["verify", path(copy)]);
            assert!(log["entries"].as_u64() >= before["size"].as_u64(), "{log}");
        }
    }
    let refused = office
        .employer
        .run(&["verify", path(&copies[1]), "--trust", path(&trust)])
        .error(5);
    assert_eq!(
        refused["code"], "note.wrong_key",
        "an old bundle knows no new key"
    );
    let new = office.site.path("proofs-new");
    let exported = second.ok(&["proof", "export", "--all", "--out", path(&new)]);
    assert_eq!(exported["proofs"], DUE, "{exported}");
    let verified = office.employer.ok(&["verify", path(&new)]);
    assert_eq!(verified["records"], DUE, "proofs by the new key");
}

#[test]
fn a_device_replaces_its_own_keys_without_a_code_and_goes_on() {
    let place = Place::new();
    let office = place.office();
    office.submit_wage(0);
    let rekeyed = office.employer.ok(&["rekey"]);
    assert_eq!(items(&rekeyed["operators"]).len(), 1, "{rekeyed}");
    let report = office.employer.ok(&["sync"]);
    assert_eq!(report["queued"], 0, "{report}");
    assert_eq!(office.statuses(), ["received"]);
    let listed = office.centre.admin(&["device", "list"]).result();
    let [old, new] = items(&listed) else {
        panic!("{listed}")
    };
    assert_eq!(old["revoked"]["reason"], "replaced", "{listed}");
    assert_eq!(old["revoked"]["replaced_by"], new["serial"]);
    assert_eq!(
        (&old["device"], &old["operator"]),
        (&new["device"], &new["operator"])
    );
    assert!(new["revoked"].is_null(), "{listed}");
}
