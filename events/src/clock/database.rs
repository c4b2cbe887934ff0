//! The database's clock, which all nodes share.
//!
//! It is looked at regularly and goes on by [`Moment`] in between: each look says what the time was half a round trip
//! before its answer, give or take that half. A look that waited for a connection says little, so the better of two is
//! kept, until its age makes up for it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::{Clock, ClockTrouble, Moment, SharedClock, port::from_micros, system::WallClock};
use crate::db::{Database, DbError, Engine};

/// How far a node's clock and the database's may be apart.
const MOST_APART: Duration = Duration::from_secs(2);
/// A round trip that takes longer tells nothing.
const MOST_ROUND: Duration = Duration::from_secs(2);
/// How many looks the first time is taken from.
const FIRST_LOOKS: usize = 3;
/// By how much a machine's counting of time is taken to be off, in parts of a million.
const DRIFT: u32 = 200;

/// How often the database's clock is looked at, and for how long a look holds.
#[derive(Debug, Clone, Copy)]
struct Pace {
    every: Duration,
    holds: Duration,
}

const PACE: Pace = Pace { every: Duration::from_secs(5), holds: Duration::from_secs(30) };

/// The database's clock as this node knows it. It is looked at as long as this value lives.
#[derive(Debug)]
pub struct DatabaseClock {
    face: Arc<Face>,
    looking: JoinHandle<()>,
}

#[derive(Debug)]
struct Face {
    db: Arc<dyn Database>,
    own: SharedClock,
    pace: Pace,
    seen: Mutex<Seen>,
    latest: AtomicI64,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    best: Look,
    /// When the database last told the time, well or badly.
    at: Moment,
}

/// What one look said.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Moment,
    time: DateTime<Utc>,
    /// By how much it may be wrong.
    doubt: Duration,
}

impl Look {
    /// What the time is by it.
    fn time_at(&self, moment: Moment) -> DateTime<Utc> {
        self.time + moment.since(self.at)
    }

    fn doubt_at(&self, moment: Moment) -> Duration {
        self.doubt + moment.since(self.at) * DRIFT / 1_000_000
    }

    /// The one to go by, now that `newer` was taken.
    fn or(self, newer: Self) -> Self {
        let (time, doubt) = (self.time_at(newer.at), self.doubt_at(newer.at));
        // They can't both be right: the database's clock was set, or another database answers.
        let was_set = apart(time, newer.time) > doubt + newer.doubt;
        if was_set || newer.doubt <= doubt { newer } else { self }
    }
}

impl DatabaseClock {
    /// Looks at the database's clock, and goes on to do so on the current runtime.
    ///
    /// # Errors
    /// If the database doesn't tell the time.
    pub async fn start(db: Arc<dyn Database>) -> Result<Arc<Self>, DbError> {
        Self::start_beside(db, Arc::new(WallClock), PACE).await
    }

    async fn start_beside(db: Arc<dyn Database>, own: SharedClock, pace: Pace) -> Result<Arc<Self>, DbError> {
        let mut best = look(db.as_ref()).await?;
        for _ in 1..FIRST_LOOKS {
            best = best.or(look(db.as_ref()).await?);
        }
        let seen = Mutex::new(Seen { best, at: Moment::now() });
        let face = Arc::new(Face { db, own, pace, seen, latest: AtomicI64::new(i64::MIN) });
        let looking = tokio::spawn(Arc::clone(&face).look_on());
        Ok(Arc::new(Self { face, looking }))
    }

    /// By how much the time that it gives may be wrong.
    pub fn doubt(&self) -> Duration {
        self.face.seen().best.doubt_at(Moment::now())
    }
}

impl Drop for DatabaseClock {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> DateTime<Utc> {
        self.face.now()
    }

    fn check(&self) -> Result<(), ClockTrouble> {
        self.face.check()
    }
}

impl Face {
    fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> DateTime<Utc> {
        let micros = self.seen().best.time_at(Moment::now()).timestamp_micros();
        from_micros(self.latest.fetch_max(micros, Ordering::AcqRel).max(micros))
    }

