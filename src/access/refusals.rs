//! Writes that were refused to a key: a log beside the journal, since who is refused must not fill what can't be pruned.
//!
//! Noted in memory and written in batches, in one row for each key, hour, route and code: whoever goes on and on with a key
//! that lacks a scope, or was revoked, makes a number grow. A crash loses the last few seconds. After 90 days a row is
//! forgotten. Who shows no key of ours is in no row: they are counted in figures only.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_events::{
    db::{Database, DbError, Engine, Row, Value, migrate},
    ids::KeyId,
    seal::{DataKeys, Open, SealError, Sealed, fields},
};
use chrono::{DateTime, Duration, Utc};

use super::Holder;

const OWNER: &str = "key_refusals";
/// How long they are kept.
const KEPT: Duration = Duration::days(90);
const HOUR: i64 = 3_600;
/// How many of a key are shown: the last ones.
const SHOWN: u32 = 1_000;

/// The refusals.
#[derive(Debug)]
pub struct Refusals {
    db: Arc<dyn Database>,
    data_keys: Arc<DataKeys>,
    /// What isn't written yet.
    fresh: Mutex<HashMap<Place, Fresh>>,
}

/// What was refused, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The route, such as `api.posts.create`.
    pub route: &'static str,
    /// The error's code.
    pub code: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    key: KeyId,
    began: DateTime<Utc>,
    refused: Refused,
}

#[derive(Debug, Clone)]
struct Fresh {
    holder: Holder,
    count: u32,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
    request_id: String,
    address: Option<IpAddr>,
}

/// Refusals of one hour, route and code, as they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The route.
    pub route: String,
    /// The error's code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// When the first one was.
    pub first_at: DateTime<Utc>,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
    /// The last one's request.
    pub request_id: String,
    /// From where the last one came, where that could be told.
    pub address: Option<IpAddr>,
}

