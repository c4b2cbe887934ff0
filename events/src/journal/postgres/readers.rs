//! Connections that read: a few, each for one caller at a time, opened when they are wanted.

use std::{
    fmt,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{timeout, timeout_at},
};
use tokio_postgres::{Client, Row, Statement, types::ToSql};
use uuid::Uuid;

use super::{
    failure::unavailable,
    rows::{CLAIMS, EVENT, HEAD, RECEIPT},
};
use crate::{
    db::postgres::{Settings, connect},
    ids::{EventId, Position},
    journal::{ReadError, StreamKind, streams::Asked},
};

const CONNECTIONS: usize = 4;
/// How long a new connection may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a question may take, the wait for a connection included: longer than the server lets a statement take.
pub(super) const ANSWER: Duration = Duration::from_secs(6);
/// After a connection that could not be opened, the next is tried no sooner.
const PAUSE: Duration = Duration::from_millis(250);

/// The connections. Who finds all taken waits for one.
pub(super) struct Readers {
    settings: Settings,
    free: Mutex<Vec<Session>>,
    permits: Semaphore,
    /// When a connection last could not be opened, and why.
    refused: Mutex<Option<(Instant, String)>>,
}

/// A session with its statements prepared.
struct Session {
    client: Client,
    /// It was asked and hasn't answered: nobody else shall wait for it.
    stuck: AtomicBool,
    head: Statement,
    log: Statement,
    stream: Statement,
    streams: Statement,
    receipt: Statement,
    forget: Statement,
    holder: Statement,
    numbers: Statement,
    moved: Statement,
    holds: Statement,
}

/// A connection in the hand of one reader, who gives it back by dropping this.
pub(super) struct Reader<'a> {
    readers: &'a Readers,
    session: Option<Session>,
    /// Until when the one who asks waits.
    deadline: tokio::time::Instant,
    _permit: SemaphorePermit<'a>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn new(settings: &Settings) -> Self {
        let (free, refused) = (Mutex::default(), Mutex::default());
        Self { settings: settings.clone().named("reader"), free, permits: Semaphore::new(CONNECTIONS), refused }
    }

    pub(super) async fn take(&self) -> Result<Reader<'_>, ReadError> {
        let all_taken = |_| ReadError::Unavailable("all connections are taken".to_owned());
        let deadline = tokio::time::Instant::now() + ANSWER;
        let permit = timeout_at(deadline, self.permits.acquire()).await.map_err(all_taken)?;
        let permit = permit.expect("the semaphore is never closed");
        let free = loop {
            match self.free.lock().unwrap_or_else(PoisonError::into_inner).pop() {
                Some(session) if session.client.is_closed() => {}
                other => break other,
            }
        };
        let session = match free {
            Some(session) => session,
            None => self.open().await?,
        };
        Ok(Reader { readers: self, session: Some(session), deadline, _permit: permit })
    }

    /// Opens a connection, unless that failed a moment ago.
    async fn open(&self) -> Result<Session, ReadError> {
        if let Some((when, why)) = &*self.refused.lock().unwrap_or_else(PoisonError::into_inner)
            && when.elapsed() < PAUSE
        {
            return Err(ReadError::Unavailable(why.clone()));
        }
        let opened = match timeout(PATIENCE, Session::open(&self.settings)).await {
            Ok(opened) => opened,
            Err(_) => Err(ReadError::Unavailable(silence())),
        };
        let refused = match &opened {
            Ok(_) => None,
            Err(error) => Some((Instant::now(), error.to_string())),
        };
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        opened
    }
}

impl Session {
    async fn open(settings: &Settings) -> Result<Self, ReadError> {
        let client = connect(settings).await?;
        let prepared = async {
            // A plan that was made while the tables were small may not scan them when they are not.
            client.batch_execute("set enable_seqscan = off").await?;
            let prepare = |sql: String| {
                let client = &client;
                async move { client.prepare(&sql).await }
            };
            tokio::try_join!(
                prepare(HEAD.to_owned()),
                prepare(format!("{EVENT} where position > $1 order by position limit $2")),
                prepare(format!(
                    "{EVENT} where stream_kind = $1 and stream_id = $2 and version > $3 order by version limit $4"
                )),
                prepare(format!(
                    "select events.*, asked.number \
                     from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) with ordinality \
                         as asked (kind, id, after, most, number), \
                     lateral ({EVENT} where stream_kind = asked.kind and stream_id = asked.id \
                         and version > asked.after order by version limit asked.most) as events \
                     order by asked.number, events.version"
                )),
                prepare(format!("{RECEIPT} where workspace = $1 and key = $2")),
                prepare(
                    "delete from receipts where (workspace, key) in \
                     (select workspace, key from receipts where recorded_at < $1 limit $2)"
                        .to_owned()
                ),
                prepare(
                    "select position, holder_kind, holder_id from claims \
                     where workspace = $1 and kind = $2 and value = $3"
                        .to_owned()
                ),
                prepare("select workspace, last_number from workspace_numbers order by workspace".to_owned()),
                prepare(
                    "select position, stream_kind, stream_id, version from events where position > $1 \
                     and position <= $2 and (stream_kind = $3 or position = $2) order by position"
                        .to_owned()
                ),
                prepare("select exists (select from events where position = $1 and id = $2)".to_owned()),
                client.query_one("select pg_is_in_recovery()", &[]),
            )
        };
        let (head, log, stream, streams, receipt, forget, holder, numbers, moved, holds, standby) =
            Box::pin(prepared).await.map_err(|error| ReadError::Unavailable(unavailable(error)))?;
        if standby.try_get(0).unwrap_or(true) {
            // It is behind, by how much it can't know.
            return Err(ReadError::Unavailable("the server is a standby".to_owned()));
        }
        let stuck = AtomicBool::new(false);
        Ok(Self { client, stuck, head, log, stream, streams, receipt, forget, holder, numbers, moved, holds })
    }
}

