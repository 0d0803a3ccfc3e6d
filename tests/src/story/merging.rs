//! Several devices: offline edits merge, two values wait for a person, what a sealed volume
//! refuses is done again, two clerks decide, a lost device is cut off and replaced.

use super::*;

/// The place of the person in the workbook whose wage two devices fill in.
const CONTESTED: usize = 30;
const LOST: &str = "笔记本遗失";

impl Telling<'_, '_> {
    /// Two devices of the employer work without the centre, and merge through it.
    pub(super) fn merge_two_devices(&mut self) {
        self.chapter("十一、单位两台设备离线修改,合并;冲突由人选定 / two devices merge");
        let second = self.site.device("employer-2");
        self.enrol_employer(&second, "单位经办人周");
        let person = self.insured[CONTESTED].personal_number.clone();
        let first = &self.told.employer;
        let drafted = first.ok(&[
            "declare", "wage", "--person", &person, "--from", "2022-03", "--to", "2022-12",
            "--wage", "6000.00",
        ]);
        let id = text(&drafted["id"]).to_owned();
        let _ = first.ok(&["sync"]);
        let _ = second.ok(&["sync"]);
        let listed = second.ok(&["declare", "list"]);
        assert_eq!(
            count(&listed, "/id", &id),
            1,
            "the other device's draft is here"
        );

        // Both are offline while the year's volume is sealed.
        let _ = self.told.centre.admin(&["volume", "open", "2"]).result();
        let _ = self.told.centre.admin(&["volume", "seal", "1"]).result();
        self.told.centre.stop();
        let first = &self.told.employer;
        for (device, wage, department) in
            [(first, "7000.00", "一车间"), (&second, "7100.00", "二车间")]
        {
            let _ = device.ok(&["declare", "edit", &id, "--wage", wage]);
            let _ = device.ok(&["roster", "set", &person, "--department", department]);
            let _ = device.run(&["sync"]).error(3);
        }
        self.told.centre.start();
        let first = &self.told.employer;
        for device in [first, &second, first] {
            let _ = device.ok(&["sync"]);
        }
        let quarantined = first.ok(&["quarantine", "list"]);
        assert_eq!(
            count(&quarantined, "/reason/code", "admission.volume_sealed"),
            1
        );
        assert_eq!(
            count(&quarantined, "/state/code", "redone"),
            1,
            "{quarantined}"
        );
        for device in [first, &second] {
            let conflicts = device.ok(&["conflicts", "list"]);
            let fields: Vec<&str> = items(&conflicts)
                .iter()
                .map(|row| text(&row["field"]["code"]))
                .collect();
            assert_eq!(fields, ["wage", "department"], "{conflicts}");
            let values = items(&items(&conflicts)[0]["values"]);
            let mut said: Vec<(&str, &str)> = values
                .iter()
                .map(|it| (text(&it["value"]), text(&it["operator"])))
                .collect();
            said.sort_unstable();
            assert_eq!(
                said,
                [("7000.00", "单位经办人李"), ("7100.00", "单位经办人周")]
            );
        }
        let refused = first.run(&["submit", &id]).error(1);
        assert_eq!(
            refused["problems"][0]["code"], "submit.conflict",
            "{refused}"
        );
        let _ = second.ok(&["conflicts", "resolve", &id, "wage", "--keep", "7100.00"]);
        let _ = second.ok(&[
            "conflicts",
            "resolve",
            &person,
            "department",
            "--value",
            "1",
        ]);
        let _ = second.ok(&["sync"]);
        let _ = first.ok(&["sync"]);
        assert_eq!(items(&first.ok(&["conflicts", "list"])).len(), 0);
        for device in [first, &second] {
            let _ = device.ok(&["submit", &id]);
        }
        for device in [first, &second, first] {
            let _ = device.ok(&["sync"]);
        }
        let receipts = first.ok(&["receipt", "list"]);
        assert_eq!(
            count(&receipts, "/declaration", &id),
            1,
            "one submission, not two"
        );
        self.line(
            "草稿卷封存后的修改自动在新卷重做;工资、部门两处冲突列出两个值、谁、何时、哪台设备",
        );
        self.line("选定后两台设备各提交一次,中心只受理一笔");
        self.decide_twice(&id);
        self.lose_a_device(&second);
        self.replace_the_device();
    }