impl Refusals {
    /// The refusals in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, data_keys: Arc<DataKeys>) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, data_keys, fresh: Mutex::default() })
    }

    /// Notes one.
    pub fn note(&self, holder: Holder, refused: Refused, request: &str, from: Option<IpAddr>, now: DateTime<Utc>) {
        let began = now.timestamp() - now.timestamp().rem_euclid(HOUR);
        let began = DateTime::from_timestamp(began, 0).unwrap_or(now);
        let place = Place { key: holder.key_id, began, refused };
        let mut fresh = self.fresh();
        let noted = fresh.entry(place).or_insert_with(|| Fresh {
            holder,
            count: 0,
            first: now,
            last: now,
            request_id: String::new(),
            address: None,
        });
        noted.count = noted.count.saturating_add(1);
        noted.last = now;
        request.clone_into(&mut noted.request_id);
        noted.address = from;
    }

    /// Writes what was noted since the last time.
    ///
    /// # Errors
    /// If it can't be written now; then it is written the next time.
    pub async fn write(&self) -> Result<(), SealError> {
        let noted = std::mem::take(&mut *self.fresh());
        let written = self.add(&noted).await;
        if written.is_err() {
            let mut fresh = self.fresh();
            for (place, noted) in noted {
                let newer = fresh.entry(place).or_insert_with(|| Fresh { count: 0, ..noted.clone() });
                newer.count = newer.count.saturating_add(noted.count);
                newer.first = newer.first.min(noted.first);
            }
        }
        written
    }

    async fn add(&self, noted: &HashMap<Place, Fresh>) -> Result<(), SealError> {
        if noted.is_empty() {
            return Ok(());
        }
        let add = "insert into key_refusals \
            (key_id, began_at, route, code, refused, first_at, last_at, request_id, address) \
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
            on conflict (key_id, began_at, route, code) do update set \
            refused = key_refusals.refused + excluded.refused, last_at = excluded.last_at, \
            request_id = excluded.request_id, address = excluded.address";
        // In one order, so that two nodes never wait for each other.
        let mut noted: Vec<_> = noted.iter().collect();
        noted.sort_by_key(|(place, _)| (place.key.uuid(), place.began, place.refused.route, place.refused.code));
        let mut transaction = self.db.begin().await?;
        for (place, fresh) in noted {
            let address = match fresh.address {
                Some(address) => {
                    let data_key = self.data_keys.get(fresh.holder.workspace.uuid()).await?;
                    let sealed = data_key.seal(fields::KEY_REFUSED_FROM, &Open::new(address.to_string()));
                    Value::from(sealed.as_str())
                }
                None => Value::Null,
            };
            let values = vec![
                place.key.uuid().into(),
                place.began.into(),
                place.refused.route.into(),
                place.refused.code.into(),
                fresh.count.into(),
                fresh.first.into(),
                fresh.last.into(),
                fresh.request_id.as_str().into(),
                address,
            ];
            transaction.execute(add, values).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Those of a key, the oldest first.
    ///
    /// # Errors
    /// If they can't be read now.
    pub async fn of(&self, holder: Holder) -> Result<Vec<Shown>, SealError> {
        self.write().await?;
        let select = "select route, code, refused, first_at, last_at, request_id, address from key_refusals \
                      where key_id = $1 order by last_at desc, route, code limit $2";
        let rows = self.db.query(select, vec![holder.key_id.uuid().into(), SHOWN.into()]).await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            all.push(self.shown(holder, row).await?);
        }
        Ok(all)
    }

    async fn shown(&self, holder: Holder, row: &Row) -> Result<Shown, SealError> {
        let address = match row.optional_text("address")? {
            Some(sealed) => {
                let data_key = self.data_keys.get(holder.workspace.uuid()).await?;
                let open = data_key.open(fields::KEY_REFUSED_FROM, &Sealed::from_stored(sealed))?;
                open.as_str().parse().ok()
            }
            None => None,
        };
        Ok(Shown {
            route: row.text("route")?,
            code: row.text("code")?,
            count: row.number("refused")?,
            first_at: row.time("first_at")?,
            last_at: row.time("last_at")?,
            request_id: row.text("request_id")?,
            address,
        })
    }

    /// Forgets those that are too old.
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<u64, DbError> {
        self.db.execute("delete from key_refusals where last_at <= $1", vec![(now - KEPT).into()]).await
    }

    fn fresh(&self) -> MutexGuard<'_, HashMap<Place, Fresh>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table key_refusals (
                key_id blob not null, began_at text not null, route text not null, code text not null,
                refused integer not null, first_at text not null, last_at text not null, request_id text not null,
                address text, primary key (key_id, began_at, route, code)
            ) strict, without rowid;
            create index key_refusals_by_age on key_refusals (last_at)"],
        Engine::Postgres => &["create table key_refusals (
                key_id uuid not null, began_at timestamptz not null, route text not null, code text not null,
                refused bigint not null, first_at timestamptz not null, last_at timestamptz not null,
                request_id text not null, address text, primary key (key_id, began_at, route, code)
            );
            create index key_refusals_by_age on key_refusals (last_at)"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::{db::engines::Databases, ids::WorkspaceId, seal::MasterKey};
    use uuid::Uuid;

    use super::*;

    campanile_events::on_every_engine!(refusals_are_added_up_by_the_hour_and_forgotten_in_time);

    async fn refusals_are_added_up_by_the_hour_and_forgotten_in_time(engine: Engine) {
        let databases = Databases::of(engine);
        let db = databases.open("a").await;
        let data_keys = DataKeys::open(Arc::clone(&db), MasterKey::generate()).await.expect("open");
        let data_keys = Arc::new(data_keys);
        let now: DateTime<Utc> = "2026-12-01T09:58:00Z".parse().expect("a time");
        let holder = |number| Holder { key_id: Uuid::from_u128(number).into(), workspace: WorkspaceId::default() };
        data_keys.create(WorkspaceId::default().uuid(), now).await.expect("a data key");
        let open = async || Refusals::open(Arc::clone(&db), Arc::clone(&data_keys)).await.expect("open");
        let (one, other) = (open().await, open().await);
        let refused = Refused { route: "api.posts.create", code: "forbidden_scope" };
        let minutes = Duration::minutes;
        for (node, number, at) in
            [(&one, 1, now), (&one, 1, now + minutes(1)), (&other, 1, now + minutes(3)), (&one, 2, now)]
        {
            node.note(holder(number), refused, &format!("req_{number}"), "203.0.113.7".parse().ok(), at);
        }
        other.note(holder(1), Refused { code: "conflict", ..refused }, "req_9", None, now + minutes(4));
        one.write().await.expect("written");
        one.note(holder(1), refused, "req_5", None, now + minutes(1) + Duration::seconds(30));
        one.write().await.expect("written");
        let all = other.of(holder(1)).await.expect("read");
        let told: Vec<_> = all.iter().map(|it| (it.code.as_str(), it.count, it.request_id.as_str())).collect();
        assert_eq!(told, [("forbidden_scope", 3, "req_5"), ("forbidden_scope", 1, "req_1"), ("conflict", 1, "req_9")]);
        assert_eq!((all[0].first_at, all[0].address), (now, None));
        assert_eq!(all[1].address, "203.0.113.7".parse().ok());
        let stored =
            db.query("select address from key_refusals where address is not null", vec![]).await.expect("read");
        assert!(stored.iter().all(|row| row.text("address").is_ok_and(|text| text.starts_with("s1."))));
        assert_eq!(one.forget(now + KEPT).await.expect("deleted"), 1, "of another key");
        assert_eq!(one.of(holder(2)).await.expect("read"), []);
        assert_eq!(one.of(holder(1)).await.expect("read").len(), 3);
    }
}
