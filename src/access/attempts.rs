//! How often somebody may try a password: slowed for an account, whether there is one or not, and for an address.
//!
//! An attempt is counted before the password is looked at, so that many at once are not let through as one. Who is let in
//! gets their account's count back. Nobody is locked out for good: the waits have an upper end, and a while without
//! attempts forgets them. Rows hold keyed digests, no address of anybody.

use std::{net::IpAddr, sync::Arc};

use campanile_events::{
    db::{Database, DbError, Engine, migrate},
    seal::MasterKey,
};
use chrono::{DateTime, Duration, Utc};

use super::{Email, token::Pepper};

const OWNER: &str = "login_attempts";
/// So many attempts on an account cost no waiting.
const FREE_FOR_ACCOUNT: i64 = 5;
/// From one address people of a whole house may come.
const FREE_FROM_ADDRESS: i64 = 20;
/// The longest wait between two attempts, in seconds.
const LONGEST_WAIT: i64 = 300;
/// Without an attempt for so long, those before are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::hours(1);

/// The attempts.
#[derive(Debug)]
pub struct Attempts {
    db: Arc<dyn Database>,
    pepper: Pepper,
}

/// Who tries to get in.
#[derive(Debug, Clone)]
pub struct Attempt {
    account: String,
    address: Option<String>,
}

impl Attempts {
    /// The attempts in `db`, whose table is made if need be.
    pub async fn open(db: Arc<dyn Database>, master: &MasterKey) -> Result<Self, DbError> {
        migrate(&*db, OWNER, migrations(db.engine())).await?;
        Ok(Self { db, pepper: Pepper::of(master, "login-attempts") })
    }

    /// Counts an attempt, unless it comes too early: then it says when to come again.
    pub async fn begin(
        &self,
        email: &Email,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Result<Attempt, DateTime<Utc>>, DbError> {
        let subject = |text: String| hex::encode(self.pepper.digest(&text));
        let account = subject(format!("account {}", email.as_str()));
        let address = address.map(|address| subject(format!("address {}", house(address))));
        let mut all = vec![(account.clone(), FREE_FOR_ACCOUNT)];
        all.extend(address.clone().map(|address| (address, FREE_FROM_ADDRESS)));
        // In one order, so that two attempts never wait for each other.
        all.sort();
        let mut transaction = self.db.begin().await?;
        let mut waits: Option<DateTime<Utc>> = None;
        let mut counts = Vec::new();
        for (subject, free) in &all {
            let lock = "insert into login_attempts (subject, tries, waits_until, tried_at) values ($1, 0, $2, $2) \
                        on conflict (subject) do update set tried_at = login_attempts.tried_at";
            transaction.execute(lock, vec![subject.as_str().into(), now.into()]).await?;
            let select = "select tries, waits_until, tried_at from login_attempts where subject = $1";
            let rows = transaction.query(select, vec![subject.as_str().into()]).await?;
            let Some(row) = rows.first() else { continue };
            let until = row.time("waits_until")?;
            if until > now {
                waits = waits.max(Some(until));
            }
            let is_old = now - row.time("tried_at")? >= FORGOTTEN_AFTER;
            let tries = if is_old { 1 } else { row.integer("tries")? + 1 };
            counts.push((subject, tries, now + Duration::seconds(wait(tries - free))));
        }
        if let Some(until) = waits {
            return Ok(Err(until));
        }
        for (subject, tries, until) in counts {
            let write = "update login_attempts set tries = $2, waits_until = $3, tried_at = $4 where subject = $1";
            transaction.execute(write, vec![subject.as_str().into(), tries.into(), until.into(), now.into()]).await?;
        }
        transaction.commit().await?;
        Ok(Ok(Attempt { account, address }))
    }

    /// The attempt was a good one: it counts for nothing, and those on its account before it no longer.
    pub async fn succeeded(&self, attempt: &Attempt) -> Result<(), DbError> {
        let delete = "delete from login_attempts where subject = $1";
        self.db.execute(delete, vec![attempt.account.as_str().into()]).await?;
        if let Some(address) = &attempt.address {
            let less = "update login_attempts set tries = tries - 1, waits_until = tried_at \
                        where subject = $1 and tries > 0";
            self.db.execute(less, vec![address.as_str().into()]).await?;
        }
        Ok(())
    }

    /// Forgets what is old.
    pub async fn forget(&self, now: DateTime<Utc>) -> Result<u64, DbError> {
        let delete = "delete from login_attempts where tried_at <= $1";
        self.db.execute(delete, vec![(now - FORGOTTEN_AFTER).into()]).await
    }
}

/// Seconds to wait after so many attempts beyond the free ones.
fn wait(beyond: i64) -> i64 {
    match u32::try_from(beyond) {
        // Ten doublings are past the longest.
        Ok(beyond) => 2_i64.pow(beyond.min(10)).min(LONGEST_WAIT),
        Err(_) => 0,
    }
}

/// What one line to the world is given: of IPv6 addresses a whole network.
fn house(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:?}", &address.segments()[..4]),
    }
}

