//! What is known of the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};

use super::super::Health;

/// What is known of the server, shared by all that speak to it.
#[derive(Debug, Clone)]
pub(super) struct SharedState(Arc<State>);

#[derive(Debug)]
struct State {
    connected: watch::Sender<bool>,
    known: Mutex<Known>,
    look: Notify,
}

#[derive(Debug)]
struct Known {
    platforms: HashMap<String, Platform>,
    stream: bool,
    repairs: u64,
    trouble: Option<String>,
    unanswered: Option<Instant>,
}

#[derive(Debug, Default)]
struct Platform {
    pending: usize,
    /// A canary of this node's is on its way: it counts as no job.
    canary: bool,
    heard: Option<Instant>,
    /// Since when workers of this node have waited for a job of this platform, without hearing anything.
    waiting: Option<Instant>,
}

impl SharedState {
    pub fn new(platforms: &[String]) -> Self {
        let known = Known {
            platforms: platforms.iter().map(|name| (name.clone(), Platform::default())).collect(),
            stream: false,
            repairs: 0,
            trouble: None,
            unanswered: None,
        };
        Self(Arc::new(State { connected: watch::Sender::new(false), known: Mutex::new(known), look: Notify::new() }))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each critical section leaves it whole.
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn connected(&self, connected: bool) {
        let mut known = self.known();
        known.unanswered = None;
        if connected {
            known.trouble = None;
        }
        // What a new connection leads to is looked at anew.
        known.stream = false;
        for platform in known.platforms.values_mut() {
            platform.waiting = None;
        }
        drop(known);
        self.0.connected.send_replace(connected);
        self.look_soon();
    }

    pub fn is_connected(&self) -> bool {
        *self.0.connected.borrow()
    }

    /// Every change of the connection: the value is whether there is one.
    pub fn connection(&self) -> watch::Receiver<bool> {
        self.0.connected.subscribe()
    }

    pub fn trouble(&self, text: &str) {
        self.known().trouble = Some(text.to_owned());
    }

    pub fn stream(&self, there: bool) {
        self.known().stream = there;
    }

    /// Something was made anew; until all has been looked at, it isn't said to be there.
    pub fn repaired(&self) {
        let mut known = self.known();
        known.stream = false;
        known.repairs += 1;
    }

    /// A request was not answered in time: for as long as `pause` none is made.
    pub fn unanswered(&self, pause: Duration) {
        self.known().unanswered = Some(Instant::now() + pause);
    }

    pub fn is_unanswering(&self) -> bool {
        self.known().unanswered.is_some_and(|until| Instant::now() < until)
    }

    /// How many messages of a platform wait.
    pub fn pending(&self, platform: &str, pending: usize) {
        if let Some(platform) = self.known().platforms.get_mut(platform) {
            platform.pending = pending;
        }
    }

    pub fn depth(&self) -> usize {
        self.known().platforms.values().map(|it| it.pending.saturating_sub(usize::from(it.canary))).sum()
    }

    /// A platform's canary is on its way.
    pub fn canary_sent(&self, platform: &str) {
        if let Some(platform) = self.known().platforms.get_mut(platform) {
            platform.canary = true;
        }
    }

    /// A platform's canary came round, here or on another node.
    pub fn heard(&self, platform: &str) {
        if let Some(platform) = self.known().platforms.get_mut(platform) {
            platform.heard = Some(Instant::now());
            platform.canary = false;
            platform.waiting = None;
        }
    }

    /// How long ago a platform's canary came round.
    pub fn since_heard(&self, platform: &str) -> Option<Duration> {
        let known = self.known();
        known.platforms.get(platform).and_then(|platform| platform.heard).map(|at| at.elapsed())
    }

    /// Notes whether workers of this node wait for a platform's jobs although a canary waits to be delivered; answers for
    /// how long they have.
    pub fn waits_in_vain(&self, platform: &str, waits: bool) -> Duration {
        let mut known = self.known();
        let Some(platform) = known.platforms.get_mut(platform) else { return Duration::ZERO };
        if !waits {
            platform.waiting = None;
        }
        platform.waiting = platform.waiting.or_else(|| waits.then(Instant::now));
        platform.waiting.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// Has the watchdog look now rather than later.
    pub fn look_soon(&self) {
        self.0.look.notify_one();
    }

    pub async fn wanted(&self) {
        self.0.look.notified().await;
    }

    pub fn health(&self) -> Health {
        let connected = self.is_connected();
        let known = self.known();
        let ages: Option<Vec<_>> = known.platforms.values().map(|it| it.heard.map(|at| at.elapsed())).collect();
        Health {
            connected,
            stream: known.stream,
            canary: ages.and_then(|ages| ages.into_iter().max()),
            silent: known.platforms.values().filter_map(|it| it.waiting).map(|since| since.elapsed()).max(),
            repairs: known.repairs,
            trouble: known.trouble.clone(),
        }
    }
}
