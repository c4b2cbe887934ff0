//! The way to a server of a test's own, on which requests and answers get lost.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use campanile_test_servers::Pds;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

use crate::support::{SOON, eventually};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It reaches the server; the connection ends as the answer comes.
    Answer,
    /// It reaches the server; nothing ever comes of the answer.
    AnswerForEver,
    /// It never reaches the server, and nothing says so.
    RequestForEver,
}

/// A server, and the only way to it. The server itself says that it is at this end of the way.
pub(crate) struct Way {
    pub pds: Pds,
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// What the next requests of these methods lose, in order; `None` loses nothing.
    next: VecDeque<(&'static str, Option<Loss>)>,
    /// The methods of all requests, in order.
    heard: Vec<String>,
    /// How many have lost what they were to lose; the server has done what it was asked, if it was.
    lost: usize,
}

impl Way {
    /// Starts a server behind it; `None`, said aloud, where there can be none.
    pub async fn open() -> Option<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let pds = tokio::task::spawn_blocking(move || Pds::start_behind(port))
            .await
            .expect("a server, or why there is none")?;
        let (seen, behind) = (Arc::<Mutex<Seen>>::default(), pds.port());
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, behind, Arc::clone(&shared)));
            }
        });
        Some(Self { pds, url: format!("http://127.0.0.1:{port}"), seen })
    }

    /// What becomes of the next requests of a method.
    pub fn next(&self, method: &'static str, losses: &[Option<Loss>]) {
        lock(&self.seen).next.extend(losses.iter().map(|loss| (method, *loss)));
    }

    /// How many requests of a method have come.
    pub fn heard(&self, method: &str) -> usize {
        lock(&self.seen).heard.iter().filter(|it| *it == method).count()
    }

    /// Waits until so many losses have happened.
    pub async fn has_lost(&self, count: usize) {
        eventually("something is lost on the way", SOON, async || match lock(&self.seen).lost {
            lost if lost >= count => Ok(()),
            lost => Err(format!("{lost} of {count}")),
        })
        .await;
    }
}

async fn pass(mut client: TcpStream, behind: u16, seen: Arc<Mutex<Seen>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|it| it == b"\r\n\r\n") {
        if client.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let loss = lock(&seen).hear(&request);
    if loss == Some(Loss::RequestForEver) {
        lock(&seen).lost += 1;
        return until_it_goes(&mut client).await;
    }
    #[expect(clippy::disallowed_methods, reason = "this is no request of ours: it stands for the way to the server")]
    let mut upstream = TcpStream::connect(("127.0.0.1", behind)).await?;
    upstream.write_all(&request).await?;
    let Some(loss) = loss else {
        return copy_bidirectional(&mut client, &mut upstream).await.map(drop);
    };
    // The rest of the request goes on, until the server has begun to answer.
    let (mut from_client, _to_client) = client.split();
    let (mut from_server, mut to_server) = upstream.split();
    let (mut rest, mut answer) = (vec![0; 64 * 1024], [0; 1]);
    loop {
        tokio::select! {
            answered = from_server.read(&mut answer) => { answered?; break }
            read = from_client.read(&mut rest) => match read? {
                0 => return Ok(()),
                length => to_server.write_all(&rest[..length]).await?,
            },
        }
    }
    lock(&seen).lost += 1;
    match loss {
        Loss::AnswerForEver => until_it_goes(&mut client).await,
        _ => Ok(()),
    }
}

/// Reads on until the other side has gone.
async fn until_it_goes(client: &mut TcpStream) -> std::io::Result<()> {
    let mut rest = vec![0; 64 * 1024];
    while client.read(&mut rest).await? > 0 {}
    Ok(())
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    /// Notes a request; says what it is to lose.
    fn hear(&mut self, request: &[u8]) -> Option<Loss> {
        let line =
            String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
        let path = line.split(' ').nth(1).unwrap_or_default();
        let method = path.trim_start_matches("/xrpc/").split('?').next().unwrap_or_default();
        self.heard.push(method.to_owned());
        let at = self.next.iter().position(|(expected, _)| *expected == method)?;
        self.next.remove(at).and_then(|(_, loss)| loss)
    }
}
