//! The one way in: everything is asked here, by the command line, a socket or a window.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use canbao_core::message::Lang;
use tokio::sync::{Notify, watch};

use crate::app::App;
use crate::fault::Fault;
use crate::insured::Questions;
use crate::request::{Context, Request};
use crate::response::{Failure, Response, SyncReport};

/// An open application that any number of tasks ask at once, one of them syncing.
pub struct Door {
    app: Arc<Mutex<App>>,
    /// Something may have been put into the outbox.
    pub(crate) grew: Arc<Notify>,
    /// What was exchanged so far, told each time the live session has nothing open.
    pub(crate) settled: watch::Sender<SyncReport>,
    stop: watch::Sender<bool>,
    questions: Mutex<Questions>,
    session: tokio::sync::Mutex<()>,
}

impl Door {
    /// Opens a data directory, and makes a new one where there is none.
    ///
    /// # Errors
    /// A [`Failure`] of the store's class; `store.busy` where another process has it open.
    pub fn open(directory: &Path, lang: Lang) -> Result<Self, Failure> {
        App::open(directory, lang).map(Self::to)
    }

    /// The door to an open application.
    #[must_use]
    pub fn to(app: App) -> Self {
        Self {
            app: Arc::new(Mutex::new(app)),
            grew: Arc::new(Notify::new()),
            settled: watch::Sender::new(SyncReport::default()),
            stop: watch::Sender::new(false),
            questions: Mutex::default(),
            session: tokio::sync::Mutex::new(()),
        }
    }

    /// Answers a request. `Sync { watch: true }` answers when it is stopped; meanwhile others
    /// may be asked.
    ///
    /// # Errors
    /// A [`Failure`] in the language of the context.
    pub async fn ask(&self, context: &Context, request: Request) -> Result<Response, Failure> {
        let answer = match request {
            Request::Enrol {
                code,
                server,
                passphrase,
            } => {
                let enrolled = self.enrol(&code, &server, passphrase.as_ref()).await;
                enrolled.map(Response::Enrolled)
            }
            Request::Rekey => self.rekey(context).await.map(Response::Rekeyed),
            Request::PersonInsured { number, id_kind } => self
                .insured(context, &number, id_kind.as_deref())
                .await
                .map(Response::Insured),
            Request::Sync { watch } => self.sync(context.lang, watch).await.map(Response::Synced),
            request => {
                let answered = self.app().dispatch(context, request);
                self.grew.notify_one();
                return answered;
            }
        };
        answer.map_err(|fault: Fault| fault.in_words(context.lang))
    }

    /// What the sync that runs exchanged so far, told each time it has nothing open.
    #[must_use]
    pub fn exchanged(&self) -> watch::Receiver<SyncReport> {
        self.settled.subscribe()
    }

    /// Ends the sync that runs, in good order.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Locks the operators' keys that somebody unlocked and nobody used for some minutes. To be
    /// called now and then by whoever keeps an application open.
    pub fn forget_unused_keys(&self) {
        let mut app = self.app();
        let now = app.world.now();
        app.identity.keyring.forget_unused(now);
    }

    /// The application, for the length of one step.
    ///
    /// A panic of another task does not make it unusable: what is in the store is whole, and
    /// what is in memory is a fold of it.
    pub(crate) fn app(&self) -> MutexGuard<'_, App> {
        self.app.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is asked of the centre beside the exchange.
    pub(crate) fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// The right to be the one session, where none runs.
    pub(crate) fn one_session(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        self.session.try_lock().ok()
    }
}
