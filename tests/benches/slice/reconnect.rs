//! What a reconnect costs when nothing is new.

use canbao_core::certificate::Mandate;
use canbao_server::centre::CodeOrder;
use canbao_tests::stranger::Stranger;

use crate::centre::{self, Filled};
use crate::table::Table;

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let filled = Filled::new();
    let (server, code) = runtime.block_on(async {
        let engine = centre::open(&filled.directory);
        centre::fill_common(&engine).await;
        let unit = centre::fill_unit(&engine, 1, 320).await;
        let order = CodeOrder {
            mandate: Mandate::Employer(vec![unit]),
            operator_name: "经办人".to_owned(),
            valid_seconds: 3_600,
            secret: [9; 16],
        };
        let code = engine
            .issue_code(order, canbao_server::border::now())
            .await
            .expect("issued");
        let peers = centre::listen(engine);
        let server = peers.local_addr().expect("bound").to_string();
        tokio::spawn(peers.run(std::future::pending()));
        (server, code.to_string())
    });
    let device = Stranger::enrol(&code, &server, 60);
    let first = device.catch_up(0, 0);
    let again = device.catch_up(first.cursor, first.scope_version);
    let stream = again.statistics.sent + again.statistics.received;
    let datagrams = again.handshake_sent + again.handshake_received;
    table.row(
        "reconnect with nothing new, stream bytes both ways",
        format!("{stream} bytes"),
        "< 200 bytes",
        format!(
            "handshake {} + {} = {datagrams} bytes of UDP payload; the first sync {} bytes",
            again.handshake_sent,
            again.handshake_received,
            first.statistics.sent + first.statistics.received
        ),
    );
}
