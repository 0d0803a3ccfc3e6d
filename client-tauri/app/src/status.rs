//! Where everything stands: the frame's figures and what to mind (SIL-8, SIL-19).

use std::collections::BTreeSet;

use canbao_core::certificate::Mandate;
use canbao_core::facts::{DeclarationStatus, SubmissionState, UnitView};
use canbao_core::ids::DistrictId;
use canbao_core::message::Lang;
use canbao_core::time::Timestamp;

use crate::app::App;
use crate::captions::coded;
use crate::held::Held;
use crate::identity::Operator;
use crate::keyring::Lock;
use crate::request::Context;
use crate::response::{AgencyView, Coded, OperatorView, StatusView};
use crate::rows::unit_ref;

/// A clock that lags the last time the centre signed by more than this is wrong (SIL-19). How
/// far it may lead cannot be told: the device may not have heard of the centre since.
const CLOCK_TOLERANCE: i64 = 24 * 60 * 60;

/// Without contact for longer than this, calendar and parameters may have changed (SIL-8).
const STALE_AFTER: i64 = 7 * 24 * 60 * 60;

impl App {
    pub(crate) fn status(&self, context: &Context) -> StatusView {
        let now = self.world.now();
        let units: Vec<&UnitView> = self.units_in_reach().collect();
        let contact = self.last_contact();
        let waiting: Vec<Timestamp> = self.outbox.waiting(&self.feed).map(|it| it.at).collect();
        let held = self.held();
        let records = units.iter().flat_map(|unit| &unit.records);
        StatusView {
            device: self.identity.device_id().map(|it| it.to_string()),
            server: self.identity.centre.as_ref().map(|it| it.server.clone()),
            operators: self.operator_views(context.lang),
            units: units.iter().map(|unit| unit_ref(&unit.record)).collect(),
            agencies: self.agencies(&units),
            device_date: now.date().to_string(),
            settlement: self
                .feed
                .projection
                .common
                .current_settlement()
                .map(|it| it.to_string()),
            last_contact: contact.map(|it| it.to_string()),
            last_contact_age_seconds: contact.map(|it| now.0.saturating_sub(it.0)),
            transport: self.transport.map(str::to_owned),
            feed_entries: self.feed.count(),
            drafts: self.count_drafts(&units),
            conflicts: units.iter().map(|unit| self.count_conflicts(unit)).sum(),
            queued: waiting.len() as u64,
            oldest_queued: waiting.iter().min().map(|it| it.to_string()),
            received: units.iter().map(|unit| undecided(unit)).sum(),
            to_review: self.to_review(),
            records: records.clone().count() as u64,
            unproven_records: records.filter(|it| !it.proven).count() as u64,
            needs_update: held
                .iter()
                .filter(|it| it.is_here())
                .map(|it| it.count)
                .sum(),
            held: held.iter().map(|it| it.in_words(context.lang)).collect(),
            refused: self.outbox.refused(&self.feed),
            checkpoint: self.checkpoint(),
            warnings: self.warnings(context.lang),
        }
    }

    /// When the centre was last heard, as far as it was kept.
    pub(crate) fn last_contact(&self) -> Option<Timestamp> {
        self.identity.contact.max(self.feed.heard)
    }

    fn operator_views(&self, lang: Lang) -> Vec<OperatorView> {
        let ended = &self.identity.ended;
        let view = |it: &Operator| {
            let ended = ended.get(&it.certificate.serial);
            let ended = ended.map(|it| it.in_words(lang));
            operator_view(it, self.identity.lock(it), ended)
        };
        self.identity.operators.iter().map(view).collect()
    }

    fn count_drafts(&self, units: &[&UnitView]) -> u64 {
        let drafts = units.iter().flat_map(|unit| {
            self.drafts
                .of(unit.record.id)
                .into_values()
                .map(move |(_, stored)| (unit, stored))
        });
        drafts
            .filter(|(unit, stored)| {
                let status = self.standing(unit, stored.draft.id, stored.voided);
                matches!(status, DeclarationStatus::Draft)
            })
            .count() as u64
    }

    fn agencies(&self, units: &[&UnitView]) -> Vec<AgencyView> {
        let districts: BTreeSet<DistrictId> = units.iter().map(|it| it.record.district).collect();
        let known = &self.feed.projection.common.agencies;
        districts
            .iter()
            .filter_map(|district| known.get(district))
            .map(|agency| AgencyView {
                district: agency.district.0,
                district_name: agency.district_name.clone(),
                name: agency.name.clone(),
                address: agency.address.clone(),
                phone: agency.phone.clone(),
            })
            .collect()
    }

