//! The task that carries appends to the database in batches, and knows what to do when the database goes away.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{
    appender::Shared,
    batch::{self, Advanced, Outcome},
    failure::Failure,
    idle::BATCH_BYTES,
    known::Known,
    link::Link,
};
use crate::{
    db::postgres::Settings,
    journal::{
        AppendError, ReadError,
        queue::{BATCH_EVENTS, Waiting, answer, refuse},
    },
};

/// After a batch of up to so many appends, whoever it answered gets to come again before the next one leaves: one sync
/// for all of them is less than two for half of them each. A larger one is better under way while they come.
const GATHERED: usize = 128;
/// How long callers may wait for a connection to be opened anew. After that they are told that there is none.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long callers wait to hear whether a commit whose answer was lost went through: a server that restarts after a
/// crash is back by then.
const DOUBT: Duration = Duration::from_secs(30);
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LAST_BACKOFF: Duration = Duration::from_secs(2);

pub(super) struct Carrier {
    settings: Settings,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Waiting>,
    /// Taken from the queue, and left for the next batch.
    held: Option<Waiting>,
    link: Option<Link>,
    known: Known,
}

impl Carrier {
    pub(super) fn new(settings: Settings, shared: Arc<Shared>, queue: mpsc::Receiver<Waiting>) -> Self {
        Self { settings, shared, queue, held: None, link: None, known: Known::default() }
    }

    pub(super) async fn run(mut self) {
        let mut last = 0;
        loop {
            let first = match self.held.take() {
                Some(waiting) => waiting,
                None => match self.next().await {
                    Some(waiting) => waiting,
                    None => return,
                },
            };
            if (2..=GATHERED).contains(&last) {
                // A task that this one has just answered runs before it does, when there is nothing else to run.
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            }
            let mut batch = vec![first];
            self.fill(&mut batch);
            last = batch.len();
            self.carry(batch).await;
        }
    }

    /// Waits for an append, and meanwhile for the end of the connection, which is then opened anew.
    async fn next(&mut self) -> Option<Waiting> {
        loop {
            match &mut self.link {
                None => return self.queue.recv().await,
                Some(link) => tokio::select! {
                    biased;
                    waiting = self.queue.recv() => return waiting,
                    () = link.end() => {}
                },
            }
            self.lose();
        }
    }

    /// Takes what waits until the batch is full; what no longer fits opens the next.
    fn fill(&mut self, batch: &mut Vec<Waiting>) {
        let events = |waiting: &Waiting| waiting.append.events.len();
        let bytes = |waiting: &Waiting| waiting.append.events.iter().map(|event| event.payload.len()).sum::<usize>();
        let mut total_events: usize = batch.iter().map(events).sum();
        let mut total_bytes: usize = batch.iter().map(bytes).sum();
        while total_events < BATCH_EVENTS && total_bytes < BATCH_BYTES {
            let Ok(waiting) = self.queue.try_recv() else { return };
            total_events += events(&waiting);
            total_bytes += bytes(&waiting);
            if total_events > BATCH_EVENTS || total_bytes > BATCH_BYTES {
                self.held = Some(waiting);
                return;
            }
            batch.push(waiting);
        }
    }

    /// Carries out a batch and answers each caller. If one append can't be stored, the others must not suffer for it:
    /// all are then tried alone.
    async fn carry(&mut self, batch: Vec<Waiting>) {
        match self.attempt(&batch).await {
            Ok(outcome) => answer(batch, outcome.answers),
            Err(Failure::Refused(_)) if batch.len() > 1 => {
                for waiting in batch {
                    let alone = vec![waiting];
                    match self.attempt(&alone).await {
                        Ok(outcome) => answer(alone, outcome.answers),
                        Err(failure) => refuse(alone, &told(failure)),
                    }
                }
            }
            Err(failure) => refuse(batch, &told(failure)),
        }
        if self.link.is_none() {
            // Only fails when nobody is left to append.
            let _connected_or_over = self.reconnect(None).await;
        }
    }

    /// Tries a batch, and once more if it was lost with its connection, as after a restart of the server.
    async fn attempt(&mut self, batch: &[Waiting]) -> Result<Outcome, Failure> {
        let first = self.attempt_once(batch).await;
        if matches!(first, Err(Failure::Lost(_))) { self.attempt_once(batch).await } else { first }
    }

