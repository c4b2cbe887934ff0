//! Who follows the log is woken: other nodes by a notification after the commit, this one by theirs. A notification
//! that is lost is covered by asking once a second.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use tokio_postgres::{Client, Notification, Statement};

use super::{appender::Shared, failure};
use crate::{
    db::{
        DbError,
        postgres::{Settings, connect_and_listen},
    },
    ids::Position,
    journal::queue::Tally,
};

/// Said to who listens; the payload is the position, for whoever looks on.
const CHANNEL: &str = "campanile_journal";
/// How long a notification that was lost may go unnoticed.
const POLL: Duration = Duration::from_secs(1);
/// Between two notifications: each is a transaction of its own, and one tells of every batch before it.
const GAP: Duration = Duration::from_millis(5);
/// Longer than the server lets a statement take.
const ANSWER: Duration = Duration::from_secs(6);
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LAST_BACKOFF: Duration = Duration::from_secs(5);

/// Rings and listens for as long as the journal lives.
pub(super) struct Bell {
    settings: Settings,
    tally: Arc<Tally>,
    own: watch::Receiver<Position>,
}

/// What the session ended with.
enum End {
    /// The journal is gone.
    Journal,
    /// The connection is.
    Connection(String),
}

/// A session that rings and listens.
struct Session {
    client: Client,
    notified: mpsc::Receiver<Notification>,
    head: Statement,
    ring: Statement,
    /// Its own notifications come back to it.
    process: i32,
}

impl Bell {
    pub(super) fn hang(settings: &Settings, shared: &Shared) {
        let (tally, own) = (Arc::clone(&shared.tally), shared.own.subscribe());
        tokio::spawn(Self { settings: settings.clone().named("bell"), tally, own }.run());
    }

    async fn run(mut self) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let why = match Session::open(&self.settings).await {
                Ok(session) => {
                    backoff = FIRST_BACKOFF;
                    match self.serve(session).await {
                        End::Journal => return,
                        End::Connection(why) => why,
                    }
                }
                Err(error) => error.to_string(),
            };
            if self.own.has_changed().is_err() {
                return;
            }
            tracing::warn!(reason = why, "the journal's bell has no connection");
            sleep(backoff).await;
            backoff = LAST_BACKOFF.min(backoff * 2);
        }
    }

    async fn serve(&mut self, mut session: Session) -> End {
        // The first tick is at once: it finds what came while nobody listened.
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut quiet_until = Instant::now();
        loop {
            let own = async {
                sleep_until(quiet_until).await;
                self.own.changed().await
            };
            let answered = tokio::select! {
                changed = own => {
                    if changed.is_err() {
                        return End::Journal;
                    }
                    let position = *self.own.borrow_and_update();
                    quiet_until = Instant::now() + GAP;
                    timeout(ANSWER, session.ring(position)).await
                }
                others = session.others() => match others {
                    None => return End::Connection("the connection is lost".to_owned()),
                    Some(false) => continue,
                    Some(true) => timeout(ANSWER, session.look(&self.tally)).await,
                },
                _ = poll.tick() => timeout(ANSWER, session.look(&self.tally)).await,
            };
            match answered {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return End::Connection(failure::unavailable(error)),
                Err(_) => return End::Connection("the database doesn't answer".to_owned()),
            }
        }
    }
}

impl Session {
    async fn open(settings: &Settings) -> Result<Self, DbError> {
        let (client, notified) = connect_and_listen(settings).await?;
        // A notification is no fact: its commit need not wait for the disk, which the appends wait for.
        client.batch_execute(&format!("set synchronous_commit = off; listen {CHANNEL}")).await?;
        let head = client.prepare("select position from journal_head where one = 1").await?;
        let ring = client.prepare(&format!("select pg_notify('{CHANNEL}', $1)")).await?;
        let process = client.query_one("select pg_backend_pid()", &[]).await?.try_get(0)?;
        Ok(Self { client, notified, head, ring, process })
    }

    async fn ring(&self, position: Position) -> Result<(), tokio_postgres::Error> {
        self.client.execute(&self.ring, &[&position.to_string()]).await.map(drop)
    }

    /// Waits for notifications; says whether another node's was among them.
    async fn others(&mut self) -> Option<bool> {
        let mut of_another = self.notified.recv().await?.process_id() != self.process;
        while let Ok(notification) = self.notified.try_recv() {
            of_another |= notification.process_id() != self.process;
        }
        Some(of_another)
    }

    /// Asks where the log ends, whatever a notification says: anybody with the database's password can send one.
    async fn look(&self, tally: &Tally) -> Result<(), tokio_postgres::Error> {
        let row = self.client.query_one(&self.head, &[]).await?;
        tally.advance(Position(row.try_get::<_, i64>(0)?.unsigned_abs()));
        Ok(())
    }
}
