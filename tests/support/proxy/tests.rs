//! A proxy by itself, before a server that says everything twice.

use std::{
    io::ErrorKind,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use super::{Proxy, Toward, Trouble};
use crate::support::{SOON, eventually};

/// Long enough for what comes at once.
const A_MOMENT: Duration = Duration::from_millis(150);

/// A server that says everything back, keeps what it heard, and knows how many talk to it.
#[derive(Clone, Default)]
struct Echo {
    heard: Arc<Mutex<Vec<u8>>>,
    open: Arc<AtomicUsize>,
}

impl Echo {
    async fn start() -> (Self, Proxy) {
        let (echo, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").await.expect("a port"));
        let proxy = Proxy::to(&listener.local_addr().expect("an address").to_string()).await;
        let serving = echo.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().talk(stream));
            }
        });
        (echo, proxy)
    }

    async fn talk(self, mut stream: TcpStream) {
        self.open.fetch_add(1, Ordering::SeqCst);
        let mut chunk = [0; 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk).await {
            self.heard.lock().expect("no panic").extend_from_slice(&chunk[..read]);
            if stream.write_all(&chunk[..read]).await.is_err() {
                break;
            }
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
    }

    fn heard(&self) -> String {
        String::from_utf8(self.heard.lock().expect("no panic").clone()).expect("text")
    }

    async fn nobody_is_left(&self) {
        eventually("the server is left alone", SOON, async || match self.open.load(Ordering::SeqCst) {
            0 => Ok(()),
            open => Err(open.to_string()),
        })
        .await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the address is of this test's own")]
async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.expect("a proxy accepts")
}

async fn says(stream: &mut TcpStream, words: &str) {
    stream.write_all(words.as_bytes()).await.expect("it takes words");
}

async fn hears(stream: &mut TcpStream, words: &str) {
    let mut heard = vec![0; words.len()];
    let read = timeout(SOON, stream.read_exact(&mut heard)).await.expect("in time");
    read.unwrap_or_else(|error| panic!("{words}: {error}"));
    assert_eq!(String::from_utf8_lossy(&heard), words);
}

async fn hears_nothing(stream: &mut TcpStream) {
    let mut heard = [0; 1];
    let read = timeout(A_MOMENT, stream.read(&mut heard)).await;
    assert!(read.is_err(), "something came: {read:?}");
}

async fn is_reset(stream: &mut TcpStream) {
    let mut heard = [0; 64];
    let read = timeout(SOON, stream.read(&mut heard)).await.expect("in time");
    assert_eq!(read.expect_err("a reset").kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_is_said_is_heard_whole_and_an_end_is_an_end() {
    let (echo, proxy) = Echo::start().await;
    let mut stream = connect(&proxy).await;
    let long = "bells ".repeat(20_000);
    let (mut reading, mut writing) = stream.split();
    let mut heard = Vec::new();
    let (wrote, read) = tokio::join!(
        async {
            writing.write_all(long.as_bytes()).await?;
            writing.shutdown().await
        },
        reading.read_to_end(&mut heard)
    );
    wrote.and(read).expect("all of it passes");
    assert!(heard == long.as_bytes() && echo.heard() == long);
    echo.nobody_is_left().await;
}

#[tokio::test]
async fn it_leads_elsewhere_and_says_when_nobody_is_there() {
    let (first, proxy) = Echo::start().await;
    let (second, other) = Echo::start().await;
    let mut stream = connect(&proxy).await;
    says(&mut stream, "one").await;
    hears(&mut stream, "one").await;
    proxy.lead_to(&other.address());
    says(&mut stream, "still one").await;
    hears(&mut stream, "still one").await;
    let mut stream = connect(&proxy).await;
    says(&mut stream, "two").await;
    hears(&mut stream, "two").await;
    assert_eq!((first.heard(), second.heard()), ("onestill one".to_owned(), "two".to_owned()));
    proxy.lead_to("127.0.0.1:1");
    is_reset(&mut connect(&proxy).await).await;
}

#[tokio::test]
async fn latency_lets_all_come_later_and_ends_with_a_word() {
    let (_echo, proxy) = Echo::start().await;
    let mut stream = connect(&proxy).await;
    proxy.suffer(Trouble::Latency(A_MOMENT));
    let begun = Instant::now();
    says(&mut stream, "slow").await;
    hears(&mut stream, "slow").await;
    assert!(begun.elapsed() >= 2 * A_MOMENT, "there and back: {:?}", begun.elapsed());
    proxy.heal();
    let healed = Instant::now();
    for _ in 0..20 {
        says(&mut stream, "quick").await;
        hears(&mut stream, "quick").await;
    }
    assert!(healed.elapsed() < 20 * 2 * A_MOMENT, "healed: {:?}", healed.elapsed());
}

#[tokio::test]
async fn a_reset_ends_what_is_open_and_what_is_begun() {
    let (echo, proxy) = Echo::start().await;
    let mut stream = connect(&proxy).await;
    says(&mut stream, "one").await;
    hears(&mut stream, "one").await;
    proxy.suffer(Trouble::Reset);
    is_reset(&mut stream).await;
    is_reset(&mut connect(&proxy).await).await;
    echo.nobody_is_left().await;
    proxy.heal();
    let mut stream = connect(&proxy).await;
    says(&mut stream, "two").await;
    hears(&mut stream, "two").await;
    assert_eq!(echo.heard(), "onetwo");
}

#[tokio::test]
async fn half_open_is_not_told_until_it_is_healed() {
    let (echo, proxy) = Echo::start().await;
    let mut before = connect(&proxy).await;
    says(&mut before, "heard").await;
    hears(&mut before, "heard").await;
    proxy.suffer(Trouble::HalfOpen);
    echo.nobody_is_left().await;
    let mut meanwhile = connect(&proxy).await;
    for stream in [&mut before, &mut meanwhile] {
        says(stream, "to nobody").await;
        hears_nothing(stream).await;
    }
    proxy.heal();
    is_reset(&mut before).await;
    is_reset(&mut meanwhile).await;
    assert_eq!(echo.heard(), "heard", "what went nowhere comes nowhere");
}

#[tokio::test]
async fn a_blackhole_holds_all_and_lets_it_out_late() {
    let (echo, proxy) = Echo::start().await;
    let mut before = connect(&proxy).await;
    says(&mut before, "a").await;
    hears(&mut before, "a").await;
    proxy.suffer(Trouble::Blackhole);
    let mut meanwhile = connect(&proxy).await;
    says(&mut before, "b").await;
    says(&mut meanwhile, "c").await;
    // Who gives up and goes has said it all the same.
    let mut gone = connect(&proxy).await;
    says(&mut gone, "d").await;
    drop(gone);
    hears_nothing(&mut before).await;
    assert_eq!(echo.heard(), "a");
    proxy.heal();
    hears(&mut before, "b").await;
    hears(&mut meanwhile, "c").await;
    eventually("what was said before its end arrives", SOON, async || {
        let mut heard: Vec<_> = echo.heard().chars().collect();
        heard.sort_unstable();
        if heard == ['a', 'b', 'c', 'd'] { Ok(()) } else { Err(format!("{heard:?}")) }
    })
    .await;
}

#[tokio::test]
async fn a_cut_comes_after_so_many_bytes_in_its_direction() {
    let (echo, proxy) = Echo::start().await;
    let mut stream = connect(&proxy).await;
    says(&mut stream, "before").await;
    hears(&mut stream, "before").await;
    proxy.suffer(Trouble::CutAfter(3, Toward::Server));
    says(&mut stream, "after").await;
    eventually(
        "what passes is heard",
        SOON,
        async || {
            if echo.heard() == "beforeaft" { Ok(()) } else { Err(echo.heard()) }
        },
    )
    .await;
    proxy.suffer(Trouble::CutAfter(3, Toward::Client));
    for stream in [&mut connect(&proxy).await, &mut connect(&proxy).await] {
        says(stream, "12345").await;
        hears(stream, "123").await;
        is_reset(stream).await;
    }
    proxy.heal();
    let mut stream = connect(&proxy).await;
    says(&mut stream, "long enough").await;
    hears(&mut stream, "long enough").await;
    assert!(echo.heard().ends_with("1234512345long enough"), "{}", echo.heard());
}