    fn warnings(&self, lang: Lang) -> Vec<Coded> {
        let mut warnings = self.time_warnings(lang);
        warnings.extend(self.void_decisions(lang));
        warnings.extend(self.certificate_warnings(lang));
        warnings.extend(self.lock_warning(lang));
        let held = self.held();
        if held.iter().any(|it| !it.is_here()) {
            warnings.push(coded(
                "status.centre_needs_update",
                lang,
                "有条目需待中心更新后才能受理,保留在本机,届时自动重送",
                "items wait for the centre's update; they are kept and offered again until then",
            ));
        }
        if held.iter().any(Held::is_here) {
            warnings.push(coded(
                "status.needs_update",
                lang,
                "需要更新:收到本程序尚不认识的内容",
                "update needed: something arrived that this program does not know",
            ));
        }
        if !self.feed.incomplete.is_empty() {
            warnings.push(coded(
                "status.scope_incomplete",
                lang,
                "新纳入的单位的资料尚未取全,取全之前不显示",
                "the data of units that joined is not complete yet and is shown once it is",
            ));
        }
        let mut records = self.units_in_reach().flat_map(|unit| &unit.records);
        if records.any(|it| !it.chained) {
            warnings.push(coded(
                "records.chain_broken",
                lang,
                "缴费记录的编号或校验值前后不连续,可能有记录被扣留;请与中心核对",
                "payment records do not follow one another, one may be withheld; ask the centre",
            ));
        }
        if self.units_in_reach().any(|it| self.count_conflicts(it) > 0) {
            warnings.push(coded(
                "status.conflicts",
                lang,
                "有内容在两台设备上填得不同,需要选定:canbao conflicts list",
                "two devices filled something in differently, choose: canbao conflicts list",
            ));
        }
        if self.outbox.refused(&self.feed) > 0 {
            warnings.push(coded(
                "status.refused",
                lang,
                "有条目被中心拒收,请在申报列表中查看原因",
                "the centre refused an item; see the list of declarations for the reason",
            ));
        }
        warnings
    }

    /// What is to be minded about time: a wrong clock, a stale calendar. No rule depends on it.
    /// The time that the rules go by here: the device's, unless the centre signed something
    /// later. A clock that is behind must not stand in the way of what may be declared today;
    /// the centre judges by its own (SIL-19).
    pub(crate) fn presumed_now(&self) -> Timestamp {
        let now = self.world.now();
        self.feed.centre_clock.map_or(now, |it| it.max(now))
    }

    pub(crate) fn time_warnings(&self, lang: Lang) -> Vec<Coded> {
        let now = self.world.now();
        let mut warnings = Vec::new();
        let clock = self.feed.centre_clock;
        if clock.is_some_and(|it| now.0 < it.0.saturating_sub(CLOCK_TOLERANCE)) {
            warnings.push(coded(
                "status.clock",
                lang,
                "本机日期比中心签名的时间早一天以上,请校准时钟",
                "this device's clock is more than a day behind the centre's; set it",
            ));
        }
        let contact = self.last_contact();
        if contact.is_some_and(|it| now.0.saturating_sub(it.0) > STALE_AFTER) {
            warnings.push(coded(
                "status.stale",
                lang,
                "超过七天未与中心联系,结算日历可能已变",
                "no contact with the centre for more than seven days; the calendar may have changed",
            ));
        }
        warnings
    }
}

pub(crate) fn operator_view(operator: &Operator, lock: Lock, ended: Option<Coded>) -> OperatorView {
    let certificate = &operator.certificate;
    let (role, units, district) = match &certificate.mandate {
        Mandate::Employer(units) => (
            "employer",
            units.iter().map(|it| it.to_string()).collect(),
            None,
        ),
        Mandate::Agency(district) => ("agency", Vec::new(), Some(district.0)),
        Mandate::Centre => ("centre", Vec::new(), None),
    };
    OperatorView {
        id: operator.id().to_string(),
        name: certificate.operator_name.clone(),
        role: role.to_owned(),
        units,
        district,
        expires_at: certificate.expires_at.to_string(),
        lock: lock.code().to_owned(),
        ended,
    }
}

fn undecided(unit: &UnitView) -> u64 {
    unit.submissions
        .values()
        .filter(|it| it.state == SubmissionState::Undecided)
        .count() as u64
}
