//! For whoever says what is asked at once, as the simulation does: requests that gather are decided
//! in the order in which they were made, as one group.

use std::sync::mpsc;

use tokio::sync::oneshot;

use super::answer::Unavailable;
use super::desk::Desk;
use super::handle::Centre;
use super::writer::job;

/// While it lasts, the writer decides nothing.
#[must_use = "requests gather while it lasts"]
pub struct Gathering {
    /// Dropping it lets the writer go on.
    _held: mpsc::Sender<()>,
}

impl Centre {
    /// Holds the writer up, once it has nothing in hand, until the value is dropped. What was
    /// asked by then, up to a group's size, is one group. It must not be waited for in between.
    ///
    /// # Errors
    /// [`Unavailable`] where the writer has ended or cannot read its log.
    pub async fn gather(&self) -> Result<Gathering, Unavailable> {
        let (held, released) = mpsc::channel();
        let (begun, begins) = oneshot::channel();
        let (wait, answered) = job(move |_: &mut Desk| {
            // Whoever asked may have gone away, and has released it then.
            let _ = begun.send(());
            let _ = released.recv();
            Ok(())
        });
        self.hand(wait).await?;
        if begins.await.is_ok() {
            return Ok(Gathering { _held: held });
        }
        let failed = answered.await.unwrap_or(Err(Unavailable::Stopped));
        Err(failed.err().unwrap_or(Unavailable::Stopped))
    }
}
