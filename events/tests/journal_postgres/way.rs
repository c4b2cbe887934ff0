//! The way to the server breaks at the worst moment, around the commit; or what is on it takes its time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use campanile_events::{
    db::postgres::connect,
    journal::{Journal, PostgresJournal, owned},
};
use campanile_test_servers::Postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::given::{SOON, all, append, open, post, settings, within};

const OPEN: u8 = 0;
/// The next commit doesn't arrive.
const CUT_BEFORE: u8 = 1;
/// The next commit arrives; its answer doesn't.
const CUT_AFTER: u8 = 2;
/// The next commit arrives when it is let go on; who sent it is gone.
const LATE: u8 = 3;
/// Half of the next commit arrives, and the rest when it is let go on.
const HALF: u8 = 4;
/// The next commits arrive when they are let go on.
const SLOW: u8 = 5;

/// In every flight that stores events, which ends with the commit.
const EVENT: &[u8] = b"post.scheduled";
/// The end of an answer after which no transaction is open.
const IDLE: &[u8] = b"Z\0\0\0\x05I";

/// A way to the server that can be armed: for one time, but for [`SLOW`].
struct Way {
    port: u16,
    armed: Arc<AtomicU8>,
    /// How many flights were held, and how many of these may go on.
    held: watch::Sender<u32>,
    free: watch::Sender<u32>,
    /// How many of those that were held and nobody waits for have arrived and ended.
    ended: watch::Sender<u32>,
    /// How many look-ups, which end with a rollback, were answered.
    looks: watch::Sender<u32>,
}

impl Way {
    async fn to(server: &Postgres) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let zero = || watch::Sender::new(0);
        let way = Self {
            port,
            armed: Arc::new(AtomicU8::new(OPEN)),
            held: zero(),
            free: zero(),
            ended: zero(),
            looks: zero(),
        };
        let (server, way) = (server.port(), Arc::new(way));
        let carrying = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&carrying).carry(client, server));
            }
        });
        way
    }

    /// A journal at the other end.
    async fn open(&self, server: &Postgres, address: &str) -> PostgresJournal {
        open(&address.replace(&server.port().to_string(), &self.port.to_string())).await
    }

    fn arm(&self, with: u8) {
        self.armed.store(with, Ordering::SeqCst);
    }

    fn is_armed(&self) -> bool {
        self.armed.load(Ordering::SeqCst) != OPEN
    }

    /// Waits until what is held may go on.
    async fn hold(&self) {
        let mut number = 0;
        self.held.send_modify(|held| {
            *held += 1;
            number = *held;
        });
        let mut free = self.free.subscribe();
        free.wait_for(|free| *free >= number).await.expect("the way is there");
    }

    async fn carry(self: Arc<Self>, mut client: TcpStream, server: u16) {
        #[expect(clippy::disallowed_methods, reason = "a private server on this machine")]
        let mut server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
        let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        loop {
            tokio::select! {
                read = client.read(&mut asked) => {
                    let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                    let asked = &asked[..length];
                    let how = match self.armed.load(Ordering::SeqCst) {
                        SLOW if holds(asked, EVENT) => SLOW,
                        OPEN | SLOW => OPEN,
                        _ if holds(asked, EVENT) => self.armed.swap(OPEN, Ordering::SeqCst),
                        _ => OPEN,
                    };
                    let mut sent = 0;
                    match how {
                        CUT_BEFORE => return,
                        LATE => {
                            drop(client);
                            self.hold().await;
                            // Whatever became of its session meanwhile.
                            let _arrived = server.write_all(asked).await;
                            read_to_the_end(&mut server, &mut answered).await;
                            self.ended.send_modify(|ended| *ended += 1);
                            return;
                        }
                        HALF => {
                            sent = length / 2;
                            server.write_all(&asked[..sent]).await.expect("the server is there");
                            self.hold().await;
                        }
                        SLOW => self.hold().await,
                        _ => {}
                    }
                    if server.write_all(&asked[sent..]).await.is_err() {
                        return;
                    }
                    if how == CUT_AFTER {
                        assert!(read_to_the_end(&mut server, &mut answered).await, "the server commits");
                        return;
                    }
                }
                read = server.read(&mut answered) => {
                    let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                    if client.write_all(&answered[..length]).await.is_err() {
                        return;
                    }
                    if holds(&answered[..length], b"ROLLBACK\0") {
                        self.looks.send_modify(|looks| *looks += 1);
                    }
                }
            }
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|bytes| bytes == part)
}

