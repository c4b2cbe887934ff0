//! One connection through a proxy.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

use super::{Toward, Trouble};

/// How much is carried at once.
const CHUNK: usize = 16 * 1024;

type Seen = watch::Receiver<Option<Trouble>>;

/// How a conversation goes on.
enum Turn {
    /// Both sides have said all that they had to say.
    Over,
    /// It is broken off, and both sides are told.
    Broken,
    /// The server's side is gone, and the client isn't told.
    Deaf,
}

/// Carries it from its beginning to its end.
pub(super) async fn carry(client: TcpStream, target: String, mut seen: Seen) {
    let trouble = *seen.borrow();
    let turn = match trouble {
        Some(Trouble::Reset) => Turn::Broken,
        Some(Trouble::HalfOpen) => Turn::Deaf,
        _ => {
            passable(&mut seen).await;
            #[expect(
                clippy::disallowed_methods,
                reason = "this is no request of ours: it stands for the way to the server"
            )]
            let connected = TcpStream::connect(&target).await;
            match connected {
                Ok(server) => return converse(client, server, seen).await,
                // As it would be without a proxy: nobody listens.
                Err(_) => Turn::Broken,
            }
        }
    };
    finish(turn, client, None, seen).await;
}

async fn converse(mut client: TcpStream, mut server: TcpStream, seen: Seen) {
    // What is held back is held back on purpose.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let turn = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let both = async {
            let up = pump(from_client, to_server, Toward::Server, seen.clone());
            let down = pump(from_server, to_client, Toward::Client, seen.clone());
            match tokio::try_join!(up, down) {
                Ok(_) => Turn::Over,
                Err(Broken) => Turn::Broken,
            }
        };
        tokio::select! {
            biased;
            turn = interrupted(seen.clone()) => turn,
            turn = both => turn,
        }
    };
    finish(turn, client, Some(server), seen).await;
}

async fn finish(turn: Turn, mut client: TcpStream, server: Option<TcpStream>, seen: Seen) {
    match turn {
        Turn::Over => {}
        Turn::Broken => {
            // Dropped with nothing to linger for, a socket answers with RST.
            for side in [Some(client), server].into_iter().flatten() {
                let _gone_already = side.set_zero_linger();
            }
        }
        Turn::Deaf => {
            drop(server);
            swallow(&mut client, seen).await;
            let _gone_already = client.set_zero_linger();
        }
    }
}

/// Reads what goes nowhere, until the way is healed or the client has had enough.
async fn swallow(client: &mut TcpStream, mut seen: Seen) {
    let mut chunk = vec![0; CHUNK];
    loop {
        tokio::select! {
            read = client.read(&mut chunk) => if !matches!(read, Ok(1..)) { return },
            healed = seen.wait_for(|trouble| *trouble != Some(Trouble::HalfOpen)) => {
                let _ended_with_its_proxy = healed;
                return;
            }
        }
    }
}

/// Waits for what ends a conversation at once, whatever is being said.
async fn interrupted(mut seen: Seen) -> Turn {
    let ends = |trouble: &Option<Trouble>| matches!(trouble, Some(Trouble::Reset | Trouble::HalfOpen));
    match seen.wait_for(ends).await.map(|trouble| *trouble) {
        Ok(Some(Trouble::HalfOpen)) => Turn::Deaf,
        _ => Turn::Broken,
    }
}

/// Waits until something may pass.
async fn passable(seen: &mut Seen) {
    // An error says that the proxy is gone: its connections are aborted with it.
    let _gone = seen.wait_for(|trouble| *trouble != Some(Trouble::Blackhole)).await;
}

/// A connection that is to be reset.
struct Broken;

/// Carries what one side says to the other, until it has no more to say.
async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, toward: Toward, mut seen: Seen) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK];
    let mut left = budget(&seen, toward);
    loop {
        let read = tokio::select! {
            biased;
            changed = seen.changed() => {
                if changed.is_err() {
                    return Err(Broken);
                }
                left = budget(&seen, toward);
                continue;
            }
            read = from.read(&mut chunk), if *seen.borrow() != Some(Trouble::Blackhole) => read.map_err(|_| Broken)?,
        };
        let trouble = *seen.borrow();
        if let Some(Trouble::Latency(late)) = trouble {
            tokio::time::sleep(late).await;
        }
        passable(&mut seen).await;
        if read == 0 {
            let _gone_already = to.shutdown().await;
            return Ok(());
        }
        let carried = left.map_or(read, |left| read.min(left));
        to.write_all(&chunk[..carried]).await.map_err(|_| Broken)?;
        if let Some(left) = &mut left {
            *left -= carried;
            if *left == 0 {
                return Err(Broken);
            }
        }
    }
}

/// How many bytes still pass.
fn budget(seen: &Seen, toward: Toward) -> Option<usize> {
    match *seen.borrow() {
        Some(Trouble::CutAfter(bytes, cut)) if cut == toward => Some(bytes),
        _ => None,
    }
}