const fn migrations(engine: Engine) -> &'static [&'static str] {
    match engine {
        Engine::Sqlite => &["create table login_attempts (
                subject text primary key not null, tries integer not null, waits_until text not null,
                tried_at text not null
            ) strict, without rowid"],
        Engine::Postgres => &["create table login_attempts (
                subject text primary key, tries bigint not null, waits_until timestamptz not null,
                tried_at timestamptz not null
            )"],
    }
}

#[cfg(test)]
mod tests {
    use campanile_events::db::engines::Databases;

    use super::*;

    campanile_events::on_every_engine!(
        attempts_on_an_account_wait_longer_and_longer_and_are_forgotten,
        attempts_from_an_address_wait_whatever_the_account,
    );

    fn noon() -> DateTime<Utc> {
        "2026-12-01T12:00:00Z".parse().expect("a time")
    }

    fn email(name: &str) -> Email {
        Email::read(&format!("{name}@example.com")).expect("an address")
    }

    async fn opened(databases: &Databases) -> Attempts {
        Attempts::open(databases.open("a").await, &MasterKey::generate()).await.expect("open")
    }

    async fn attempts_on_an_account_wait_longer_and_longer_and_are_forgotten(engine: Engine) {
        let databases = Databases::of(engine);
        let attempts = opened(&databases).await;
        let begin = async |now| attempts.begin(&email("ada"), None, now).await.expect("counted");
        let mut now = noon();
        for number in 1..=FREE_FOR_ACCOUNT {
            assert!(begin(now).await.is_ok(), "{number}");
        }
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let again = begin(now).await.expect_err("too early");
            assert_eq!((again - now).num_seconds(), wait);
            assert!(begin(again - Duration::milliseconds(1)).await.is_err(), "who comes too early waits no longer");
            now = again;
            assert!(begin(now).await.is_ok());
        }
        assert!(attempts.begin(&email("bob"), None, now).await.expect("counted").is_ok(), "another account");
        assert!(begin(now + FORGOTTEN_AFTER).await.is_ok() && begin(now + FORGOTTEN_AFTER).await.is_ok());

        let now = noon() + Duration::hours(9);
        for _ in 1..FREE_FOR_ACCOUNT {
            begin(now).await.expect("free");
        }
        let good = begin(now).await.expect("free");
        attempts.succeeded(&good).await.expect("written");
        for number in 1..=FREE_FOR_ACCOUNT {
            assert!(begin(now).await.is_ok(), "{number}");
        }
        assert!(begin(now).await.is_err());
        assert_eq!(attempts.forget(now + FORGOTTEN_AFTER).await.expect("deleted"), 2);
    }

    async fn attempts_from_an_address_wait_whatever_the_account(engine: Engine) {
        let databases = Databases::of(engine);
        let attempts = opened(&databases).await;
        let begin = async |number: i64, address: &str| {
            let address = address.parse().ok();
            attempts.begin(&email(&format!("p{number}")), address, noon()).await.expect("counted")
        };
        for number in 1..=FREE_FROM_ADDRESS {
            assert!(begin(number, "2001:db8::1").await.is_ok(), "{number}");
            assert!(begin(number + 1_000, "203.0.113.7").await.is_ok(), "{number}");
        }
        assert!(begin(99, "2001:db8::ffff").await.is_err(), "the same network");
        assert!(begin(99, "::ffff:203.0.113.7").await.is_err(), "the same address");
        assert!(begin(99, "2001:db8:0:1::1").await.is_ok() && begin(99, "203.0.113.8").await.is_ok());
    }
}