/// Reads until the transaction is over; says whether the session still lives then.
async fn read_to_the_end(server: &mut TcpStream, answered: &mut [u8]) -> bool {
    let mut answer = Vec::new();
    while !holds(&answer, IDLE) {
        match server.read(answered).await {
            Ok(length) if length > 0 => answer.extend_from_slice(&answered[..length]),
            _ => return false,
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_looked_up_and_one_that_did_not_arrive_is_sent_again() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let way = Way::to(&server).await;
    let journal = way.open(&server, &address).await;
    let mut version = 0;
    for cut in [OPEN, CUT_AFTER, CUT_BEFORE, CUT_AFTER, CUT_BEFORE] {
        // Twice alone, so that the next one takes one flight.
        for how in [OPEN, OPEN, cut] {
            way.arm(how);
            let recorded = within(SOON, journal.append(append(post(1), version, 2))).await.expect("it is in the log");
            assert!(!way.is_armed(), "the way was cut");
            version += 2;
            assert_eq!(recorded[1].version.0, version);
            assert_eq!(*journal.watch().borrow(), recorded[1].position);
            let events = all(&journal).await;
            assert_eq!(events[events.len() - 2..], owned(recorded), "once, as it was acknowledged");
        }
    }
    assert_eq!(all(&open(&address).await).await.len(), 30);
}

/// Somebody is told, and then it comes: that must be all that ever comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_comes_late_is_found_or_comes_to_nothing() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let way = Way::to(&server).await;
    let journal = way.open(&server, &address).await;
    let mut version = 0;
    let looks = || *way.looks.borrow();
    // While it is looked for; and when its time is over, and its caller has been answered.
    for (number, early) in (1..).zip([true, false, true, false]) {
        for _ in 0..2 {
            within(SOON, journal.append(append(post(1), version, 1))).await.expect("it goes in");
            version += 1;
        }
        let before = looks();
        way.arm(LATE);
        let appending = tokio::spawn({
            let journal = journal.clone();
            async move { journal.append(append(post(1), version, 1)).await }
        });
        within(SOON, way.held.subscribe().wait_for(|held| *held == number)).await.expect("the way is there");
        if early {
            let looked = |looks: &u32| *looks > before;
            within(SOON, way.looks.subscribe().wait_for(looked)).await.expect("the way is there");
            way.free.send_replace(number);
        }
        let recorded = within(SOON, appending).await.expect("the task ends").expect("it is in the log");
        way.free.send_replace(number);
        within(SOON, way.ended.subscribe().wait_for(|ended| *ended == number)).await.expect("it arrived");
        version += 1;
        assert_eq!(recorded[0].version.0, version);
        let events = all(&journal).await;
        assert_eq!(events.last(), Some(recorded[0].as_ref()), "as it was acknowledged");
        assert_eq!(events.len() as u64, version, "and once");
    }
}

/// No transaction of one flight is open before all of it is there, so that no limit of one ends it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_in_one_flight_holds_nothing_on_its_way() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let way = Way::to(&server).await;
    let journal = way.open(&server, &address).await;
    let watcher = connect(&settings(&address)).await.expect("a connection");
    let state = "select state, query, pid, clock_timestamp() - state_change > interval '1200 ms' \
                 from pg_stat_activity where application_name = 'campanile journal'";
    let mut version = 0;
    for number in 1.. {
        journal.append(append(post(1), version, 1)).await.expect("it goes in");
        way.arm(HALF);
        let appending = tokio::spawn({
            let journal = journal.clone();
            async move { journal.append(append(post(1), version + 1, 1)).await }
        });
        version += 2;
        within(SOON, way.held.subscribe().wait_for(|held| *held == number)).await.expect("the way is there");
        let held = watcher.query_one(state, &[]).await.expect("its session");
        let (is, query): (String, String) = (held.get(0), held.get(1));
        // A machine that stood still may have taken it in two, and stands after a read.
        let in_two = is != "idle" && query.starts_with("select");
        if !in_two {
            within(SOON, async {
                loop {
                    let now = watcher.query_one(state, &[]).await.expect("its session is there");
                    assert_eq!((now.get::<_, i32>(2), now.get(0)), (held.get(2), "idle"), "{query}");
                    if now.get(3) {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
        }
        way.free.send_replace(number);
        within(SOON, appending).await.expect("the task ends").expect("it goes in");
        if !in_two {
            return;
        }
    }
}

/// What a large append takes between its two flights is no reason to lose its session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_append_of_a_slow_process_goes_in() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let way = Way::to(&server).await;
    let journal = way.open(&server, &address).await;
    way.arm(SLOW);
    let appending = tokio::spawn(async move { journal.append(append(post(1), 0, 10_000)).await });
    let watcher = connect(&settings(&address)).await.expect("a connection");
    // As it stands in the midst for longer than a small one may.
    let stands = "select exists (select from pg_stat_activity where application_name = 'campanile journal' \
                  and state = 'idle in transaction' and clock_timestamp() - state_change > interval '1200 ms')";
    within(SOON, async {
        while !watcher.query_one(stands, &[]).await.expect("the sessions").get::<_, bool>(0) {
            assert!(!appending.is_finished(), "it has to wait");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    way.arm(OPEN);
    way.free.send_replace(u32::MAX);
    let recorded = within(SOON, appending).await.expect("the task ends").expect("it goes in");
    assert_eq!(recorded.len(), 10_000);
}
