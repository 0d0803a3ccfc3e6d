//! Files of each kind of declaration, as the field has them.

use super::*;

#[test]
fn a_newcomer_without_a_resident_id_comes_in_a_file() {
    let mut office = Office::new();
    let missing = "declaration.missing";
    office.check(
        "reg",
        "证件类型,证件号码,姓名,出生日期,性别,首缴年月,参保原因,工资\n\
         护照,E12345678,SMITH,1990/5/6,女,2022-02,新参保,5200\n\
         08,E12345679,JONES,,,2022-02,,5200\n\
         台胞证,12345678,林若云,19800102,男,2022-02,,5200\n\
         驾驶证,E1,王,1990-05-06,女,2022-02,,5200\n\
         护照,E12345670,LEE,1990-02-30,女,2022-02,,5200\n",
        &[
            (3, "D3", missing),
            (3, "E3", missing),
            (5, "A5", "identity.unknown_kind"),
            (6, "D6", "declaration.not_a_birth_date"),
        ],
    );
    let good = "证件类型,证件号码,姓名,出生日期,性别,首缴年月,参保原因,工资\n\
                护照,E12345678,SMITH,1990/5/6,女,2022-02,外转入,5200\n";
    let file = office.file("reg.csv", good);
    assert_eq!(imported(&mut office.app, importing("reg", &file)).good, 1);
    let row = &declarations(&mut office.app)[0];
    assert_eq!(row.change_reason.as_deref(), Some("外转入"));
    let out = office.files.path().join("reg.xlsx");
    let kind = "reg".to_owned();
    let Response::Template(view) = ask(&mut office.app, Request::DeclareTemplate { kind, out })
    else {
        panic!("a template");
    };
    assert_eq!(view.columns[3..5], ["出生日期", "性别"]);
}

/// A file of wages as the field has them (SIL-12).
const WITHOUT_MONTHS: &str = "单位编号,个人编号,个人名称,身份证,缴费工资\n\
                              0210300001,0001000001,张三,,6000\n\
                              0210300001,0001000002,赵四,,5500.50\n";

#[test]
fn wages_without_months_take_those_of_the_command() {
    let mut office = Office::new();
    let file = office.file("field.csv", WITHOUT_MONTHS);
    let without = refuse(
        &mut office.app,
        Request::DeclareImport(importing("wage", &file)),
    );
    assert_eq!(without.code, "import.months_missing");
    assert!(without.hint.contains("--from"), "{}", without.hint);

    let of = |from: &str, to: &str| Importing {
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        ..importing("wage", &file)
    };
    let report = imported(&mut office.app, of("2022-01", "2022-06"));
    assert_eq!((report.good, report.failed), (2, 0));
    let rows = declarations(&mut office.app);
    for row in &rows {
        let months = (row.from.as_deref(), row.to.as_deref());
        assert_eq!(months, (Some("2022-01"), Some("2022-06")));
    }
    // The same file for the same months is the same import, for others another one.
    let again = refuse(
        &mut office.app,
        Request::DeclareImport(of("2022-01", "2022-06")),
    );
    assert_eq!(again.code, "import.already");
    let report = imported(&mut office.app, of("2022-07", "2022-12"));
    assert_eq!((report.good, report.failed), (2, 0));
}

#[test]
fn a_row_keeps_its_own_months() {
    let mut office = Office::new();
    let text = "个人编号,开始年月,结束年月,工资\n0001000001,,,6000\n0001000002,2022-03,,6000\n";
    let file = office.file("mixed.csv", text);
    let wanted = Importing {
        from: Some("2022-01".to_owned()),
        to: Some("2022-12".to_owned()),
        ..importing("wage", &file)
    };
    assert_eq!(imported(&mut office.app, wanted).good, 2);
    let rows = declarations(&mut office.app);
    let first: Vec<_> = rows.iter().map(|it| it.from.as_deref()).collect();
    assert_eq!(first, [Some("2022-01"), Some("2022-03")]);
}

#[test]
fn months_of_the_command_are_both_there_and_for_wages_alone() {
    let mut office = Office::new();
    let file = office.file("field.csv", WITHOUT_MONTHS);
    let mut check = |kind: &str, from: Option<&str>, to: Option<&str>, code: &str| {
        let wanted = Importing {
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            ..importing(kind, &file)
        };
        let failure = refuse(&mut office.app, Request::DeclareImport(wanted));
        assert_eq!(failure.code, code);
    };
    let (from, to) = (Some("2022-01"), Some("2022-12"));
    check("wage", from, None, "import.half_of_the_months");
    check("wage", None, to, "import.half_of_the_months");
    check("int", from, to, "import.no_months_there");
    check("wage", to, from, "month.ends_before_start");
    check("wage", Some("一月"), to, "request.problems");
}

#[test]
fn enrolments_and_resumptions_are_files_too() {
    let mut office = Office::new();
    let missing = "declaration.missing";
    office.check(
        "reg",
        "证件类型,证件号码,姓名,首缴年月,工资\n\
         01,210199199511030015,新职工一,2022-02,5200\n\
         01,210199199511030016,新职工二,2022-02,5200\n\
         08,E12345678,SMITH,2022-02,5200\n",
        &[
            (3, "B3", "declaration.id_check_digit"),
            (4, "", missing),
            (4, "", missing),
        ],
    );
    office.check(
        "res",
        "证件号码,个人编号,姓名,变更时间,变更原因,工资\n\
         ,0001000001,张三,2022-02,续保,5200\n\
         210199199511030015,,王思远,2022-02,内转入,5200\n\
         210199199511030015,,,2022-02,内转入,5200\n",
        &[(2, "A2", "declaration.already_paying"), (4, "C4", missing)],
    );
}
