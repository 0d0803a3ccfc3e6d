//! The one thread that writes: drains a group of requests, decides, commits once, answers.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use canbao_core::store::Store;
use tokio::sync::{mpsc, oneshot, watch};

use super::answer::Unavailable;
use super::desk::Desk;
use super::handle::Head;
use crate::border::Salts;
use crate::keys::Keys;

/// How many requests may wait for the writer; more wait at their callers.
pub(super) const WAITING: usize = 256;
/// The most requests of one commit.
const GROUP: usize = 64;

/// Tells a caller what became of its request: taken, or why not.
type Reply = Box<dyn FnOnce(Option<Unavailable>) + Send>;
/// Decides a request at the desk, where there is one; gives the reply to send after the commit,
/// and what keeps the group from being committed.
type Decide =
    Box<dyn FnOnce(Result<&mut Desk, Unavailable>) -> (Reply, Option<Unavailable>) + Send>;

/// A request on its way to the writer.
pub(super) enum Job {
    /// Decide this.
    Decide(Decide),
    /// Answer what is in hand and end.
    Stop,
}

/// A request, and where its answer will come.
pub(super) fn job<T: Send + 'static>(
    decide: impl FnOnce(&mut Desk) -> Result<T, Unavailable> + Send + 'static,
) -> (Job, oneshot::Receiver<Result<T, Unavailable>>) {
    let (answer, answered) = oneshot::channel();
    let decide = Box::new(move |desk: Result<&mut Desk, Unavailable>| {
        // A request that meets a bug of ours must not take the centre down with it.
        let decided = desk.and_then(|desk| {
            catch_unwind(AssertUnwindSafe(|| decide(desk))).unwrap_or(Err(Unavailable::Broken))
        });
        let failed = decided.as_ref().err().cloned();
        let reply: Reply = Box::new(move |failure| {
            // A caller that went away has no use for the answer.
            let _ = answer.send(match failure {
                None => decided,
                Some(error) => Err(error),
            });
        });
        (reply, failed)
    });
    (Job::Decide(decide), answered)
}

/// The writer, until it is told to stop or every handle is gone.
pub(super) struct Writer {
    pub(super) store: Arc<Store>,
    pub(super) keys: Arc<Keys>,
    pub(super) salts: Salts,
    pub(super) jobs: mpsc::Receiver<Job>,
    pub(super) heads: watch::Sender<Head>,
}

impl Writer {
    /// Runs with a desk as of the durable log.
    pub(super) fn run(mut self, desk: Desk) {
        let mut desk = Some(desk);
        let mut waiting = VecDeque::new();
        let mut stopping = false;
        while !(stopping && waiting.is_empty()) {
            if waiting.is_empty() {
                match self.jobs.blocking_recv() {
                    Some(Job::Decide(decide)) => waiting.push_back(decide),
                    Some(Job::Stop) | None => stopping = true,
                }
            }
            while waiting.len() < GROUP && !stopping {
                match self.jobs.try_recv() {
                    Ok(Job::Decide(decide)) => waiting.push_back(decide),
                    Ok(Job::Stop) => stopping = true,
                    Err(_) => break,
                }
            }
            desk = self.turn(desk, &mut waiting);
        }
    }

    /// One group. A desk that failed is dropped; the next group begins from the durable log.
    fn turn(&mut self, desk: Option<Desk>, waiting: &mut VecDeque<Decide>) -> Option<Desk> {
        let mut desk = match desk.map_or_else(|| self.reload(), Ok) {
            Ok(desk) => desk,
            Err(error) => {
                for decide in waiting.drain(..) {
                    let (reply, failed) = decide(Err(error.clone()));
                    reply(failed);
                }
                return None;
            }
        };
        let mut replies: Vec<Reply> = Vec::new();
        let mut failure = None;
        while failure.is_none()
            && !desk.is_full()
            && let Some(decide) = waiting.pop_front()
        {
            let (reply, failed) = decide(Ok(&mut desk));
            replies.push(reply);
            failure = failed;
        }
        if failure.is_none() && desk.has_decided() {
            failure = desk.commit().err();
        }
        if let Some(error) = &failure {
            tracing::error!(
                code = error.code(),
                requests = replies.len(),
                "nothing acknowledged"
            );
        } else {
            desk.trim();
            self.show_head(&mut desk);
        }
        for reply in replies {
            reply(failure.clone());
        }
        failure.is_none().then_some(desk)
    }

    /// A desk from the durable log. What a failed commit left there after all is shown too.
    fn reload(&mut self) -> Result<Desk, Unavailable> {
        let desk = Desk::load(Arc::clone(&self.store), Arc::clone(&self.keys))?;
        let mut desk = desk.salted(Arc::clone(&self.salts));
        let before = self.heads.borrow().clone();
        self.heads.send_replace(desk.head(Some(&before)));
        Ok(desk)
    }

    fn show_head(&self, desk: &mut Desk) {
        let before = self.heads.borrow().clone();
        if desk.next().0 > before.tree.size {
            let head = desk.head(Some(&before));
            self.heads.send_replace(head);
        }
    }
}
