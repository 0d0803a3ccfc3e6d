//! What the centre is asked at once: items of several sessions and orders of the administration,
//! which its writer decides as one group.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use canbao_core::facts::Fact;
use canbao_core::ids::CertificateSerial;
use canbao_core::sync::Verdict;
use canbao_core::time::Timestamp;
use canbao_server::centre::{AdminError, Centre, Revocation, Unavailable};
use futures_util::FutureExt;
use futures_util::future::{join, join_all, maybe_done};

use super::broken::Broken;
use super::hub_session::HubEnd;
use super::invariants::Step;
use super::journal::Met;
use super::network::LinkId;
use super::world::{Event, World};

/// So long the centre's writer is busy with what came before, at most, in milliseconds: mostly,
/// and at times.
const BUSY: (u64, u64) = (40, 1_500);

/// What the administration asks for.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// To state a fact; how the event log names it.
    State(&'static str, Box<Fact>),
    /// To revoke a certificate.
    Revoke(Revocation),
}

/// What the centre answered to a group.
struct Answers {
    items: Vec<Result<Verdict, Unavailable>>,
    orders: Vec<Result<(), AdminError>>,
}

impl Order {
    async fn give(self, centre: &Centre, now: Timestamp) -> Result<(), AdminError> {
        match self {
            Self::State(_, fact) => centre.append_facts(vec![*fact], now).await.map(|_| ()),
            Self::Revoke(revocation) => centre.revoke(revocation, now).await.map(|_| ()),
        }
    }

    fn said(&self) -> &'static str {
        match self {
            Self::State(said, _) => said,
            Self::Revoke(Revocation { whole_device, .. }) if *whole_device => "revokes a device",
            Self::Revoke(_) => "revokes a certificate",
        }
    }
}

impl World<'_> {
    /// The administration orders something.
    pub(super) fn order(&mut self, order: Order) {
        self.orders.push(order);
        self.decide_soon();
    }

    /// Lets the centre decide after a while, with what it is asked by then.
    pub(super) fn decide_soon(&mut self) {
        if self.decides_at.is_none() {
            let longest = if self.dice.percent(20) {
                BUSY.1
            } else {
                BUSY.0
            };
            let wait = self.dice.between(0, longest);
            self.decides_at = Some(self.time.now() + wait);
            self.schedule(wait, Event::Decide);
        }
    }

    /// How long a session waits that waits for the centre to decide, in milliseconds.
    pub(super) fn until_decided(&self, link: LinkId) -> Option<u64> {
        let hub = self.links.get(&link)?.hub_end.as_ref()?;
        let decided = self.decides_at.filter(|_| hub.waits())?;
        Some(decided.saturating_sub(self.time.now()) + 1)
    }

    /// Whether the centre has something to decide.
    pub(super) fn is_asked(&self) -> bool {
        self.decides_at.is_some()
    }

    /// The centre decides what it was asked, in one group.
    pub(super) fn decide(&mut self) -> Step {
        self.decides_at = None;
        let mut orders = std::mem::take(&mut self.orders);
        let Some(process) = &self.centre.process else {
            return Ok(());
        };
        let centre = process.centre.clone();
        self.pass_over_revocations(&mut orders);
        let mut asking = self.asking();
        let together = asking.len() + orders.len();
        if together == 0 {
            return Ok(());
        }
        self.remember_older();
        let orders_first = self.dice.percent(50);
        let answers = self.wait(ask(
            &centre,
            self.centre.clock.now(),
            asking.iter_mut().map(|(_, hub)| hub),
            &orders,
            orders_first,
        ));
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => return self.centre_failed(&error),
        };
        if together > 1 {
            self.journal.meet(Met::DecidedTogether);
            self.write("zx", format_args!("decides {together} together"));
        }
        self.observe()?;
        if self.healed_at.is_none() && self.centre.process.is_some() && self.dice.percent(1) {
            self.journal.meet(Met::DiedBeforeAnswer);
            self.write("zx", "dies before it answers");
            self.crash_centre();
            return Ok(());
        }
        for (order, answer) in orders.iter().zip(answers.orders) {
            self.order_done(order, answer)?;
        }
        for ((id, hub), answer) in asking.into_iter().zip(answers.items) {
            self.item_decided(id, hub, answer)?;
        }
        Ok(())
    }

    /// The sessions that wait, taken out of their links.
    fn asking(&mut self) -> Vec<(LinkId, HubEnd)> {
        let waiting = self.links.iter_mut().filter_map(|(id, link)| {
            let hub = link.hub_end.take_if(|it| it.waits())?;
            Some((*id, hub))
        });
        waiting.collect()
    }

    fn order_done(&mut self, order: &Order, answer: Result<(), AdminError>) -> Step {
        match answer {
            Ok(()) => self.write("zx", order.said()),
            Err(AdminError::Unavailable(error)) if self.centre.process.is_some() => {
                self.centre_failed(&error)?;
            }
            Err(error) => self.write("zx", format_args!("{}: {}", order.said(), error.code())),
        }
        Ok(())
    }

    fn item_decided(
        &mut self,
        id: LinkId,
        mut hub: HubEnd,
        answer: Result<Verdict, Unavailable>,
    ) -> Step {
        // With the process its sessions are gone.
        if self.centre.process.is_none() {
            return Ok(());
        }
        let verdict = match answer {
            Ok(verdict) => verdict,
            Err(error) => return self.centre_failed(&error),
        };
        hub.answered(self.time.now(), verdict);
        let Some(link) = self.links.get_mut(&id) else {
            return Ok(());
        };
        link.hub_end = Some(hub);
        self.run_hub(id, None)
    }

    /// Where revocations are not carried out, everyone else believes that they are.
    fn pass_over_revocations(&mut self, orders: &mut Vec<Order>) {
        if !self.is_broken(Broken::PassesOverRevocation) {
            return;
        }
        let length = self.truth.entries.len() as u64;
        let revoked = |it: &Order| match it {
            Order::Revoke(Revocation { serial, .. }) => Some(*serial),
            Order::State(..) => None,
        };
        let passed_over: Vec<CertificateSerial> = orders.iter().filter_map(revoked).collect();
        for serial in passed_over {
            self.truth.scopes.end(serial, length);
        }
        orders.retain(|it| revoked(it).is_none());
    }
}

/// Asks everything before anything is decided: which requests make a group is ours to say.
async fn ask(
    centre: &Centre,
    now: Timestamp,
    hubs: impl Iterator<Item = &mut HubEnd>,
    orders: &[Order],
    orders_first: bool,
) -> Result<Answers, Unavailable> {
    let gathering = centre.gather().await?;
    let items = join_all(hubs.map(HubEnd::take_in));
    let orders = join_all(orders.iter().map(|it| it.clone().give(centre, now)));
    let all = if orders_first {
        let asked = join(orders, items);
        asked.map(|(orders, items)| (items, orders)).left_future()
    } else {
        join(items, orders).right_future()
    };
    let mut all = pin!(maybe_done(all));
    // The first poll puts each request before the writer.
    poll_fn(|context| {
        let _ = all.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
    drop(gathering);
    all.as_mut().await;
    let (items, orders) = all.take_output().expect("it was waited for");
    Ok(Answers { items, orders })
}
