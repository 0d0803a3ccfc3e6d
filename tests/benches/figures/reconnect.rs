//! What a reconnect costs when nothing is new.

use std::time::Duration;

use canbao_core::declaration::Kind;
use canbao_core::document::{
    Action, ActorId, Batch, Change, DocumentId, FieldName, SignedBatch, Value, Volume,
};
use canbao_core::ids::{DeclarationId, UnitId, VolumeId};
use canbao_server::border;
use canbao_server::centre::{Answer, Centre};
use canbao_tests::harness::Relay;
use canbao_tests::stranger::Stranger;
use futures_util::{StreamExt, stream};

use crate::centre::{self, Clerk, Filled, Listening};
use crate::table::{Figure, Row, Table, grouped};

/// One device acts for as many units, each with one document.
const DOCUMENTS: u32 = 1_000;
const PERSONS: u32 = 5;
/// So late the server's answers come while round trips are counted.
const FAR: Duration = Duration::from_millis(300);

pub(crate) fn measure(table: &mut Table) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let filled = Filled::new();
    let (engine, listening, code) = runtime.block_on(async {
        let engine = centre::open(&filled.directory);
        centre::fill_common(&engine).await;
        centre::fill_units(&engine, 0..DOCUMENTS, PERSONS, 250).await;
        let units: Vec<UnitId> = (0..DOCUMENTS).map(centre::unit_id).collect();
        let clerk = centre::enrol(&engine, units.clone(), 20).await;
        stream::iter(&units)
            .map(|unit| draft(&engine, &clerk, *unit))
            .buffer_unordered(64)
            .count()
            .await;
        let code = centre::code(&engine, units, 9).await;
        (engine.clone(), Listening::of(&engine), code.to_string())
    });
    let device = Stranger::enrol(&code, &listening.server, 60);
    let first = device.first_sync();
    let again = device.catch_up(first.cursor, first.scope_version);
    let relay = Relay::to(listening.server.parse().expect("an address"));
    let far = device.by(relay.address);
    relay.delay(FAR);
    let afar = far.catch_up(first.cursor, first.scope_version);
    let round_trips = (afar.took.as_millis() + FAR.as_millis() / 2) / FAR.as_millis();
    let round_trips = u64::try_from(round_trips).unwrap_or(u64::MAX);
    let stream = again.statistics.sent + again.statistics.received;
    let handshake = again.handshake_sent + again.handshake_received;
    let all = first.statistics.sent + first.statistics.received;
    table.add(
        Row::of(
            format!(
                "reconnect with nothing new and {} documents",
                grouped(u64::from(DOCUMENTS))
            ),
            Figure::Bytes(stream),
        )
        .below(Figure::Bytes(200))
        .beside("round trips", Figure::Count(round_trips))
        .beside("handshake, UDP payload", Figure::Bytes(handshake))
        .beside("the first sync", Figure::Bytes(all))
        .note("stream bytes both ways; one unit to a document, all of one device"),
    );
    runtime.block_on(async {
        listening.end().await;
        engine.stop().await;
    });
}

/// A draft in a unit's document, which makes the document.
async fn draft(centre: &Centre, clerk: &Clerk, unit: UnitId) {
    let document = DocumentId::EmployerVolume(unit, VolumeId(1));
    let mut volume = Volume::replay(document, []).expect("a genesis");
    let actor = ActorId::new(clerk.certificate.device, [1; 8]);
    let reason = Value::Text("辞职".to_owned());
    let action = Action::Declare {
        id: DeclarationId(unit.0),
        kind: Kind::Interruption,
        fields: Change::of(FieldName::Reason, reason).into_iter().collect(),
    };
    let own = volume.act(&actor, &action, centre::NOW);
    let own = own.expect("an empty volume takes it");
    let batch = Batch::of(document, own, clerk.certificate.serial);
    let signed = SignedBatch::make(&batch, &clerk.operator);
    let answer = centre.take_batch(signed.0, border::now()).await;
    assert!(matches!(answer, Ok(Answer::Taken(_))), "{answer:?}");
}