    fn check(&self) -> Result<(), ClockTrouble> {
        let (seen, moment) = (self.seen(), Moment::now());
        let silent = moment.since(seen.at);
        if silent > self.pace.holds {
            return Err(ClockTrouble::Unread(silent));
        }
        let time = seen.best.time_at(moment);
        // Its own face counts too: held still since the database's clock was set back, it is no longer that clock.
        let most = apart(time, self.own.now()).max(apart(time, self.now()));
        if most > MOST_APART { Err(ClockTrouble::Apart(most)) } else { Ok(()) }
    }

    async fn look_on(self: Arc<Self>) {
        let mut was_well = self.said(true);
        loop {
            tokio::time::sleep(self.pace.every).await;
            match look(self.db.as_ref()).await {
                Ok(newer) => {
                    let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                    *seen = Seen { best: seen.best.or(newer), at: Moment::now() };
                }
                Err(error) => tracing::debug!(%error, "the database doesn't tell the time"),
            }
            was_well = self.said(was_well);
        }
    }

    /// Says once that the time can't be trusted, and once that it can again.
    fn said(&self, was_well: bool) -> bool {
        let check = self.check();
        match &check {
            Err(trouble) if was_well => tracing::error!(%trouble, "this node claims no work"),
            Ok(()) if !was_well => tracing::info!("the time can be trusted; this node claims work again"),
            _ => {}
        }
        check.is_ok()
    }
}

async fn look(db: &dyn Database) -> Result<Look, DbError> {
    let sql = match db.engine() {
        Engine::Postgres => "select clock_timestamp() as now",
        Engine::Sqlite => "select strftime('%Y-%m-%dT%H:%M:%f000Z', 'now') as now",
    };
    let asked = Moment::now();
    let rows = db.query(sql, Vec::new()).await?;
    let round = asked.elapsed();
    let nothing = || DbError::Unavailable("it doesn't tell the time".to_owned());
    let time = rows.first().ok_or_else(nothing)?.time("now")?;
    if round > MOST_ROUND {
        return Err(DbError::Unavailable("it took too long to tell the time".to_owned()));
    }
    Ok(Look { at: asked.after(round / 2), time, doubt: round / 2 })
}

