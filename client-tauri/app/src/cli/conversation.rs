//! Who answers a call: the process that has the store open, or this one.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use canbao_client::request::Request;
use canbao_client::response::{Failure, FailureClass, Response};
use canbao_client::{Door, verify_offline};
use canbao_core::message::{Lang, Message};
use canbao_transport::local::{LocalSocket, ask};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Voice;
use crate::local::{Answer, Call, SOCKET, failed, failure};

/// How long a store that is busy is waited for: another command has it for a moment, and a
/// watching process listens a moment after it opened it.
const BUSY_WITHIN: Duration = Duration::from_secs(5);
const BUSY_AGAIN: Duration = Duration::from_millis(20);

/// How often keys that nobody used are forgotten, while others ask.
const FORGET_EVERY: Duration = Duration::from_secs(15);

/// Has a call answered.
///
/// # Errors
/// A failure in the language of the call.
pub(super) fn hold(directory: &Path, call: Call, voice: Voice) -> Answer {
    let lang = call.context.lang;
    // Whoever verifies by a trust bundle needs neither store nor device.
    if let Request::Verify {
        path,
        trust: Some(trust),
    } = &call.request
    {
        let verified = verify_offline(path, trust, lang)?;
        return Ok(Response::Verified(Box::new(verified)));
    }
    match reach(directory, &call)? {
        Reached::Answer(answer) => *answer,
        Reached::Door(door) => runtime(lang)?.block_on(async {
            match call.request {
                Request::Sync { watch: true } => watch(directory, *door, call, voice).await,
                // What waited for the key is signed; the key itself ends with this process.
                Request::Unlock => {
                    door.ask(&call.context, Request::Unlock).await?;
                    door.ask(&call.context, Request::Lock).await
                }
                _ => door.ask(&call.context, call.request).await,
            }
        }),
    }
}

/// What came of reaching for the application.
enum Reached {
    /// Another process has it open and answered.
    Answer(Box<Answer>),
    /// It is open here.
    Door(Box<Door>),
}

/// Asks through the socket, or opens the store; where it is busy, both again for a while.
fn reach(directory: &Path, call: &Call) -> Result<Reached, Failure> {
    let lang = call.context.lang;
    let deadline = Instant::now() + BUSY_WITHIN;
    loop {
        let answered = ask(directory, &SOCKET, call).map_err(|error| failed(&error, lang))?;
        if let Some(answer) = answered {
            return Ok(Reached::Answer(Box::new(answer)));
        }
        match Door::open(directory, lang) {
            Ok(door) => return Ok(Reached::Door(Box::new(door))),
            Err(failure) if failure.code == "store.busy" && Instant::now() < deadline => {
                std::thread::sleep(BUSY_AGAIN);
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Syncs until a signal, meanwhile answers the other commands and tells what was exchanged.
async fn watch(directory: &Path, door: Door, call: Call, voice: Voice) -> Answer {
    let lang = call.context.lang;
    let mut signals = Signals::new().map_err(|error| no_runtime(&error, lang))?;
    let door = Arc::new(door);
    let socket = LocalSocket::bind(directory, &SOCKET).map_err(|error| failed(&error, lang))?;
    let serving = socket.serve({
        let door = Arc::clone(&door);
        move |call: Call| {
            let door = Arc::clone(&door);
            async move { door.ask(&call.context, call.request).await }
        }
    });
    let mut exchanged = door.exchanged();
    let syncing = door.ask(&call.context, call.request);
    tokio::pin!(serving, syncing);
    let mut forgetting = tokio::time::interval(FORGET_EVERY);
    let mut told = None;
    let mut stopping = false;
    loop {
        tokio::select! {
            answer = &mut syncing => return answer,
            () = &mut serving => unreachable!("the socket is served until it is dropped"),
            Ok(()) = exchanged.changed() => {
                let report = exchanged.borrow_and_update().clone();
                if told.as_ref() != Some(&report) {
                    voice.tell(&Ok(Response::Synced(report.clone())));
                    told = Some(report);
                }
            }
            _ = forgetting.tick() => door.forget_unused_keys(),
            () = signals.next() => {
                if stopping {
                    let message = Message::bare("local.interrupted");
                    return Err(failure(&message, FailureClass::Network, lang));
                }
                stopping = true;
                door.stop();
            }
        }
    }
}

/// What asks the process to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn runtime(lang: Lang) -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| no_runtime(&error, lang))
}

fn no_runtime(error: &io::Error, lang: Lang) -> Failure {
    let message = Message::bare("local.no_runtime").with("detail", error);
    failure(&message, FailureClass::Store, lang)
}
