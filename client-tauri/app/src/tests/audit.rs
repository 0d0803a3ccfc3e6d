//! What is done with personal data is stated to the centre, before it is done.

use canbao_core::facts::Fact;
use canbao_core::statement::{AuditEvent, Statement, read_admitted};

use crate::request::Request;
use crate::response::Response;

use super::*;

const ZHANG: &str = "0001000001";

fn audited(centre: &Centre) -> Vec<AuditEvent> {
    let entries = centre.feed_from(0);
    let facts = entries.iter().filter_map(|it| {
        let entry = canbao_core::facts::Entry::from_bytes(&it.bytes).ok()?;
        entry.fact().ok()
    });
    facts
        .filter_map(|fact| match fact {
            Fact::Audited { statement, .. } => read_admitted(&statement).ok(),
            _ => None,
        })
        .filter_map(|read| match read.statement {
            Statement::Audit { event, .. } => Some(event),
            _ => None,
        })
        .collect()
}

#[test]
fn a_number_is_shown_in_full_once_its_reason_waits_for_the_centre() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut centre = Centre::new(1);
    let mut app = employer(&mut centre, directory.path());
    let reveal = |reason: &str| Request::RosterReveal {
        person: ZHANG.to_owned(),
        reason: reason.to_owned(),
    };
    assert_eq!(refuse(&mut app, reveal("  ")).code, "audit.reason");
    assert_eq!(app.outbox.waiting(&app.feed).count(), 0);
    for _ in 0..2 {
        let Response::Revealed(view) = ask(&mut app, reveal("核对身份证")) else {
            panic!("revealed")
        };
        assert_eq!(view.document_number, id_number("21019919900101001"));
        assert!(view.person.masked_id.contains("****"));
    }
    assert_eq!(
        app.outbox.waiting(&app.feed).count(),
        2,
        "each time by itself"
    );
    centre.exchange(&mut app);
    assert_eq!(app.outbox.waiting(&app.feed).count(), 0);
    let expected = AuditEvent::Revealed {
        person: canbao_core::ids::PersonId([1; 16]),
        reason: "核对身份证".to_owned(),
    };
    assert_eq!(audited(&centre), [expected.clone(), expected]);
}
