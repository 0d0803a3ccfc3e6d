//! Answers for people: tables and captioned lines in a language.

mod cells;
mod comparison;
mod conflicts;
mod declarations;
mod imports;
mod layout;
mod money;
mod pension;
mod people;
mod problems;
mod proofs;
mod reviews;
mod status;
#[cfg(test)]
mod tests;

use canbao_client::response::Response;
use canbao_core::message::Lang;

pub(crate) use problems::failure;

/// An answer in a language, without a line end.
pub(crate) fn response(response: &Response, lang: Lang) -> String {
    match response {
        Response::Enrolled(enrolled) => status::enrolled(enrolled, lang),
        Response::Rekeyed(rekeyed) => status::rekeyed(rekeyed, lang),
        Response::Locks(operators) => status::locks(operators, lang),
        Response::Status(view) => status::status(view, lang),
        Response::Synced(report) => status::synced(report, lang),
        Response::Agencies(rows) => people::agencies(rows, lang),
        Response::Roster(rows) => people::roster(rows, lang),
        Response::Person(detail) => people::person(detail, lang),
        Response::Insured(view) => people::insured(view, lang),
        Response::Declaration(row) | Response::Withdrawn(row) => declarations::one(row, lang),
        Response::Declarations(rows) => declarations::list(rows, lang),
        Response::Imported(report) => imports::imported(report, lang),
        Response::ImportUndone(undone) => imports::undone(undone, lang),
        Response::Template(view) => imports::template(view, lang),
        Response::Conflicts(rows) => conflicts::list(rows, lang),
        Response::Resolved(view) => conflicts::resolved(view, lang),
        Response::Submitted(report) => declarations::submitted(report, lang),
        Response::Assessment(row) => money::assessment(row, lang),
        Response::Assessments(rows) => money::assessments(rows, lang),
        Response::Transactions(rows) => money::transactions(rows, lang),
        Response::Transaction(row) => money::transaction(row, lang),
        Response::Compared(view) => comparison::comparison(view, lang),
        Response::Repaired(view) => comparison::repaired(view, lang),
        Response::PensionRoster(view) => pension::roster(view, lang),
        Response::PensionCounts(view) => pension::counts(view, lang),
        Response::Results(view) => pension::results(view, lang),
        Response::Queue(rows) => reviews::queue(rows, lang),
        Response::Decided(report) => reviews::decided(report, lang),
        Response::Records(view) => money::records(view, lang),
        Response::Receipts(rows) => declarations::receipts(rows, lang),
        Response::Revealed(view) => people::revealed(view, lang),
        Response::Quarantine(rows) => status::quarantine(rows, lang),
        Response::Proof(view) => proofs::proof(view, lang),
        Response::Exported(view) => proofs::exported(view, lang),
        Response::ExportedAll(view) => proofs::exported_all(view, lang),
        Response::Verified(view) => proofs::verified(view, lang),
    }
}
