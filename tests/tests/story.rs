//! The demo's story, told by real processes in a fresh directory.

use canbao_tests::story::{Silent, site_in, tell};

#[test]
fn from_an_employer_without_a_network_to_records_anyone_can_verify() {
    let directory = tempfile::tempdir().expect("a directory");
    let site = site_in(directory.path());
    let _told = tell(&site, &mut Silent);
}
