//! Leases: who may do what only one at a time should, until when. Rows in a side table, by the database's own clock.
//!
//! A lease ends by itself; who holds it has to stop by then of its own accord, counting from before it asked
//! ([`Moment`]). Nothing may hang on there being one holder only: who was stopped in the middle of what it did goes on
//! with it later, whatever the row says by then.

use std::{sync::Arc, time::Duration};

use campanile_events::{
    clock::Moment,
    db::{Database, DbError, Engine, migrate},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

const OWNER: &str = "leases";

/// The leases that a database keeps. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Leases {
    db: Arc<dyn Database>,
}

/// Who holds a lease, by the database's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Who.
    pub holder: Uuid,
    /// Since when without a break.
    pub since: DateTime<Utc>,
    /// For how much longer.
    pub left: Duration,
}

/// What became of asking for a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is the asker's until then at least.
    Ours(Moment),
    /// It is another's; `None` if it has just become free.
    Anothers(Option<Held>),
}

impl Leases {
    /// Opens the table, and makes it if need be.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn open(db: Arc<dyn Database>) -> Result<Self, DbError> {
        let table = match db.engine() {
            Engine::Sqlite => {
                "create table leases (
                    name text primary key not null, holder blob not null, since text not null, ends_at text not null
                ) strict, without rowid"
            }
            Engine::Postgres => {
                "create table leases (
                    name text primary key, holder uuid not null, since timestamptz not null, ends_at timestamptz not null
                )"
            }
        };
        migrate(db.as_ref(), OWNER, &[table]).await?;
        Ok(Self { db })
    }

    /// Takes a lease that is free or over, or makes one's own longer: it ends so long after the database hears this.
    ///
    /// # Errors
    /// If the database doesn't answer; it may be the asker's all the same.
    pub async fn take(&self, name: &str, holder: Uuid, length: Duration) -> Result<Asked, DbError> {
        let (now, end) = self.now_and_end();
        let sql = format!(
            "insert into leases (name, holder, since, ends_at) values ($1, $2, {now}, {end})
            on conflict (name) do update set holder = excluded.holder, ends_at = excluded.ends_at,
                since = case when leases.holder = excluded.holder and leases.ends_at > {now} then leases.since
                    else excluded.since end
            where leases.holder = excluded.holder or leases.ends_at <= {now}"
        );
        // Counted from before the database hears of it: it ends here first.
        let asked = Moment::now();
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        if self.db.execute(&sql, vec![name.into(), holder.into(), micros.into()]).await? == 1 {
            return Ok(Asked::Ours(asked.after(length)));
        }
        Ok(Asked::Anothers(self.held(name).await?))
    }

    /// Who holds a lease.
    ///
    /// # Errors
    /// If the database doesn't answer.
    pub async fn held(&self, name: &str) -> Result<Option<Held>, DbError> {
        let (now, _) = self.now_and_end();
        let sql = format!("select holder, since, ends_at, {now} as now from leases where name = $1");
        let rows = self.db.query(&sql, vec![name.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        // Over is over: what isn't ahead any more is nothing.
        let left = (row.time("ends_at")? - row.time("now")?).to_std().unwrap_or_default();
        let held = Held { holder: row.uuid("holder")?, since: row.time("since")?, left };
        Ok(Some(held).filter(|held| !held.left.is_zero()))
    }

    /// Gives a lease back, if it is still the holder's.
    ///
    /// # Errors
    /// If the database doesn't answer; then it ends in its time.
    pub async fn give_back(&self, name: &str, holder: Uuid) -> Result<(), DbError> {
        let sql = "delete from leases where name = $1 and holder = $2";
        self.db.execute(sql, vec![name.into(), holder.into()]).await.map(drop)
    }

    /// The present, and the end of a lease of `$3` microseconds.
    const fn now_and_end_of(engine: Engine) -> (&'static str, &'static str) {
        match engine {
            Engine::Sqlite => (
                "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
                "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', ($3 / 1000000.0) || ' seconds')",
            ),
            Engine::Postgres => ("clock_timestamp()", "clock_timestamp() + $3::bigint * interval '1 microsecond'"),
        }
    }

    fn now_and_end(&self) -> (&'static str, &'static str) {
        Self::now_and_end_of(self.db.engine())
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;

    use super::*;

    campanile_events::on_every_engine!(
        a_lease_is_one_holders_until_it_ends_or_is_given_back,
        of_many_who_ask_at_once_one_gets_it,
    );

    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(30);

    fn node(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    async fn a_lease_is_one_holders_until_it_ends_or_is_given_back(engine: Engine) {
        let databases = Databases::of(engine);
        let leases = Leases::open(databases.open("a").await).await.unwrap();
        let other = Leases::open(databases.open("a").await).await.unwrap();
        let before = Moment::now();
        let Asked::Ours(ends) = leases.take("bell", node(1), LONG).await.unwrap() else { panic!("it was free") };
        assert!(ends >= before.after(LONG) && ends <= Moment::now().after(LONG));
        let Asked::Anothers(Some(held)) = other.take("bell", node(2), LONG).await.unwrap() else { panic!("not free") };
        assert_eq!(held.holder, node(1));
        assert!(held.left <= LONG && held.left > LONG / 2, "{held:?}");
        assert!(matches!(other.take("clock", node(2), LONG).await.unwrap(), Asked::Ours(_)), "each name by itself");

        assert!(matches!(leases.take("bell", node(1), SHORT).await.unwrap(), Asked::Ours(_)), "its own, anew");
        let anew = leases.held("bell").await.unwrap();
        assert!(anew.is_none_or(|anew| anew.since == held.since), "held on without a break");
        other.give_back("bell", node(2)).await.unwrap();
        let mut asked = other.take("bell", node(2), LONG).await.unwrap();
        let late = Moment::now().after(Duration::from_secs(20));
        while !matches!(asked, Asked::Ours(_)) {
            assert!(!late.is_over(), "{asked:?}");
            tokio::time::sleep(SHORT / 10).await;
            asked = other.take("bell", node(2), LONG).await.unwrap();
        }
        let held = leases.held("bell").await.unwrap().unwrap();
        assert_eq!(held.holder, node(2));
        assert!(held.since > anew.map_or(held.since - SHORT, |anew| anew.since), "since it took it");
        other.give_back("bell", node(2)).await.unwrap();
        assert_eq!(leases.held("bell").await.unwrap(), None);
        assert!(matches!(leases.take("bell", node(1), LONG).await.unwrap(), Asked::Ours(_)), "free at once");
    }

    async fn of_many_who_ask_at_once_one_gets_it(engine: Engine) {
        let databases = Databases::of(engine);
        let leases = Leases::open(databases.open("a").await).await.unwrap();
        for round in 0..5 {
            let name = format!("round {round}");
            let asked = (0..8).map(|number| leases.take(&name, node(number), LONG));
            let asked = futures::future::join_all(asked).await;
            let ours = asked.into_iter().filter(|it| matches!(it.as_ref().unwrap(), Asked::Ours(_))).count();
            assert_eq!(ours, 1, "{name}");
        }
    }
}
