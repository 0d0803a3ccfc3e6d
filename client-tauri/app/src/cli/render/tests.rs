//! What people read of a few answers.

use canbao_client::response::Response;
use canbao_core::message::Lang;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::response;

fn shown(answer: &str, body: &Value, lang: Lang) -> String {
    let tagged = json!({"answer": answer, "body": body});
    let parsed: Response = serde_json::from_value(tagged).unwrap();
    let text = response(&parsed, lang);
    assert!(!text.contains("caption."), "no words for a caption: {text}");
    text
}

/// Every answer is shown in both languages, with words for all its captions.
fn check(answer: &str, body: &Value, zh: &[&str]) {
    let text = shown(answer, body, Lang::Zh);
    for part in zh {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    shown(answer, body, Lang::En);
}

fn coded(code: &str, text: &str) -> Value {
    json!({"code": code, "text": text})
}

fn person(name: &str) -> Value {
    json!({"id": "01P", "name": name, "personal_number": "0042", "masked_id": "210105********123X"})
}

fn unit() -> Value {
    json!({
        "id": "01U", "name": "沈阳示例有限公司", "credit_code": "91210100MA0000000X",
        "unemployment_number": "800001", "pension_number": "900001",
    })
}

fn problem() -> Value {
    json!({
        "code": "declaration.not_paying", "field": "person", "message": "人员不在缴费",
        "hint": "请核实", "item": "01D",
    })
}

fn checkpoint() -> Value {
    json!({"origin": "centre.example/log", "size": 7, "root_hash": "abc="})
}

fn declaration(name: &str, status: &str) -> Value {
    json!({
        "id": "01D", "kind": "WAGE", "kind_text": "职工缴费工资申报", "unit": "01U",
        "person": person(name), "month": null, "change_reason": null, "from": "2022-01",
        "to": "2022-12", "wage": "4359.00", "revision": 1, "status": coded("approved", status),
        "progress": "decided", "receipt": "R1", "settlement": "2022-01", "decided_by": "李",
        "reason": null, "problems": [problem()], "outlook": [], "conflicts": [],
        "editable": false,
        "withdrawal_queued": true,
        "stages": [
            {"stage": coded("assessed", "已核定"), "months_done": 2, "months_total": 12},
            {"stage": coded("recorded", "已记账"), "months_done": 0, "months_total": 12},
        ],
        "months_done": 0, "months_total": 12,
    })
}

fn row(name: &str) -> Value {
    json!({
        "person": person(name), "status": coded("paying", "参保缴费"), "paying_since": "2019-07",
        "last_paid_month": null, "wage": "4359.00", "department": "装配车间", "phone": null,
        "conflicts": [],
    })
}

fn review() -> Value {
    json!({
        "id": "01D", "receipt": "R1", "unit": unit(), "kind": "WAGE", "kind_text": "工资申报",
        "person": person("赵小满"), "month": null, "change_reason": null, "from": "2022-01",
        "to": "2022-12", "wage": "9000.00", "base": "9000.00", "base_before": "4359.00",
        "marked": true, "revision": 1, "settlement": "2022-01",
        "received_at": "2022-01-05T08:00:00Z", "queued_decision": null,
    })
}

fn record() -> Value {
    json!({
        "id": "S1/2", "unit": "01U", "person": person("赵小满"), "insurance": 210,
        "insurance_text": "失业保险", "payment_kind": 10, "payment_kind_text": "正常应缴",
        "settlement": "2022-01", "period": "2022-01", "base": "4359.00",
        "unit_amount": "21.80", "personal_amount": "21.80", "total": "43.60",
        "posted_on": "2022-01-20", "serial": "S1", "line": 2, "number": 5, "leaf": 9,
        "state": coded("recorded", "已记账"),
    })
}

#[test]
fn columns_of_chinese_text_end_at_one_width() {
    let rows = json!([row("赵小满"), row("欧阳晓明"), row("Ann Lee")]);
    let text = shown("roster", &rows, Lang::Zh);
    let lines: Vec<&str> = text.lines().take(4).collect();
    let column = |line: &str, mark: &str| line.find(mark).map(|at| line[..at].width());
    assert_eq!(
        column(lines[0], "个人编号"),
        column(lines[1], "0042"),
        "{text}"
    );
    for line in &lines[2..] {
        assert_eq!(column(line, "0042"), column(lines[1], "0042"), "{text}");
        assert_eq!(line.width(), lines[1].width(), "{text}");
    }
    assert!(text.ends_with("共 3 人"), "{text}");
}

#[test]
fn an_exchange_reads_in_either_language() {
    let body = json!({
        "entries": 3, "sent": 1, "queued": 0, "held": 0, "refused": [], "proven": 2,
        "left": [{
            "id": "01J", "name": "甲户", "credit_code": "-",
            "unemployment_number": "0210300178", "pension_number": "-",
        }],
        "checkpoint": checkpoint(),
    });
    assert!(shown("synced", &body, Lang::En).starts_with(" Entries received    3\n"));
    check(
        "synced",
        &body,
        &[
            "收到条目",
            "等待发送",
            "0210300178 甲户",
            "centre.example/log",
        ],
    );
}

#[test]
fn declarations_show_status_months_and_what_is_wrong() {
    let body = declaration("赵小满", "审核通过");
    let parts = [
        "职工缴费工资申报",
        "210105********123X",
        "已核定 2/12 个月",
        "撤回等待发送",
    ];
    check("declaration", &body, &parts);
    check(
        "declaration",
        &body,
        &["【01D 人员】 人员不在缴费 [declaration.not_paying]"],
    );
    let list = json!([body]);
    check(
        "declarations",
        &list,
        &["2022-01…2022-12 4359.00", "赵小满 0042"],
    );
    check("declarations", &json!([]), &["没有记录"]);
    let report = json!({
        "submitted": [], "failed": [problem()],
        "warnings": [coded("status.stale", "超过七天未联系")],
    });
    check(
        "submitted",
        &report,
        &[
            "已提交 0 项，未提交 1 项",
            "处理：请核实",
            "注意：超过七天未联系",
        ],
    );
}

fn conflict() -> Value {
    let standing = |number: u32, text: &str, operator: Option<&str>, here: bool| {
        json!({
            "number": number, "value": text, "text": text, "operator": operator,
            "device": "01E", "here": here, "at": "2022-01-05 09:30:00",
        })
    };
    json!({
        "record": "01D", "kind": "WAGE", "kind_text": "职工缴费工资申报",
        "person": person("赵小满"), "field": coded("wage", "工资"),
        "values": [standing(1, "5200.00", Some("王敏"), true), standing(2, "", None, false)],
    })
}

#[test]
fn conflicts_show_each_value_with_who_wrote_it_and_how_to_choose() {
    let parts = [
        "5200.00",
        "王敏",
        "本机",
        "未知",
        "01E",
        "2022-01-05 09:30:00",
    ];
    check("conflicts", &json!([conflict()]), &parts);
    let how = ["canbao conflicts resolve 01D wage --value"];
    check("conflicts", &json!([conflict()]), &how);
    check("conflicts", &json!([]), &["没有记录"]);
    let text = shown("conflicts", &json!([conflict()]), Lang::Zh);
    assert_eq!(text.matches("01D").count(), 2, "once in the table\n{text}");

    let mut resolved = conflict();
    resolved["text"] = json!("5200.00");
    resolved["left"] = json!([]);
    check("resolved", &resolved, &["5200.00", "没有其他冲突"]);
    resolved["left"] = json!([conflict()]);
    check("resolved", &resolved, &["还有 1 处", "王敏"]);

    let mut marked = declaration("赵小满", "草稿");
    marked["conflicts"] = json!([coded("wage", "工资"), coded("to", "结束年月")]);
    check("declaration", &marked, &["冲突：工资、结束年月"]);
    check("declarations", &json!([marked]), &["冲突：工资、结束年月"]);
    let mut kept = row("赵小满");
    kept["conflicts"] = json!([coded("phone", "联系电话")]);
    check("roster", &json!([kept]), &["装配车间", "冲突：联系电话"]);
}

#[test]
fn a_person_is_shown_with_months_and_wages() {
    let mut body = row("赵小满");
    body["document_kind"] = json!("居民身份证");
    body["intervals"] = json!([{"from": "2019-07", "to": null}]);
    body["wages"] =
        json!([{"from": "2022-01", "to": "2022-12", "wage": "4359.00", "source": "declared"}]);
    body["months"] = json!([{
        "month": "2022-01", "payable": true, "settlement": "2022-01", "base": "4359.00",
        "unit_amount": "21.80", "personal_amount": "21.80", "stage": coded("recorded", "已记账"),
    }]);
    body["declarations"] = json!([]);
    body["notes"] = json!([{"id": "01N", "text": "产假至五月"}]);
    check(
        "person",
        &body,
        &["居民身份证", "参保时段", "21.80", "已记账", "产假至五月"],
    );
}

#[test]
fn reviews_show_how_far_the_base_moves() {
    let parts = ["4359.00 → 9000.00", "基数变动较大", "沈阳示例有限公司"];
    check("queue", &json!([review()]), &parts);
    let report = json!({"decided": [review()], "failed": []});
    check("decided", &report, &["已审核 1 项，未审核 0 项"]);
}

#[test]
fn money_is_shown_as_decided_with_its_two_states() {
    let assessment = json!({
        "unit": "01U", "settlement": "2022-01", "insurance": 210,
        "status": coded("failed", "核定失败"), "attempt": 1, "persons": null, "late_lines": null,
        "refunded": null, "base": null,
        "unit_amount": null, "personal_amount": null, "total": null, "total_rule": null,
        "parameters": null, "at": null, "problems": [problem()],
    });
    check(
        "assessment",
        &assessment,
        &["失业", "核定失败", "人员不在缴费"],
    );
    check(
        "assessments",
        &json!([assessment]),
        &["2022-01 失业", "人员不在缴费"],
    );
    let transaction = json!({
        "id": "T1", "unit": "01U", "kind": coded("assessment", "应收核定"), "person": null,
        "month": "2022-01", "attempt": 2, "sending": coded("sent", "发送成功"),
        "receiving": coded("refused", "接收失败"), "step": coded("refused", "税务拒收"),
        "reason": "月份不符", "collected": false,
        "total": "43.60", "queued_at": "2022-01-10T00:00:00Z",
        "changed_at": "2022-01-11T00:00:00Z", "may_be_sent_again": true,
        "sent_again_as": null, "resend": null, "problems": [problem()],
    });
    let shown = [
        "社保发送状态",
        "接收失败",
        "税务拒收",
        "月份不符",
        "可再次发送",
        "人员不在缴费",
    ];
    check("transactions", &json!([transaction]), &shown);
    let mut asked = transaction;
    asked["resend"] = coded("queued", "已申请再次发送,等待中心");
    check(
        "transaction",
        &asked,
        &["T1", "第几次发送", "已申请再次发送"],
    );
    let records = json!({
        "records": [record()], "unit_amount": "21.80", "personal_amount": "21.80",
        "total": "43.60",
    });
    let parts = ["S1/2", "43.60", "已记账", "失业保险", "正常应缴"];
    check("records", &records, &parts);
}

#[test]
fn both_rosters_are_shown_with_what_mends_a_difference_and_how_old_taxs_is() {
    let side = |status: Value, stop: Value, base: &str| {
        json!({
            "personal_number": "0001", "name": "赵小满", "masked_id": "2101**********0022",
            "status": status, "first_month": "2021-07", "stop_month": stop, "base": base,
        })
    };
    let repair = json!({
        "code": "repair.stop", "message": "税务已在 2022-01 停保", "hint": "请税务更正",
        "month": "2022-01",
    });
    let class = coded("state_differs", "状态不一致");
    let mut view = json!({
        "unit": "01U", "as_of": "2022-02-21T07:05:14Z", "age_seconds": 7260, "unit_known": true,
        "counts": [{"class": class, "persons": 1}],
        "rows": [{
            "person": "01P", "class": class, "also": [coded("base_differs", "基数不一致")],
            "ours": side(coded("paying", "参保缴费"), Value::Null, "6800.00"),
            "tax": side(coded("stopped", "停保"), json!("2022-01"), "6000.00"),
            "findings": [{"class": class, "repair": repair}],
        }],
    });
    let shown = [
        "参保缴费 2021-07..",
        "停保 2021-07..2022-01",
        "状态不一致、基数不一致",
        "【赵小满】 状态不一致: 税务已在 2022-01 停保",
        "请税务更正",
        "2 小时 1 分钟前",
    ];
    check("compared", &view, &shown);
    view["as_of"] = Value::Null;
    view["age_seconds"] = Value::Null;
    check("compared", &view, &["从未取到税务花名册"]);
}

#[test]
fn a_repair_says_what_was_made_what_it_lacks_and_that_it_waits() {
    let mut view = json!({
        "repair": {
            "code": "repair.stop", "message": "税务已在 2022-01 停保", "hint": "请税务更正",
            "month": "2022-01",
        },
        "declaration": declaration("赵小满", "草稿"), "missing": [],
    });
    let whole = ["税务已在 2022-01 停保", "赵小满", "canbao submit 01D"];
    check("repaired", &view, &whole);
    view["missing"] = json!([problem()]);
    let lacking = ["待补齐", "人员不在缴费", "canbao declare edit 01D"];
    check("repaired", &view, &lacking);
}

#[test]
fn agencies_are_a_table_with_the_units_own_marked() {
    let row = |name: &str, own: bool| {
        json!({
            "district": 2, "district_name": name, "name": format!("{name}中心"),
            "address": format!("{name}一号"), "phone": "24000000", "own": own,
        })
    };
    let rows = json!([row("沈河区", true), row("和平区", false)]);
    let parts = ["沈河区一号", "24000000", "本单位的参保区"];
    check("agencies", &rows, &parts);
    let text = shown("agencies", &rows, Lang::Zh);
    assert_eq!(text.matches("本单位的参保区").count(), 1, "{text}");
}

#[test]
fn receipts_proofs_and_verifications_are_shown() {
    let receipt = json!({
        "receipt": "R1", "declaration": "01D", "revision": 1, "submission": "ab", "unit": "01U",
        "kind_text": "职工缴费工资申报",
        "kind": "WAGE", "person": person("赵小满"), "settlement": "2022-01",
        "received_at": "2022-01-05T08:00:00Z", "status": coded("received", "已受理"),
    });
    check(
        "receipts",
        &json!([receipt]),
        &["受理回执", "R1", "职工缴费工资申报", "已受理"],
    );
    let proof = json!({
        "record": record(), "checkpoint": checkpoint(), "proof": "c2sp.org/tlog-proof@v1\nindex 9\n",
    });
    check(
        "proof",
        &proof,
        &["c2sp.org/tlog-proof@v1\nindex 9", "日志根哈希"],
    );
    let exported = json!({"id": "S1/2", "path": "/here/p", "trust_path": "/here/t"});
    check("exported", &exported, &["/here/p", "/here/t"]);
    let log = json!({
        "what": "log", "checkpoint": checkpoint(), "record": null, "entries": 7,
    });
    check("verified", &log, &["验证通过：日志副本", "已验证条数"]);
}

#[test]
fn the_status_names_what_to_mind() {
    let operator = json!({
        "id": "01O", "name": "王敏", "role": "employer", "units": ["01U"], "district": null,
        "expires_at": "2024-01-01T00:00:00Z", "lock": "locked",
    });
    let body = json!({
        "device": "01E", "server": "centre.example:7843", "operators": [operator],
        "units": [unit()],
        "agencies": [{
            "district": 1, "district_name": "和平区", "name": "和平分中心", "address": "和平区某路1号",
            "phone": "024-00000000",
        }],
        "device_date": "2022-01-05", "settlement": null, "last_contact": "2022-01-05T00:00:00Z",
        "last_contact_age_seconds": 7384, "transport": null, "feed_entries": 9, "drafts": 1,
        "conflicts": 3,
        "queued": 2, "oldest_queued": "2022-01-05T01:00:00Z", "received": 0, "to_review": 0,
        "records": 0, "unproven_records": 0, "needs_update": 1, "held": [], "refused": 0,
        "checkpoint": checkpoint(), "warnings": [coded("status.stale", "超过七天未联系")],
    });
    let parts = [
        "（2 小时 3 分钟前）",
        "未连接",
        "未知",
        "注意：超过七天未联系",
        "和平分中心",
    ];
    check("status", &body, &parts);
    let enrolled = json!({
        "operator": body["operators"][0], "device": "01E", "server": "centre.example:7843",
        "feed": "01F",
    });
    check("enrolled", &enrolled, &["登记成功", "用人单位"]);
}

#[test]
fn an_import_says_what_became_of_its_rows_and_names_the_cells_that_are_wrong() {
    let report = json!({
        "import": "ab12", "kind": "WAGE", "kind_text": "职工缴费工资申报", "preview": false,
        "good": 2, "failed": 1, "unknown_columns": ["备注", "序号"], "failures": "/a/未通过.xlsx",
        "rows": [
            {"row": 2, "declaration": "01D", "person": person("张三"), "problems": []},
            {"row": 4, "declaration": null, "person": null, "problems": [
                {"cell": "C4", "column": "开始年月", "code": "month.not_a_month",
                 "message": "不是年月", "hint": "写成 2022-01"},
                {"cell": null, "column": null, "code": "import.twice",
                 "message": "重复", "hint": "只保留一行"},
            ]},
        ],
    });
    let zh = [
        "ab12",
        "生成草稿      2",
        "备注、序号",
        "/a/未通过.xlsx",
        "【第4行 C4 开始年月】 不是年月 [month.not_a_month]",
        "处理：写成 2022-01",
        "【第4行】 重复 [import.twice]",
    ];
    check("imported", &report, &zh);
    assert!(!shown("imported", &report, Lang::Zh).contains("张三"));
    let mut preview = report;
    preview["preview"] = true.into();
    check("imported", &preview, &["可生成草稿", "2  张三 0042"]);
    let undone = json!({"import": "ab12", "voided": 3, "left": 1});
    check("import_undone", &undone, &["撤销草稿        3", "1"]);
    let template = json!({"kind": "INT", "path": "/a/b.xlsx", "columns": ["个人编号", "姓名"]});
    check("template", &template, &["/a/b.xlsx", "个人编号、姓名"]);
}

#[test]
fn the_pension_feed_is_shown_with_its_age_and_what_is_missing_as_unknown() {
    let feed = json!({"as_of": "2022-02-21 15:00:00", "age_seconds": 97_200, "unknown": null});
    let missing = json!({
        "as_of": null, "age_seconds": null,
        "unknown": coded("pension.no_feed", "还没有取到养老数据"),
    });
    let row = json!({
        "person": "01P", "name": "张三", "masked_id": "210199********0012",
        "known": coded("known", "有"),
        "pension": {
            "personal_number": "1100000001", "person_state": coded("retired", "离退休"),
            "registration_state": coded("normal", "正常"), "payment": coded("terminated", "终止缴费"),
            "base": "5000.00",
        },
        "ours": {"personal_number": "0042", "status": coded("paying", "参保缴费")},
    });
    let mut unknown = row.clone();
    unknown["known"] = coded("unknown", "未知");
    unknown["pension"] = Value::Null;
    let shown = [
        "1100000001",
        "离退休",
        "终止缴费",
        "参保缴费",
        "1 天 3 小时前",
    ];
    let roster = json!({"unit": "01U", "feed": feed, "rows": [row]});
    check("pension_roster", &roster, &shown);
    let roster = json!({"unit": "01U", "feed": missing, "rows": [unknown]});
    check("pension_roster", &roster, &["未知", "没有养老数据"]);

    let mut counts = json!({
        "unit": "01U", "feed": feed, "pension_settlement": "2022-02", "pension_persons": 3,
        "pension_total_base": "15000.00", "settlement": "2022-02", "unemployment_persons": 2,
        "wages_declared": 1, "unemployment_total_base": "4359.00",
        "agreement": coded("differ", "人数不一致"),
        "only_pension": [{"name": "周六", "personal_number": "1100000008", "masked_id": "2***"}],
        "only_unemployment": [],
    });
    let shown = [
        "养老总人数",
        "人数不一致",
        "仅养老参保缴费",
        "周六",
        "已申报工资人数",
    ];
    check("pension_counts", &counts, &shown);
    counts["feed"] = missing.clone();
    for member in [
        "pension_settlement",
        "pension_persons",
        "pension_total_base",
        "only_pension",
    ] {
        counts[member] = Value::Null;
    }
    let text = self::shown("pension_counts", &counts, Lang::Zh);
    assert_eq!(text.matches("未知").count(), 4, "{text}");
    assert!(!text.contains("仅养老参保缴费"), "{text}");
}

#[test]
fn results_show_both_settlement_periods_and_the_flag_of_linked_business() {
    let old = json!({
        "as_of": "2022-02-21 15:00:00", "age_seconds": 3_456_000,
        "unknown": coded("pension.feed_old", "养老数据已过期,不再采信"),
    });
    let row = json!({
        "insurance": 210, "settlement": "2022-02", "item": coded("INT", "职工缴费中断申报"),
        "declaration": "01D", "receipt": "R1", "person": person("张三"),
        "result": coded("return", "退回"), "reason": "缺材料", "at": "2022-02-20 09:00:00",
        "problems": [],
        "linked": {
            "flag": coded("failed", "失败"), "operation": "YL1", "reason": "无此人",
        },
    });
    let mut failed = row.clone();
    failed["item"] = coded("assessment", "应收核定");
    failed["linked"] = Value::Null;
    failed["problems"] = json!([problem()]);
    let body = json!({
        "unit": "01U", "feed": old, "pension_settlement": null,
        "unemployment_settlement": "2022-02", "rows": [row, failed],
    });
    let shown = [
        "养老结算期",
        "未知",
        "职工缴费中断申报",
        "退回",
        "缺材料",
        "失败 (无此人)",
        "YL1",
        "人员不在缴费",
        "不再采信",
    ];
    check("results", &body, &shown);
}