    async fn attempt_once(&mut self, batch: &[Waiting]) -> Result<Outcome, Failure> {
        self.ready().await?;
        let heard = self.shared.tally.position();
        let link = self.link.as_mut().expect("the connection is open");
        let attempted = batch::attempt(link, &mut self.known, heard, batch).await;
        let Ok(mut outcome) = attempted else {
            // Whatever the session is in the middle of, it ends with it.
            self.lose();
            return attempted;
        };
        let failed = outcome.failed.take();
        if matches!(failed, Some(Failure::Unavailable(_) | Failure::Lost(_) | Failure::InDoubt(_))) {
            self.lose();
        }
        match (failed, &outcome.advanced) {
            (None, Some(advanced)) => self.shared.count(advanced, &outcome.answers),
            (_, None) => {}
            (Some(Failure::InDoubt(reason)), Some(advanced)) => {
                if !self.look_up(advanced, &reason).await? {
                    return Err(Failure::Lost(reason));
                }
                self.shared.count(advanced, &outcome.answers);
            }
            (Some(failure), Some(_)) => return Err(failure),
        }
        Ok(outcome)
    }

    /// The connection is known to be over. Whatever database the next one leads to, what was appended by this one need not
    /// be there.
    fn lose(&mut self) {
        self.link = None;
        self.shared.tally.recent().forget();
    }

    /// Sees that there is an open connection, if one is soon had.
    async fn ready(&mut self) -> Result<(), Failure> {
        if self.link.as_ref().is_some_and(Link::is_closed) {
            self.lose();
        }
        if self.link.is_none() {
            self.reconnect(Some(Instant::now() + PATIENCE)).await?;
        }
        Ok(())
    }

    /// Opens a connection however long it takes, or until a deadline. Who comes waits for the first try; after that,
    /// they are told at once that there is no connection.
    async fn reconnect(&mut self, deadline: Option<Instant>) -> Result<(), Failure> {
        let (mut tried, mut queue_open, mut backoff) = (false, true, FIRST_BACKOFF);
        let mut why = "the database doesn't answer".to_owned();
        let patience = sleep(PATIENCE);
        let end = sleep(deadline.map_or(Duration::MAX, |deadline| deadline - Instant::now()));
        tokio::pin!(patience, end);
        let mut opening = Box::pin(open_after(Duration::ZERO, self.settings.clone()));
        loop {
            if let Some(waiting) = self.held.take_if(|_| tried) {
                refuse(vec![waiting], &AppendError::Unavailable(why.clone()));
            }
            tokio::select! {
                opened = &mut opening => match opened {
                    Ok(link) => {
                        self.link = Some(link);
                        return Ok(());
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the journal has no connection");
                        (tried, why) = (true, reason(error));
                        opening.set(open_after(backoff, self.settings.clone()));
                        backoff = LAST_BACKOFF.min(backoff * 2);
                    }
                },
                waiting = self.queue.recv(), if tried && queue_open => match waiting {
                    Some(waiting) => refuse(vec![waiting], &AppendError::Unavailable(why.clone())),
                    // Nobody can come any more: only a look-up still needs the connection.
                    None if deadline.is_none() => return Err(Failure::Unavailable(why)),
                    None => queue_open = false,
                },
                () = &mut patience, if !tried => tried = true,
                () = &mut end => return Err(Failure::Unavailable(why)),
            }
        }
    }

    /// Whether a batch whose commit was not answered is in the log.
    pub(super) async fn look_up(&mut self, advanced: &Advanced, reason: &str) -> Result<bool, Failure> {
        let deadline = Instant::now() + DOUBT;
        while Instant::now() < deadline {
            if self.link.is_none() && self.reconnect(Some(deadline)).await.is_err() {
                break;
            }
            let link = self.link.as_mut().expect("the connection was just opened");
            match link.holds(advanced.first).await {
                Ok((true, _)) => return Ok(true),
                Ok((false, at)) if advanced.until.is_none_or(|until| at > until) => return Ok(false),
                // It may still be on its way.
                Ok(_) => {}
                Err(_) => self.lose(),
            }
            sleep(FIRST_BACKOFF).await;
        }
        Err(Failure::InDoubt(reason.to_owned()))
    }
}

async fn open_after(pause: Duration, settings: Settings) -> Result<Link, ReadError> {
    sleep(pause).await;
    Link::open(&settings).await
}

fn told(failure: Failure) -> AppendError {
    match failure {
        Failure::Refused(reason) => AppendError::Refused(reason),
        Failure::Unavailable(reason) | Failure::Lost(reason) => AppendError::Unavailable(reason),
        Failure::InDoubt(reason) => {
            AppendError::Unavailable(format!("{reason}; whether the append was stored is not known"))
        }
    }
}

fn reason(error: ReadError) -> String {
    match error {
        ReadError::Unavailable(reason) => reason,
        other @ (ReadError::Damaged { .. } | ReadError::Newer { .. }) => other.to_string(),
    }
}
