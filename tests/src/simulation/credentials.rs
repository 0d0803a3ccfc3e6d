//! Certificates that end and those that come after: revocations, new keys, second enrolments.
//!
//! A request and its answer may be lost on the way, and the device may die before either comes.

use canbao_client::App;
use canbao_core::ids::UnitId;
use canbao_core::sync::device::DeviceInput;
use canbao_server::centre::{AdminError, CodeOrder, EnrolError, Revocation, Unavailable};

use super::cast::Owner;
use super::device::{Device, SERVER};
use super::invariants::{Step, Violation};
use super::journal::Met;
use super::requests::Order;
use super::world::{Event, World};

/// For how many seconds a code is good.
const CODE_SECONDS: u32 = 3600;

/// What the program tells its user to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// New keys were asked for and are to be asked for again.
    Keys,
    /// Another certificate, by a code.
    Certificate,
}

impl World<'_> {
    /// What a device's program tells its user about its certificates.
    pub(super) fn needs(&self, device: usize) -> Option<Needs> {
        let process = self.devices[device].process.as_ref()?;
        if !process.is_enrolled() {
            return Some(Needs::Certificate);
        }
        let codes = process.door.look(App::certificate_codes);
        codes.iter().find_map(|it| match it.as_str() {
            "status.rekeying" => Some(Needs::Keys),
            "status.certificate_revoked" | "status.certificate_expired" => Some(Needs::Certificate),
            _ => None,
        })
    }

    /// The user of a device does what the program says about its certificates.
    pub(super) fn renew(&mut self, device: usize) -> Step {
        match self.needs(device) {
            Some(_) if self.devices[device].lost => Ok(()),
            Some(Needs::Keys) => self.rekey(device),
            Some(Needs::Certificate) => self.enrol_again(device),
            None => Ok(()),
        }
    }

    /// The same, and again after a while.
    pub(super) fn renew_until_rest(&mut self, device: usize) -> Step {
        self.renew(device)?;
        let wait = self.dice.between(2_000, 10_000);
        self.schedule(wait, Event::Renew { device });
        Ok(())
    }

    /// The administration revokes what one device has; of a lost one, everything.
    pub(super) fn revoke(&mut self, device: usize) {
        let (id, owner) = (self.devices[device].id, self.devices[device].owner);
        let serials = self.truth.scopes.in_force_of(id);
        let Some(newest) = serials.last().copied() else {
            return;
        };
        let mut others = self.devices.iter();
        let colleague = others.any(|it| it.owner == owner && it.id != id && !it.lost);
        let lost = colleague && self.dice.percent(30);
        let named = if lost { serials } else { vec![newest] };
        let whole_device = lost || self.dice.percent(50);
        for serial in named {
            let reason = "设备遗失".to_owned();
            self.order(Order::Revoke(Revocation {
                serial,
                whole_device,
                reason,
            }));
        }
        for it in self.devices.iter_mut().filter(|it| it.id == id) {
            it.lost |= lost;
        }
    }

    /// A device asks for other keys in the place of its own.
    pub(super) fn rekey(&mut self, device: usize) -> Step {
        self.stop_session(device)?;
        let Some(process) = &self.devices[device].process else {
            return Ok(());
        };
        let asked = match process.door.prepare_rekey() {
            Ok(asked) => asked,
            Err(fault) => return self.device_fault(device, &fault),
        };
        if self.is_cut_off(device) {
            return Ok(());
        }
        let request = asked.clone();
        let answer = self.ask_centre(
            |centre, now| async move { centre.rekey(request, now).await },
            no_enrolment,
        )?;
        let Some(answer) = answer.filter(|_| !self.is_cut_off(device)) else {
            return Ok(());
        };
        let Some(process) = &self.devices[device].process else {
            return Ok(());
        };
        let (done, said) = match answer {
            Ok(answer) => {
                let done = process.door.finish_rekey(&asked, &answer.to_bytes());
                (done.map(|_| ()), "has new keys")
            }
            Err(error) => {
                self.journal.meet(Met::RekeyRefused);
                (process.door.rekey_refused(&error.refusal()), error.code())
            }
        };
        self.renewed(device, done, said)
    }

    /// Another device joins an employer's, with nothing on it: what the others did reaches it as a
    /// whole.
    pub(super) fn join(&mut self, unit: UnitId) -> Step {
        let letter = char::from(b'n' + u8::try_from(self.devices.len() % 13).unwrap_or(0));
        let joined = Device::new(Owner::Employer(unit), letter, &self.time, &mut self.dice);
        self.write(&joined.name, "joins");
        self.devices.push(joined);
        let device = self.devices.len() - 1;
        self.journal.meet(Met::Joined);
        self.enrol_again(device)?;
        self.connect_later(device, 0);
        Ok(())
    }

    /// A device that has no certificate in force is enrolled by another code.
    fn enrol_again(&mut self, device: usize) -> Step {
        let Some(code) = self.code_for(device)? else {
            return Ok(());
        };
        self.stop_session(device)?;
        let Some(process) = &self.devices[device].process else {
            return Ok(());
        };
        let request = match process.door.prepare_enrolment(&code) {
            Ok(request) => request,
            Err(fault) => return self.device_fault(device, &fault),
        };
        self.devices[device].id = request.claim.device;
        if self.is_cut_off(device) {
            return Ok(());
        }
        let asked = request.clone();
        let answer = self.ask_centre(
            |centre, now| async move { centre.enrol(asked, now).await },
            no_enrolment,
        )?;
        let Some(answer) = answer.filter(|_| !self.is_cut_off(device)) else {
            return Ok(());
        };
        let Some(process) = &self.devices[device].process else {
            return Ok(());
        };
        let (done, said) = match answer {
            Ok(answer) => {
                let door = &process.door;
                let again = process.is_enrolled();
                let done = door.finish_enrolment(&code, &request, &answer.to_bytes(), SERVER);
                if again {
                    self.journal.meet(Met::EnrolledAgain);
                }
                (done.map(|_| ()), "is enrolled")
            }
            // Of a backup that is older than the use of the code, for one.
            Err(error) => (Ok(()), error.code()),
        };
        if done.is_ok() {
            self.devices[device].code = None;
        }
        self.renewed(device, done, said)
    }

    /// What came of a request is durable on the device, or it fails.
    fn renewed(
        &mut self,
        device: usize,
        done: Result<(), canbao_client::driver::Fault>,
        said: &str,
    ) -> Step {
        match done {
            Ok(()) => {
                let it = &mut self.devices[device];
                it.note_key();
                let name = it.name.clone();
                self.write(&name, said);
                self.note_kept(device)
            }
            Err(fault) => self.device_fault(device, &fault),
        }
    }

    /// The code that a device's operator holds; the administration gives one out where there is
    /// none.
    fn code_for(
        &mut self,
        device: usize,
    ) -> Result<Option<canbao_core::enrolment::EnrolmentCode>, Violation> {
        let it = &self.devices[device];
        if it.code.is_some() {
            return Ok(it.code.clone());
        }
        let order = CodeOrder {
            mandate: it.owner.mandate(),
            operator_name: it.operator(),
            valid_seconds: CODE_SECONDS,
            secret: self.dice.bytes(),
        };
        let issued = self.ask_centre(
            |centre, now| async move { centre.issue_code(order, now).await },
            |answer| match answer {
                Err(AdminError::Unavailable(error)) => Some(error.clone()),
                Ok(_) | Err(_) => None,
            },
        )?;
        let code = issued.map(|it| it.expect("the mandate names a unit or a district"));
        self.devices[device].code.clone_from(&code);
        Ok(code)
    }

    /// The user stops the sync that runs, as the program asks before keys change.
    fn stop_session(&mut self, device: usize) -> Step {
        let process = self.devices[device].process.as_ref();
        match process.and_then(|it| it.link) {
            Some(link) => self.run_device(link, Some(DeviceInput::Stop)),
            None => Ok(()),
        }
    }

    /// Whether what is on its way between a device and the centre is lost, with the device
    /// itself now and then.
    fn is_cut_off(&mut self, device: usize) -> bool {
        if self.devices[device].held_up_until > self.time.now() {
            return true;
        }
        if self.healed_at.is_some() || !self.dice.percent(25) {
            return false;
        }
        let name = self.devices[device].name.clone();
        self.write(&name, "has no answer about its keys");
        if self.dice.percent(40) {
            self.crash_device(device);
        }
        true
    }
}

fn no_enrolment<T>(answer: &Result<T, EnrolError>) -> Option<Unavailable> {
    match answer {
        Err(EnrolError::Unavailable(error)) => Some(error.clone()),
        Ok(_) | Err(_) => None,
    }
}
