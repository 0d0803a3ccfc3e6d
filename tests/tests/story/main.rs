//! The demo's story, told by real processes in a fresh directory.

mod reader;

use canbao_tests::story::{Silent, site_in, tell};

#[test]
fn from_an_employer_without_a_network_to_records_anyone_can_verify() {
    let directory = tempfile::tempdir().expect("a directory");
    let site = site_in(directory.path());
    let told = tell(&site, &mut Silent);
    reader::accepts(&told.centre, &site.path("proofs/trust.json"));
}
