//! The bus of one process: a queue in memory. What survives a restart is the table of due targets.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use campanile_events::ids::{AccountId, PostId};
use tokio::sync::Notify;

use super::{Bus, BusError, Health, Job, Outcome, Taken};

/// A queue in memory. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct InProcess {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Job>,
    known: HashMap<(PostId, AccountId), Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Waiting,
    InHand { again: bool },
    PutOff,
}

impl State {
    fn wait(&mut self, job: Job) {
        self.known.insert((job.post_id, job.account_id), Place::Waiting);
        self.waiting.push_back(job);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each critical section leaves the queue whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        let job = state.waiting.pop_front()?;
        state.known.insert((job.post_id, job.account_id), Place::InHand { again: false });
        Some(job)
    }

    fn release(self: &Arc<Self>, job: Job, outcome: Outcome) {
        let key = (job.post_id, job.account_id);
        let mut state = self.state();
        let was = state.known.remove(&key);
        match outcome {
            Outcome::Later(pause) if !pause.is_zero() => {
                state.known.insert(key, Place::PutOff);
                drop(state);
                let inner = Arc::clone(self);
                tokio::spawn(async move {
                    tokio::time::sleep(pause).await;
                    inner.state().wait(job);
                    inner.more.notify_one();
                });
            }
            Outcome::Done if was != Some(Place::InHand { again: true }) => {}
            Outcome::Done | Outcome::Later(_) => {
                state.wait(job);
                drop(state);
                self.more.notify_one();
            }
        }
    }
}

#[async_trait]
impl Bus for InProcess {
    async fn put(&self, job: Job) -> Result<(), BusError> {
        let key = (job.post_id, job.account_id);
        let mut state = self.inner.state();
        match state.known.get_mut(&key) {
            Some(Place::Waiting | Place::PutOff) => return Ok(()),
            Some(Place::InHand { again }) => {
                *again = true;
                return Ok(());
            }
            None => {}
        }
        state.wait(job);
        drop(state);
        self.inner.more.notify_one();
        Ok(())
    }

    async fn take(&self) -> Result<Taken, BusError> {
        loop {
            // Registered before the look, so that a job put in between wakes this one.
            let more = self.inner.more.notified();
            if let Some(job) = self.inner.next() {
                if self.depth() > 0 {
                    self.inner.more.notify_one();
                }
                let inner = Arc::clone(&self.inner);
                let back = job.clone();
                return Ok(Taken::new(job, move |outcome| inner.release(back, outcome)));
            }
            more.await;
        }
    }

    fn depth(&self) -> usize {
        self.inner.state().waiting.len()
    }

    fn health(&self) -> Health {
        Health::of_this_process()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keeps_the_contract() {
        super::super::contract::exercise(|| async { Arc::new(InProcess::default()) as Arc<dyn Bus> }).await;
    }
}