fn apart(one: DateTime<Utc>, other: DateTime<Utc>) -> Duration {
    (one - other).abs().to_std().unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use async_trait::async_trait;
    use chrono::TimeDelta;

    use super::*;
    use crate::{
        clock::{ManualClock, SystemClock},
        db::{Row, Transaction, Value, engines::Databases},
    };

    const QUICK: Pace = Pace { every: Duration::from_millis(5), holds: Duration::from_millis(200) };

    /// A database that has nothing but a clock, which can be set.
    #[derive(Debug)]
    struct Tower {
        micros: AtomicI64,
        since: Moment,
        is_away: AtomicBool,
    }

    #[async_trait]
    impl Database for Tower {
        fn engine(&self) -> Engine {
            Engine::Postgres
        }

        async fn query(&self, _: &str, _: Vec<Value>) -> Result<Vec<Row>, DbError> {
            if self.is_away.load(Ordering::Acquire) {
                return Err(DbError::Unavailable("away".to_owned()));
            }
            Ok(vec![Row::new(["now".to_owned()].into(), vec![Value::Time(self.time())])])
        }

        async fn execute(&self, _: &str, _: Vec<Value>) -> Result<u64, DbError> {
            unreachable!("a clock is only read")
        }

        async fn begin(&self) -> Result<Box<dyn Transaction>, DbError> {
            unreachable!("a clock is only read")
        }
    }

    impl Tower {
        fn at(time: &str) -> Arc<Self> {
            let time: DateTime<Utc> = time.parse().unwrap();
            let micros = AtomicI64::new(time.timestamp_micros());
            Arc::new(Self { micros, since: Moment::now(), is_away: AtomicBool::new(false) })
        }

        fn time(&self) -> DateTime<Utc> {
            from_micros(self.micros.load(Ordering::Acquire)) + self.since.elapsed()
        }

        fn set(&self, by: TimeDelta) {
            self.micros.fetch_add(by.num_microseconds().unwrap(), Ordering::AcqRel);
        }
    }

    /// A node's own clock that runs with the tower's, so much off.
    #[derive(Debug)]
    struct Beside(Arc<Tower>, AtomicI64);

    impl Clock for Beside {
        fn now(&self) -> DateTime<Utc> {
            self.0.time() + TimeDelta::milliseconds(self.1.load(Ordering::Acquire))
        }
    }

    async fn becomes(clock: &DatabaseClock, is_so: impl Fn(Result<(), ClockTrouble>) -> bool) {
        let wait = async {
            while !is_so(clock.check()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("{:?}", clock.check()));
    }

    fn is_apart(check: Result<(), ClockTrouble>) -> bool {
        matches!(check, Err(ClockTrouble::Apart(_)))
    }

    #[tokio::test]
    async fn nodes_with_skewed_clocks_agree_on_the_databases_and_say_so() {
        let databases = Databases::of(Engine::Postgres);
        let db = databases.open("a").await;
        let truth = SystemClock::shared();
        for (skew, is_well) in [(0, true), (1_500, true), (-1_500, true), (3_600_000, false), (-2_500, false)] {
            let own = ManualClock::starting_at(truth.now() + TimeDelta::milliseconds(skew));
            let clock = DatabaseClock::start_beside(Arc::clone(&db), own, PACE).await.unwrap();
            let off = apart(clock.now(), truth.now());
            assert!(off <= clock.doubt() + Duration::from_millis(5), "{off:?} off, at most {:?}", clock.doubt());
            assert_eq!(clock.check().is_ok(), is_well, "{skew} ms: {:?}", clock.check());
        }
    }

    #[tokio::test]
    async fn a_nodes_clock_that_is_set_keeps_it_from_claiming_until_it_is_right_again() {
        let tower = Tower::at("2026-12-01T09:00:00Z");
        let own = Arc::new(Beside(Arc::clone(&tower), AtomicI64::new(0)));
        let clock = DatabaseClock::start_beside(tower, Arc::clone(&own) as SharedClock, QUICK).await.unwrap();
        assert_eq!(clock.check(), Ok(()));
        for skew in [2_100, -2_100] {
            own.1.store(skew, Ordering::Release);
            assert!(is_apart(clock.check()), "{skew}: {:?}", clock.check());
            own.1.store(0, Ordering::Release);
            assert_eq!(clock.check(), Ok(()));
        }
    }

    #[tokio::test]
    async fn a_databases_clock_that_is_set_back_is_never_followed_back() {
        let tower = Tower::at("2026-12-01T09:00:00Z");
        let own = Arc::new(Beside(Arc::clone(&tower), AtomicI64::new(0)));
        let clock = DatabaseClock::start_beside(Arc::clone(&tower) as _, own, QUICK).await.unwrap();
        let before = clock.now();
        tower.set(TimeDelta::seconds(-10));
        becomes(&clock, |_| clock.face.seen().best.time_at(Moment::now()) < before).await;
        assert!(is_apart(clock.check()), "it is no longer that clock");
        assert!(clock.now() >= before, "held still");
        tower.set(TimeDelta::seconds(30));
        becomes(&clock, |check| check.is_ok()).await;
        assert!(clock.now() >= before + TimeDelta::seconds(20), "followed forward");
    }

    #[tokio::test]
    async fn a_look_holds_for_a_while_and_a_better_one_takes_its_place() {
        let tower = Tower::at("2026-12-01T09:00:00Z");
        let own = Arc::new(Beside(Arc::clone(&tower), AtomicI64::new(0)));
        let clock = DatabaseClock::start_beside(Arc::clone(&tower) as _, own, QUICK).await.unwrap();
        tower.is_away.store(true, Ordering::Release);
        becomes(&clock, |check| matches!(check, Err(ClockTrouble::Unread(_)))).await;
        assert!(apart(clock.now(), tower.time()) < Duration::from_millis(50), "it goes on by itself");
        tower.is_away.store(false, Ordering::Release);
        becomes(&clock, |check| check.is_ok()).await;

        let (at, time) = (Moment::now(), tower.time());
        let look = |doubt, later| Look { at, time: time + later, doubt: Duration::from_millis(doubt) };
        let good = look(1, TimeDelta::zero());
        assert_eq!(good.or(look(20, TimeDelta::milliseconds(15))).time, good.time, "the worse one may well be wrong");
        assert_ne!(good.or(look(1, TimeDelta::microseconds(5))).time, good.time, "as good and newer");
        assert_ne!(good.or(look(20, TimeDelta::milliseconds(25))).time, good.time, "they can't both be right");
    }
}
