//! One client's connection to a server of this machine.

use std::net::SocketAddr;

use axum::body::Bytes;
use http::{
    Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue},
};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: Method,
    path: String,
    body: Bytes,
}

impl Request {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Bytes::new() }
    }

    pub(super) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: body.to_string().into() }
    }
}

/// A connection that stays open, and the key that goes with each request.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    authorization: Option<HeaderValue>,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, secret: Option<&str>) -> anyhow::Result<Self> {
        #[expect(clippy::disallowed_methods, reason = "a server that this process or its child has just started")]
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        #[expect(clippy::disallowed_methods, reason = "a server that this process or its child has just started")]
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // How it ends is told to whoever asks next.
            drop(connection.await);
        });
        let authorization = secret.map(|secret| HeaderValue::try_from(format!("Bearer {secret}"))).transpose()?;
        Ok(Self { sender, authorization })
    }

    pub(super) async fn ask(&mut self, request: Request) -> anyhow::Result<(StatusCode, Bytes)> {
        let mut asked = http::Request::new(Full::new(request.body));
        *asked.method_mut() = request.method;
        *asked.uri_mut() = request.path.parse()?;
        let headers = asked.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.authorization.clone().map(|value| (AUTHORIZATION, value)));
        self.sender.ready().await?;
        let answer = self.sender.send_request(asked).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }
}
