//! Opening a unit of 5,000 persons on a device.

use canbao_client::Door;
use canbao_client::request::{Context, Request};
use canbao_core::certificate::Mandate;
use canbao_core::message::Lang;
use canbao_server::centre::CodeOrder;

use crate::centre::{self, Filled};
use crate::table::{Table, median, milliseconds, timed};

const PERSONS: u32 = 5_000;

pub(crate) fn measure(table: &mut Table) {
    let device = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (first_sync, persons) = runtime.block_on(sync_a_device(device.path()));
    assert_eq!(persons, PERSONS as usize);
    let opened = median(
        (0..7)
            .map(|_| {
                timed(|| {
                    Door::open(device.path(), Lang::Zh)
                        .map(drop)
                        .expect("opens")
                })
                .1
            })
            .collect(),
    );
    let store = device.path().join("canbao.redb");
    let (bytes, read) = timed(|| std::fs::read(&store).expect("the store").len());
    table.row(
        "open a unit of 5,000 persons",
        milliseconds(opened),
        "< 300 ms",
        format!(
            "reading its {} KiB of file {}; its first sync {}",
            bytes / 1_024,
            milliseconds(read),
            milliseconds(first_sync)
        ),
    );
}

/// Enrols and syncs a device over loopback; how long the sync took and how many it has.
async fn sync_a_device(directory: &std::path::Path) -> (std::time::Duration, usize) {
    let filled = Filled::new();
    let engine = centre::open(&filled.directory);
    centre::fill_common(&engine).await;
    let unit = centre::fill_unit(&engine, 1, PERSONS).await;
    let order = CodeOrder {
        mandate: Mandate::Employer(vec![unit]),
        operator_name: "经办人".to_owned(),
        valid_seconds: 3_600,
        secret: [9; 16],
    };
    // The device enrols by the real clock, so the code is issued by it too.
    let code = engine
        .issue_code(order, canbao_server::border::now())
        .await
        .expect("issued");
    let peers = centre::listen(engine.clone());
    let server = peers.local_addr().expect("bound").to_string();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(peers.run(async {
        let _ = stopped.await;
    }));
    let door = Door::open(directory, Lang::Zh).expect("opens");
    let context = Context::default();
    door.ask(
        &context,
        Request::Enrol {
            code: code.to_string(),
            server,
            passphrase: None,
        },
    )
    .await
    .expect("enrolled");
    let start = std::time::Instant::now();
    door.ask(&context, Request::Sync { watch: false })
        .await
        .expect("synced");
    let took = start.elapsed();
    let roster = door
        .ask(
            &context,
            Request::RosterList {
                person: None,
                status: None,
            },
        )
        .await
        .expect("listed");
    let persons = roster.body().as_array().map_or(0, Vec::len);
    let _ = stop.send(());
    let _ = running.await;
    (took, persons)
}