impl Reader<'_> {
    fn session(&self) -> &Session {
        self.session.as_ref().expect("a reader has its session until it is dropped")
    }

    pub(super) async fn head(&self) -> Result<Option<Row>, ReadError> {
        let Session { client, head, .. } = self.session();
        self.answer(client.query_opt(head, &[])).await
    }

    /// The head, and then events after a position: what commits between the two is more than the head promised, never
    /// less.
    pub(super) async fn log(&self, after: i64, limit: i64) -> Result<(Option<Row>, Vec<Row>), ReadError> {
        let Session { client, head, log, .. } = self.session();
        let values: [&(dyn ToSql + Sync); 2] = [&after, &limit];
        let asked = async { tokio::try_join!(biased; client.query_opt(head, &[]), client.query(log, &values)) };
        self.answer(asked).await
    }

    /// The head and the last event, as one snapshot shows them: other nodes may be appending.
    pub(super) async fn end(&self) -> Result<(Option<Row>, Option<Row>), ReadError> {
        let Session { client, head, .. } = self.session();
        let last = format!("{EVENT} order by position desc limit 1");
        let asked = async {
            client.batch_execute("begin isolation level repeatable read read only").await?;
            let end = (client.query_opt(head, &[]).await?, client.query_opt(&last, &[]).await?);
            client.batch_execute("rollback").await?;
            Ok(end)
        };
        self.answer(asked).await
    }

    /// The head and all claims, as one snapshot shows them.
    pub(super) async fn claims(&self) -> Result<(Option<Row>, Vec<Row>), ReadError> {
        let Session { client, head, .. } = self.session();
        let asked = async {
            client.batch_execute("begin isolation level repeatable read read only").await?;
            let held = (client.query_opt(head, &[]).await?, client.query(CLAIMS, &[]).await?);
            client.batch_execute("rollback").await?;
            Ok(held)
        };
        self.answer(asked).await
    }

    pub(super) async fn stream(&self, asked: &Asked) -> Result<Vec<Row>, ReadError> {
        let Session { client, stream, .. } = self.session();
        let (kind, after, limit) = (asked.stream.kind.as_str(), asked.after.0 as i64, most(asked));
        self.answer(client.query(stream, &[&kind, &asked.stream.id, &after, &limit])).await
    }

    /// Several streams at once: an event's columns, and after them the number of the question that it answers, from 1.
    pub(super) async fn streams(&self, asked: &[Asked]) -> Result<Vec<Row>, ReadError> {
        let Session { client, streams, .. } = self.session();
        let (mut kinds, mut ids, mut after, mut limits) = (vec![], vec![], vec![], vec![]);
        for asked in asked {
            kinds.push(asked.stream.kind.as_str());
            ids.push(asked.stream.id);
            after.push(asked.after.0 as i64);
            limits.push(most(asked));
        }
        self.answer(client.query(streams, &[&kinds, &ids, &after, &limits])).await
    }

    pub(super) async fn receipt(&self, workspace: Uuid, key: &str) -> Result<Option<Row>, ReadError> {
        let Session { client, receipt, .. } = self.session();
        self.answer(client.query_opt(receipt, &[&workspace, &key])).await
    }

    pub(super) async fn forget(&self, before: DateTime<Utc>, limit: i64) -> Result<u64, ReadError> {
        let Session { client, forget, .. } = self.session();
        self.answer(client.execute(forget, &[&before, &limit])).await
    }

    pub(super) async fn holder(&self, workspace: Uuid, kind: &str, value: &str) -> Result<Option<Row>, ReadError> {
        let Session { client, holder, .. } = self.session();
        self.answer(client.query_opt(holder, &[&workspace, &kind, &value])).await
    }

    pub(super) async fn numbers(&self) -> Result<Vec<Row>, ReadError> {
        let Session { client, numbers, .. } = self.session();
        self.answer(client.query(numbers, &[])).await
    }

    /// The events of a kind's streams within a part of the log, and its last one.
    pub(super) async fn moved(&self, kind: StreamKind, after: i64, to: i64) -> Result<Vec<Row>, ReadError> {
        let Session { client, moved, .. } = self.session();
        self.answer(client.query(moved, &[&after, &to, &kind.as_str()])).await
    }

    /// Whether an event stands at its place in the log.
    pub(super) async fn holds(&self, id: EventId, position: Position) -> Result<bool, ReadError> {
        let Session { client, holds, .. } = self.session();
        let row = self.answer(client.query_one(holds, &[&(position.0 as i64), &id.uuid()])).await?;
        row.try_get(0).map_err(|error| ReadError::Unavailable(unavailable(error)))
    }

    async fn answer<T>(&self, asked: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, ReadError> {
        // Until it has answered: who stops waiting leaves a question, or a transaction, to nobody else.
        self.session().stuck.store(true, Ordering::Relaxed);
        let Ok(answered) = timeout_at(self.deadline, asked).await else {
            return Err(ReadError::Unavailable(silence()));
        };
        let answer = answered.map_err(|error| ReadError::Unavailable(unavailable(error)))?;
        self.session().stuck.store(false, Ordering::Relaxed);
        Ok(answer)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.session.take().filter(|session| !session.stuck.load(Ordering::Relaxed)) {
            self.readers.free.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
    }
}

/// A limit as the server takes it.
fn most(asked: &Asked) -> i64 {
    i64::try_from(asked.limit).unwrap_or(i64::MAX)
}

pub(super) fn silence() -> String {
    "the database doesn't answer".to_owned()
}
