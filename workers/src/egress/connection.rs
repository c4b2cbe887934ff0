//! One connection, for one request.

use std::{error::Error as _, io, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Bytes, Incoming},
    client::conn::http1::{Builder, SendRequest},
    rt::{Read, Write},
};
use tokio::{task::JoinHandle, time::timeout};
use url::{Origin, Url};

use super::{EgressError, EgressLimits, Request, Response};

const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 100;

/// An open connection that has carried nothing yet. Dropped, it is closed.
#[derive(Debug)]
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    origin: Origin,
    limits: EgressLimits,
    _driver: Driver,
}

/// The task that moves the bytes; it ends with its connection.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Connection {
    pub(super) async fn begin<T>(url: &Url, io: T, limits: EgressLimits) -> Result<Self, EgressError>
    where
        T: Read + Write + Send + Unpin + 'static,
    {
        let (mut sender, driver) = Builder::new()
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .handshake(io)
            .await
            .map_err(|_| EgressError::ClosedBefore)?;
        let driver = Driver(tokio::spawn(async move {
            // How it ended is told where the request waits.
            let _ = driver.await;
        }));
        sender.ready().await.map_err(|_| EgressError::ClosedBefore)?;
        Ok(Self { sender, origin: url.origin(), limits, _driver: driver })
    }

    /// Whether the other side has not hung up, as far as is known here.
    pub fn is_open(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends the one request and reads the whole answer. A redirect is an answer like any other.
    pub async fn send(self, request: Request) -> Result<Response, EgressError> {
        if request.url().origin() != self.origin {
            return Err(EgressError::InvalidUrl("it is not where this connection leads"));
        }
        let outgoing = request.into_http()?;
        let limit: Duration = self.limits.request;
        timeout(limit, self.exchange(outgoing)).await.unwrap_or(Err(EgressError::Timeout))
    }

    async fn exchange(mut self, outgoing: http::Request<Full<Bytes>>) -> Result<Response, EgressError> {
        let answer = self.sender.try_send_request(outgoing).await.map_err(|mut error| {
            // The request comes back only if its writing never began.
            if error.take_message().is_some() { EgressError::ClosedBefore } else { broken(error.error()) }
        })?;
        let (head, body) = answer.into_parts();
        let body = read(body, self.limits.body).await?;
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Vec<u8>, EgressError> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        if read.len() + bytes.len() > limit {
            return Err(EgressError::TooLarge);
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read)
}

fn broken(error: &hyper::Error) -> EgressError {
    if error.is_parse() || error.is_parse_too_large() {
        return EgressError::Unreadable;
    }
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe) => {
            EgressError::Reset
        }
        _ => EgressError::Closed,
    }
}
