//! The audit: what operators stated to have done with personal data, what they were told of
//! persons, and what was refused.

use canbao_core::facts::{Audience, Entry, Fact};
use canbao_core::message::Lang;
use canbao_core::statement::{AuditEvent, Statement, read_admitted};

use super::desk::text_of;
use super::failure::Failure;
use super::outcome::AuditListed;
use crate::centre::Centre;

/// How many entries are read at once.
const PAGE: usize = 1024;
/// How many bytes of them.
const PAGE_BYTES: usize = 1 << 20;

/// Every event, oldest first.
pub(super) fn list(centre: &Centre, lang: Lang) -> Result<Vec<AuditListed>, Failure> {
    let mut listed = Vec::new();
    let mut from = 0;
    loop {
        let page = centre
            .feed(&[Audience::Centre], from..u64::MAX, PAGE, PAGE_BYTES)
            .map_err(|error| Failure::of_unavailable(&error, lang))?;
        for entry in &page.entries {
            if let Ok(read) = Entry::from_bytes(&entry.bytes)
                && let Ok(fact) = read.fact()
            {
                listed.extend(listed_of(entry.position.0, text_of(read.at), fact));
            }
        }
        if page.upto >= page.head || page.upto <= from {
            return Ok(listed);
        }
        from = page.upto;
    }
}

fn listed_of(position: u64, at: String, fact: Fact) -> Option<AuditListed> {
    let blank = AuditListed {
        at,
        position,
        event: String::new(),
        signer: 0,
        by: None,
        unit: None,
        person: None,
        records: None,
        reason: None,
    };
    match fact {
        Fact::Audited {
            unit,
            statement,
            by,
            ..
        } => {
            let read = read_admitted(&statement).ok()?;
            let Statement::Audit { event, .. } = read.statement else {
                return None;
            };
            let blank = AuditListed {
                signer: read.signer.0,
                by: Some(by),
                unit: Some(unit),
                ..blank
            };
            Some(match event {
                AuditEvent::Revealed { person, reason } => AuditListed {
                    event: "revealed".to_owned(),
                    person: Some(person),
                    reason: Some(reason),
                    ..blank
                },
                AuditEvent::ProofsExported { records } => AuditListed {
                    event: "proofs_exported".to_owned(),
                    records: Some(records),
                    ..blank
                },
            })
        }
        Fact::StatementRefused { signer, reason, .. } => Some(AuditListed {
            event: "statement_refused".to_owned(),
            signer: signer.0,
            reason: Some(reason),
            ..blank
        }),
        Fact::PersonStatusTold {
            unit,
            by,
            person,
            insured,
        } => Some(AuditListed {
            event: "person_status_told".to_owned(),
            signer: by.0,
            unit: Some(unit),
            person,
            reason: Some(insured.code().to_owned()),
            ..blank
        }),
        _ => None,
    }
}
