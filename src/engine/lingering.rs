//! A connection that ends without losing its last answer.
//!
//! Who is answered before it has said everything, such as with 413, may still be writing. A system that closes a connection
//! with bytes unread resets it, and the answer that waits at the client is thrown away with it. So what is still to come is read
//! and thrown away for a while, once the answer is out.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// How much is read of what nobody wants.
const MOST: usize = 16 * 1024 * 1024;
/// How long the client may be silent meanwhile.
const SILENCE: Duration = Duration::from_secs(2);
/// How long it may take in all.
const WHOLE: Duration = Duration::from_secs(10);
const PIECE: usize = 16 * 1024;

/// A connection that lingers a little when it is shut down.
#[derive(Debug)]
pub(super) struct Lingering<I> {
    io: I,
    /// Since its shutdown.
    last: Option<Last>,
}

/// What is left of a connection's patience.
#[derive(Debug)]
struct Last {
    ends: Instant,
    silence: Pin<Box<Sleep>>,
    left: usize,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Lingering<I> {
    pub(super) fn new(io: I) -> Self {
        Self { io, last: None }
    }

    /// Reads until the client is done, or has had its time.
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let last = self.last.get_or_insert_with(|| {
            let now = Instant::now();
            Last { ends: now + WHOLE, silence: Box::pin(sleep_until(now + SILENCE)), left: MOST }
        });
        let mut piece = [0; PIECE];
        while last.left > 0 {
            if last.silence.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut read = ReadBuf::new(&mut piece);
            match ready!(Pin::new(&mut self.io).poll_read(context, &mut read)) {
                Ok(()) if !read.filled().is_empty() => last.left = last.left.saturating_sub(read.filled().len()),
                _ => return Poll::Ready(()),
            }
            last.silence.as_mut().reset(last.ends.min(Instant::now() + SILENCE));
        }
        Poll::Ready(())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Lingering<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.last.is_none() {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
        }
        self.poll_rest(context).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_a_client_still_says_is_taken_until_it_is_done() {
        let (client, server) = duplex(64);
        let (mut client, mut server) = (client, Lingering::new(server));
        let talk = async move {
            client.write_all(&vec![7; 100_000]).await.expect("taken");
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.expect("the answer");
            drop(client);
            heard
        };
        let answer = async move {
            server.write_all(b"no").await.expect("written");
            server.shutdown().await.expect("shut down");
            drop(server);
        };
        assert_eq!(tokio::join!(talk, answer).0, "no");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_in_vain_or_for_ever() {
        let began = Instant::now();
        let (silent, server) = duplex(64);
        Lingering::new(server).shutdown().await.expect("shut down");
        assert_eq!(began.elapsed().as_secs(), 2);
        drop(silent);

        let began = Instant::now();
        let (mut slow, server) = duplex(64);
        let talk = tokio::spawn(async move {
            while slow.write_all(b"more").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        Lingering::new(server).shutdown().await.expect("shut down");
        assert_eq!(began.elapsed().as_secs(), 10);
        talk.await.expect("told");

        let (mut fast, server) = duplex(1024 * 1024);
        let talk = tokio::spawn(async move {
            let mut said = 0;
            while fast.write_all(&vec![7; 64 * 1024]).await.is_ok() {
                said += 64 * 1024;
            }
            said
        });
        Lingering::new(server).shutdown().await.expect("shut down");
        let said = talk.await.expect("told");
        assert!((MOST..MOST + 2 * 1024 * 1024).contains(&said), "{said}");
    }
}