    /// Two clerks decide differently without knowing of each other.
    fn decide_twice(&mut self, id: &str) {
        let clerk = self.site.device("agency-2");
        self.told.centre.enrol_agency(&clerk, &UNIT, "窗口经办人孙");
        let agency = &self.told.agency;
        for device in [agency, &clerk] {
            let _ = device.ok(&["sync"]);
        }
        let _ = agency.ok(&["review", "approve", id]);
        let _ = clerk.ok(&["review", "return", id, "--reason", "请补材料"]);
        for device in [agency, &clerk, agency] {
            let _ = device.ok(&["sync"]);
        }
        let employer = &self.told.employer;
        let _ = employer.ok(&["sync"]);
        let listed = employer.ok(&["declare", "list"]);
        let row = items(&listed).iter().find(|row| row["id"] == *id);
        let row = row.expect("it is listed");
        assert_eq!(row["status"]["code"], "approved", "{row}");
        let status = clerk.ok(&["status"]);
        assert_eq!(
            count(&status["warnings"], "/code", "review.void"),
            1,
            "{status}"
        );
        self.line("两名窗口经办人意见不同:先入日志的通过生效,另一人的退回记为未生效并告知本人");
    }

    /// The second device is lost: the centre revokes it, and the first goes on.
    fn lose_a_device(&mut self, lost: &Device<'_>) {
        let devices = self.told.centre.admin(&["device", "list"]).result();
        let row = items(&devices)
            .iter()
            .find(|it| it["operator_name"] == "单位经办人周");
        let serial = row.expect("it was enrolled")["serial"].to_string();
        let revoke = ["device", "revoke", &serial, "--reason", LOST, "--device"];
        let _ = self.told.centre.admin(&revoke).result();
        let person = self.insured[CONTESTED + 1].personal_number.clone();
        let _ = lost.ok(&["roster", "note", &person, "--text", "离线备注"]);
        let refused = lost.run(&["sync"]).error(1);
        assert_eq!(refused["code"], "peers.certificate_revoked", "{refused}");
        let employer = &self.told.employer;
        let _ = employer.ok(&["sync"]);
        let shown = employer.ok(&["roster", "show", &person]);
        assert_eq!(items(&shown["notes"]).len(), 0, "nothing after the cut");
        let revealed = employer.ok(&["roster", "reveal", &person, "--reason", "核对身份证"]);
        assert_eq!(
            revealed["document_number"],
            self.insured[CONTESTED + 1].id_number
        );
        let _ = employer.ok(&["sync"]);
        let audit = self.told.centre.admin(&["audit", "list"]).result();
        assert_eq!(count(&audit, "/event", "revealed"), 1, "{audit}");
        self.line("遗失的设备被吊销:此前已受理的不变,此后的同步按名拒绝;另一台照常;查看完整证件号留有审计");
    }

    /// Another device takes its place and has what the first one has, at its first sync.
    fn replace_the_device(&mut self) {
        let third = self.site.device("employer-3");
        self.enrol_employer(&third, "单位经办人周");
        let first = &self.told.employer;
        let _ = first.ok(&["sync"]);
        let person = self.insured[CONTESTED].personal_number.clone();
        for question in [&["declare", "list"][..], &["roster", "show", &person]] {
            let shown = third.ok(question);
            assert_eq!(shown, first.ok(question));
            assert!(!shown.is_null(), "{question:?}");
        }
        self.line("补发的设备第一次同步即有全部申报和人员补充信息");
    }

    fn enrol_employer(&self, device: &Device<'_>, name: &str) {
        let centre = &self.told.centre;
        let code = centre.issue(&["--employer", UNIT.credit_code, "--operator-name", name]);
        let _ = device.ok(&["enrol", &code, "--server", &centre.quic]);
        let _ = device.ok(&["sync"]);
    }
}
