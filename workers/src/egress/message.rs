//! A request as it leaves, and its answer.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use http_body_util::Full;
use hyper::body::Bytes;
use serde::de::DeserializeOwned;
use url::Url;

use super::EgressError;

const USER_AGENT: &str = concat!("Campanile/", env!("CARGO_PKG_VERSION"));

/// A request. Its headers may hold secrets and its body a text: neither shows in `Debug`.
#[derive(Clone)]
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// A request that asks.
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A request that does something and gives no body.
    pub fn post(url: Url) -> Self {
        Self { method: Method::POST, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A request that takes something away.
    pub fn delete(url: Url) -> Self {
        Self { method: Method::DELETE, url, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A request that gives JSON.
    pub fn post_json(url: Url, body: Vec<u8>) -> Self {
        Self::with_json(Method::POST, url, body)
    }

    /// A request that changes what is there, by JSON.
    pub fn patch_json(url: Url, body: Vec<u8>) -> Self {
        Self::with_json(Method::PATCH, url, body)
    }

    fn with_json(method: Method, url: Url, body: Vec<u8>) -> Self {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { method, url, headers, body: body.into() }
    }

    /// A request that gives a form of names and values.
    pub fn post_form(url: Url, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind)]);
        Self { method: Method::POST, url, headers, body: body.into() }
    }

    /// A request that gives a form with parts, whose boundary is `boundary`.
    ///
    /// # Errors
    /// If the boundary can't stand in a header.
    pub fn post_multipart(url: Url, boundary: &str, body: Vec<u8>) -> Result<Self, EgressError> {
        Self::post_bytes(url, &format!("multipart/form-data; boundary={boundary}"), body.into())
    }

    /// A request that gives bytes of some type.
    ///
    /// # Errors
    /// If the type can't stand in a header.
    pub fn post_bytes(url: Url, content_type: &str, body: Bytes) -> Result<Self, EgressError> {
        Self { method: Method::POST, url, headers: HeaderMap::new(), body }.header(header::CONTENT_TYPE, content_type)
    }

    /// The same with a bearer token.
    ///
    /// # Errors
    /// If the token can't stand in a header.
    pub fn bearer(self, token: &str) -> Result<Self, EgressError> {
        self.header(header::AUTHORIZATION, &format!("Bearer {token}"))
    }

    /// The same with one header more.
    ///
    /// # Errors
    /// If the value can't stand in a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Result<Self, EgressError> {
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| EgressError::InvalidUrl("a header's value has control characters"))?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }

    /// Where it goes.
    pub const fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn into_http(self) -> Result<http::Request<Full<Bytes>>, EgressError> {
        let target = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let mut outgoing = http::Request::new(Full::new(self.body));
        *outgoing.method_mut() = self.method;
        *outgoing.uri_mut() = target.parse().map_err(|_| EgressError::InvalidUrl("its path is not usable"))?;
        *outgoing.headers_mut() = self.headers;
        let headers = outgoing.headers_mut();
        headers.insert(header::HOST, host(&self.url)?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        Ok(outgoing)
    }
}

fn host(url: &Url) -> Result<HeaderValue, EgressError> {
    let name = url.host_str().ok_or(EgressError::InvalidUrl("it names no host"))?;
    let host = url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
    HeaderValue::from_str(&host).map_err(|_| EgressError::InvalidUrl("its host can't stand in a header"))
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A whole answer.
#[derive(Clone)]
pub struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Response {
    #[cfg(test)]
    pub(crate) fn for_test(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let named = |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        Self { status, headers: headers.iter().map(named).collect(), body: body.to_vec() }
    }

    /// Its status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether its status is of the 200s.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Its body as JSON of this form; `None` if it isn't.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
