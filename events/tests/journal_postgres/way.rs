//! The way to the server breaks at the worst moment: around the commit.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use campanile_events::journal::Journal;
use campanile_test_servers::Postgres;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::given::{SOON, all, append, open, post, within};

const OPEN: u8 = 0;
/// The next commit doesn't arrive.
const CUT_BEFORE: u8 = 1;
/// The next commit arrives; its answer doesn't.
const CUT_AFTER: u8 = 2;

/// A way to the server that can be cut, once for each time that it is armed.
struct Way {
    port: u16,
    armed: Arc<AtomicU8>,
}

impl Way {
    async fn to(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let armed = Arc::new(AtomicU8::new(OPEN));
        let (server, way) = (server.port(), Arc::clone(&armed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server, Arc::clone(&way)));
            }
        });
        Self { port, armed }
    }
}

async fn carry(mut client: TcpStream, server: u16, armed: Arc<AtomicU8>) {
    #[expect(clippy::disallowed_methods, reason = "a private server on this machine")]
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.expect("the server");
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                let commits = asked[..length].windows(7).any(|bytes| bytes == b"commit\0");
                let cut = if commits { armed.swap(OPEN, Ordering::SeqCst) } else { OPEN };
                if cut == CUT_BEFORE {
                    return;
                }
                if server.write_all(&asked[..length]).await.is_err() {
                    return;
                }
                if cut == CUT_AFTER {
                    let mut answer = Vec::new();
                    while !answer.windows(7).any(|bytes| bytes == b"COMMIT\0") {
                        let length = server.read(&mut answered).await.expect("the server answers");
                        assert!(length > 0, "the server commits");
                        answer.extend_from_slice(&answered[..length]);
                    }
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Some(length) = read.ok().filter(|length| *length > 0) else { return };
                if client.write_all(&answered[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_looked_up_and_one_that_did_not_arrive_is_sent_again() {
    let server = Postgres::start();
    let address = server.create_database("log");
    let way = Way::to(&server).await;
    let journal = open(&address.replace(&server.port().to_string(), &way.port.to_string())).await;
    let mut version = 0;
    for cut in [OPEN, CUT_AFTER, CUT_BEFORE, CUT_AFTER, CUT_BEFORE] {
        way.armed.store(cut, Ordering::SeqCst);
        let recorded = within(SOON, journal.append(append(post(1), version, 2))).await.expect("it is in the log");
        assert_eq!(way.armed.load(Ordering::SeqCst), OPEN, "the way was cut");
        version += 2;
        assert_eq!(recorded[1].version.0, version);
        let events = all(&journal).await;
        assert_eq!(events[events.len() - 2..], recorded, "once, as it was acknowledged");
        assert_eq!(*journal.watch().borrow(), recorded[1].position);
    }
    assert_eq!(all(&open(&address).await).await.len(), 10);
}
