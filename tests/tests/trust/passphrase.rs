//! An operator's key under a passphrase, on a PC that is shared.

use canbao_tests::harness::Process;

use super::*;

#[test]
fn a_shared_pc_syncs_for_everyone_and_signs_for_who_knows_the_passphrase() {
    let place = Place::new();
    let office = place.office();
    let [right, wrong] = ["right", "wrong"].map(|name| {
        let file = office.site.path(name);
        std::fs::write(&file, format!("a passphrase that is {name}\n")).expect("written");
        path(&file).to_owned()
    });
    let employer = ["--employer", SMALL.credit_code];
    let named = ["--operator-name", "公用机经办人赵"];
    let code = office.centre.issue(&[employer, named].concat());
    let shared = office.site.device("shared");
    let enrol = ["enrol", &code, "--server", &office.centre.quic];
    let enrolled = shared.ok(&[&enrol[..], &["--passphrase-file", &right]].concat());
    assert_eq!(enrolled["operator"]["lock"], "locked", "{enrolled}");
    let _ = shared.ok(&["sync"]);

    let person = &office.insured[0].personal_number;
    let stop = ["declare", "int", "--person", person, "--month", "2022-02"];
    let stop = [&stop[..], &["--reason", "解除劳动合同"]].concat();
    let refused = shared.run(&stop).error(2);
    assert_eq!(refused["code"], "passphrase.needed", "{refused}");
    assert!(text(&refused["message"]).contains("公用机经办人赵"));
    let refused = shared.run(&[&stop[..], &["--passphrase-file", &wrong]].concat());
    assert_eq!(refused.error(1)["code"], "passphrase.wrong");
    let by_variable = shared
        .command()
        .args(&stop)
        .env("CANBAO_PASSPHRASE_FILE", &right)
        .output()
        .expect("it runs");
    assert!(by_variable.status.success(), "{by_variable:?}");

    let mut watch = shared.command();
    let (watch, _) = Process::start("canbao sync --watch", watch.args(["sync", "--watch"]));
    let submit = ["submit", "--all"];
    let refused = shared.run(&submit).error(2);
    assert_eq!(refused["code"], "passphrase.needed", "{refused}");
    let _ = shared.ok(&[&submit[..], &["--passphrase-file", &right]].concat());
    let note = ["roster", "note", person, "--text", "产假"];
    let _ = shared.ok(&note);
    let locked = shared.ok(&["lock"]);
    assert_eq!(count(&locked, "/lock", "locked"), 1, "{locked}");
    let refused = shared.run(&note).error(2);
    assert_eq!(refused["code"], "passphrase.needed", "{refused}");
    until("the centre takes it in, with the key locked", || {
        let declared = shared.ok(&["declare", "list"]);
        (count(&declared, "/status/code", "received") == 1).then_some(())
    });
    watch.stop();
}
