//! The memory of a fresh server: it follows what is asked, not what is stored.

use std::path::PathBuf;

use canbao_tests::stranger::Stranger;

use crate::machine::{self, Memory};
use crate::server::{Disk, Server};
use crate::table::{Figure, Row, Table};
use crate::{centre, kept, submissions};

/// A server's memory as it says that it is ready, and after one device has synced.
struct Served {
    ready: Memory,
    asked: Memory,
    file: u64,
}

pub(crate) fn measure(table: &mut Table) {
    let town = serve(submissions::town());
    let city = serve(submissions::city());
    let told = |what: &str, city: u64, town: u64, store: u64| {
        Row::of(
            format!("memory of a fresh server {what}, 10,000 units beside 1,000"),
            Figure::ratio(city, town),
        )
        .at_most(Figure::Thousandths(1_200))
        .beside("proportional share with 10,000", Figure::Bytes(city))
        .beside("with 1,000", Figure::Bytes(town))
        .beside("the larger store", Figure::Bytes(store))
    };
    let Served { ready, asked, file } = city;
    table.add(
        told(
            "as it is ready",
            ready.proportional,
            town.ready.proportional,
            file,
        )
        .beside("resident with 10,000", Figure::Bytes(ready.resident)),
    );
    table.add(
        told(
            "after one device",
            asked.proportional,
            town.asked.proportional,
            file,
        )
        .beside("resident with 10,000", Figure::Bytes(asked.resident)),
    );
}

fn serve(directory: PathBuf) -> Served {
    let copy = kept::copy(&directory);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let code = runtime.block_on(async {
        let centre = centre::open(copy.path());
        let code = centre::code(&centre, vec![centre::unit_id(1)], 9).await;
        centre.stop().await;
        code.to_string()
    });
    let file = std::fs::metadata(copy.path().join("centre.redb"));
    let server = Server::start(copy.path(), Disk::AsItIs);
    let ready = machine::memory(server.process());
    let device = Stranger::enrol(&code, &server.address, 60);
    let _ = device.first_sync();
    let asked = machine::memory(server.process());
    server.kill();
    Served {
        ready,
        asked,
        file: file.map_or(0, |it| it.len()),
    }
}
