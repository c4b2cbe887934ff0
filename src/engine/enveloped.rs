//! What the HTTP library answers by itself, in the API's own form.
//!
//! It refuses what it can't read as a request (a line that is none, an address or headers that are too long) before any
//! layer of ours is asked, with an empty body. Every answer of ours names its request; what goes out without such a
//! name is the library's, and is written anew.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::http::StatusCode;
use campanile_events::clock::SharedClock;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::api::http::unreadable;

/// A connection whose every answer has the API's form.
#[derive(Debug)]
pub(super) struct Enveloped<I> {
    io: I,
    clock: SharedClock,
    /// What stands for the library's words and isn't written yet.
    instead: Vec<u8>,
}

impl<I: AsyncWrite + Unpin> Enveloped<I> {
    pub(super) fn new(io: I, clock: SharedClock) -> Self {
        Self { io, clock, instead: Vec::new() }
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.instead.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(context, &self.instead))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.instead.drain(..written);
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the library's own refusal, if that is what would be written.
    fn replaces(&mut self, written: &[u8]) -> bool {
        let status = refusal(written);
        if let Some(status) = status {
            self.instead = unreadable(status, &self.clock).into_bytes();
        }
        status.is_some()
    }
}

/// The status of a refusal that no layer of ours has written. A head without a body is written at once.
fn refusal(written: &[u8]) -> Option<StatusCode> {
    let head = std::str::from_utf8(written.strip_prefix(b"HTTP/1.1 4")?.strip_suffix(b"\r\n\r\n")?).ok()?;
    if head.contains("\r\nx-request-id:") || head.contains("\r\n\r\n") {
        return None;
    }
    StatusCode::from_bytes(written.get(9..12)?).ok()
}

impl<I: AsyncRead + Unpin> AsyncRead for Enveloped<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Enveloped<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_instead(context))?;
        if let [only] = slices
            && self.replaces(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_layer_has_named_is_taken_for_the_librarys() {
        let bare = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(refusal(bare), Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        for ours in [
            "HTTP/1.1 404 Not Found\r\nx-request-id: req_1\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
            "{\"body\":\"HTTP/1.1 400\r\n\r\n",
        ] {
            assert_eq!(refusal(ours.as_bytes()), None, "{ours}");
        }
    }
}
