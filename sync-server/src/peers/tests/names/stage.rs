//! The stage of a scenario: a centre that listens, the peer that will be refused, its neighbours.

use canbao_core::certificate::Mandate;
use canbao_core::document::{ActorId, Batch, Change, DocumentId, SignedBatch, Volume};
use canbao_core::enrolment::Request;
use canbao_core::ids::{DeclarationId, DeviceId, Position};
use canbao_core::refusal::RefusalName;
use canbao_core::statement::Verdict as Decided;

use super::super::*;
use crate::centre::CodeOrder;

/// A time at which certificates were issued that have expired by [`NOW`].
pub(super) const LONG_AGO: Timestamp = Timestamp(NOW.0 - 3 * 365 * 24 * 60 * 60);

/// What the device of unit 1's employer is made from.
const PEERS_DEVICE: u8 = 11;

/// Who offers.
#[derive(Clone, Copy)]
enum By {
    Peer,
    Clerk,
}

/// Who is there, and how long the log was before the peer did its deed.
pub(super) struct Stage {
    pub(super) served: Served,
    /// The employer of unit 1.
    pub(super) peer: Operator,
    /// The employer of unit 2.
    pub(super) neighbour: Operator,
    /// The agency of both.
    pub(super) clerk: Operator,
    before: u64,
    /// What was refused to whom, and by which name.
    refused: Option<(Item, By, String)>,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let it = fixture::start().await;
        let (peer, neighbour) = (it.employer(1).await, it.employer(2).await);
        let clerk = it.clerk().await;
        let before = it.length();
        Self {
            served: serve(it).await,
            peer,
            neighbour,
            clerk,
            before,
            refused: None,
        }
    }

    pub(super) fn it(&self) -> &Fixture {
        &self.served.it
    }

    /// What the log has up to here belongs to the scene, not to the deed.
    pub(super) fn is_set(&mut self) {
        self.before = self.it().length();
    }

    /// Facts of the administration that the scene needs.
    pub(super) async fn state(&mut self, facts: Vec<Fact>) {
        self.it().centre.append_facts(facts, NOW).await.unwrap();
        self.is_set();
    }

    /// Another operator of unit 1 on the peer's device.
    pub(super) async fn colleague(&mut self) -> Operator {
        self.enrolled_at(NOW, 40, PEERS_DEVICE).await
    }

    /// The same, with a certificate that is past its term.
    pub(super) async fn expired_colleague(&mut self) -> Operator {
        self.enrolled_at(LONG_AGO, 40, PEERS_DEVICE).await
    }

    /// An operator whose device has no certificate in force.
    pub(super) async fn expired_stranger(&mut self) -> Operator {
        self.enrolled_at(LONG_AGO, 41, 41).await
    }

    async fn enrolled_at(&mut self, at: Timestamp, seed: u8, device: u8) -> Operator {
        let order = CodeOrder {
            mandate: Mandate::Employer(vec![unit(1)]),
            operator_name: "同事".to_owned(),
            valid_seconds: 3600,
            secret: [seed; 16],
        };
        let centre = &self.it().centre;
        let code = centre.issue_code(order, at).await.unwrap();
        let (key, device_key) = (keys_of(seed).0, keys_of(device).1);
        let device = DeviceId([device; 16]);
        let request = Request::make(&code, OperatorId([seed; 16]), &key, device, &device_key);
        let answer = centre.enrol(request.clone(), at).await.unwrap();
        let (certificate, _) = answer.open(&request.claim).unwrap();
        self.is_set();
        Operator {
            key,
            device_key,
            request,
            certificate,
        }
    }

    pub(super) async fn revoke(&mut self, operator: &Operator) {
        super::super::revoke(self.it(), operator).await;
        self.is_set();
    }

    /// The peer offers an item; the name by which it is refused.
    pub(super) async fn offer(&mut self, item: Item) -> String {
        self.refusal_of(item, By::Peer).await
    }

    /// The clerk does.
    pub(super) async fn offer_by_clerk(&mut self, item: Item) -> String {
        self.refusal_of(item, By::Clerk).await
    }

    async fn refusal_of(&mut self, item: Item, by: By) -> String {
        let operator = match by {
            By::Peer => &self.peer,
            By::Clerk => &self.clerk,
        };
        let verdicts = self.verdicts(operator, vec![item.clone()]).await;
        let [Verdict::Refused(refusal)] = &verdicts[..] else {
            panic!("{verdicts:?}")
        };
        let code = refusal.code().to_owned();
        self.refused = Some((item, by, code.clone()));
        code
    }

    /// The peer offers an item that is good.
    pub(super) async fn takes(&self, item: Item) {
        let verdicts = self.verdicts(&self.peer, vec![item]).await;
        assert!(
            matches!(verdicts[..], [Verdict::Taken { .. }]),
            "{verdicts:?}"
        );
    }

    async fn verdicts(&self, by: &Operator, outbox: Vec<Item>) -> Vec<Verdict> {
        let mut device = Device {
            outbox,
            ..Device::default()
        };
        let end = self.served.session(&by.device_key, &mut device).await;
        assert_eq!(end.code(), "sync.stopped");
        device.verdicts
    }

    /// Asks for enrolment with these bytes; the name of the refusal.
    pub(super) async fn ask(&self, bytes: Vec<u8>) -> String {
        let Connected { connection, .. } = self.served.connect(None, Alpn::Enrol).await;
        let asked = ask_to_enrol(&connection, |_| Ok::<_, Infallible>(bytes)).await;
        asked.unwrap_err().code().to_owned()
    }

    /// The log has grown by these facts alone, which keep the refusal under its name, and only
    /// for those whom it concerns.
    pub(super) fn left_only(&self, trace: &[&str], name: RefusalName) {
        assert_eq!(self.it().kinds_since(self.before), trace);
        for position in self.before..self.it().length() {
            let seen_by = self.it().audience(position);
            let (reason, audience) = match self.it().fact(Position(position)) {
                Fact::StatementRefused { reason, .. } => (reason, Audience::Centre),
                Fact::BatchRefused { reason, .. } => (reason, Audience::Employer(unit(1))),
                other => panic!("{other:?}"),
            };
            assert_eq!(reason, name.as_str());
            assert_eq!(seen_by, [audience]);
        }
    }

    /// The next good batch and statement of the peer and of its neighbours are taken, and what
    /// was refused is refused alike, without a second trace.
    pub(super) async fn goes_on(&mut self) {
        if let Some((item, by, code)) = self.refused.take() {
            let length = self.it().length();
            let again = self.refusal_of(item, by).await;
            assert_eq!((again, self.it().length()), (code, length));
        }
        for (number, employer) in [(1, &self.peer), (2, &self.neighbour)] {
            let submission = Statement::Submission(interruption(number, 1, "2022-01"));
            let good = vec![
                Item::Batch(employer.batch(number, 200)),
                Item::Statement(employer.sign(&submission)),
            ];
            self.all_taken(employer, good).await;
        }
        let submission = interruption(1, 1, "2022-01").submission_id();
        let decided = decision(unit(1), submission, Decided::Approve);
        let good = vec![self.remark(), Item::Statement(self.clerk.sign(&decided))];
        self.all_taken(&self.clerk, good).await;
    }

    async fn all_taken(&self, operator: &Operator, good: Vec<Item>) {
        let count = good.len();
        let verdicts = self.verdicts(operator, good).await;
        let taken = |it: &Verdict| matches!(it, Verdict::Taken { .. });
        assert!(
            verdicts.len() == count && verdicts.iter().all(taken),
            "{verdicts:?}"
        );
    }

    /// A good batch of the agency's.
    fn remark(&self) -> Item {
        let document = DocumentId::AgencyVolume(DISTRICT, unit(1), VOLUME);
        let action = canbao_core::document::Action::Declare {
            id: DeclarationId([9; 16]),
            kind: canbao_core::declaration::Kind::Wage,
            fields: vec![Change::Wage(yuan("5000.00"))],
        };
        let actor = ActorId::new(self.clerk.certificate.device, [200; 8]);
        let mut volume = Volume::replay(document, []).unwrap();
        let own = volume.act(&actor, &action, NOW).unwrap();
        let batch = Batch::of(document, own, self.clerk.certificate.serial);
        Item::Batch(SignedBatch::make(&batch, &self.clerk.key).0)
    }

    /// Somebody else is enrolled.
    pub(super) async fn enrols_another(&self) {
        let code = self.it().code(Mandate::Employer(vec![unit(2)]), 50).await;
        self.served.enrol(&code, 50).await.unwrap();
    }

    /// The centre stops while it listens.
    pub(super) async fn stop_centre(&self) {
        self.it().centre.stop().await;
    }

    /// The same centre, as after a restart.
    pub(super) async fn reopen(&mut self) {
        let meanwhile = serve(fixture::found()).await;
        let Served {
            it, stop, running, ..
        } = std::mem::replace(&mut self.served, meanwhile);
        stop.send(()).unwrap();
        running.await.unwrap();
        self.served = serve(it.reopened().await).await;
    }
}
