//! Requests to an engine at an address.

use std::{net::IpAddr, time::Duration};

use campanile_workers::egress::{Egress, EgressLimits, EgressPolicy, Request};
use clap::Args;
use http::{HeaderName, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Host, Url};

use crate::cli::{Failure, refused::words};

const LIMITS: EgressLimits = EgressLimits {
    connect: Duration::from_secs(10),
    // A slowed answer takes as long as hashing a password does on a busy machine.
    request: Duration::from_secs(30),
    body: 1024 * 1024,
};

/// Which engine.
#[derive(Debug, Args)]
pub(in crate::cli) struct ServerFlags {
    /// An engine's address, such as `https://campanile.example.com`, where `campanile login` was used
    #[arg(long, value_name = "URL", env = "CAMPANILE_SERVER")]
    pub(super) server: Option<Url>,

    /// Send passwords, sessions and keys in the open, to a server without TLS on another machine
    #[arg(long)]
    pub(super) insecure: bool,
}

impl ServerFlags {
    /// Whether any engine was named.
    pub(in crate::cli) const fn is_given(&self) -> bool {
        self.server.is_some()
    }

    /// The address, if one was given.
    pub(in crate::cli) fn address(&self) -> Result<Option<Url>, Failure> {
        self.server.clone().map(|server| base(server, self.insecure)).transpose()
    }
}

/// An address in its one form, if secrets may be sent there.
fn base(mut server: Url, insecure: bool) -> Result<Url, Failure> {
    let is_here = match server.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    };
    match server.scheme() {
        "https" => {}
        "http" if is_here || insecure => {}
        "http" => {
            let why = "is without TLS: a password would be sent in the open; use https, or say `--insecure`";
            return Err(Failure::Refused(format!("{server} {why}")));
        }
        _ => return Err(Failure::Refused(format!("{server} is not an address of the web"))),
    }
    server.set_query(None);
    server.set_fragment(None);
    if !server.path().ends_with('/') {
        let path = format!("{}/", server.path());
        server.set_path(&path);
    }
    Ok(server)
}

/// An engine.
#[derive(Debug)]
pub(super) struct Remote {
    egress: Egress,
    server: Url,
}

/// What it answered.
#[derive(Debug)]
pub(super) struct Answered {
    /// The status.
    pub(super) status: u16,
    /// The body; `null` where there is none.
    pub(super) body: Value,
}

impl Remote {
    /// The engine at this address. Who gives it means it: private networks are open.
    pub(super) fn at(server: Url) -> Self {
        let everywhere = ["0.0.0.0/0", "::/0"].map(|network| network.parse().expect("a network"));
        let policy = EgressPolicy { allow: everywhere.into() };
        Self { egress: Egress::new(policy, LIMITS), server }
    }

    /// Asks, with what opens the engine, in a workspace. A workspace that can't be one is for the engine to refuse.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        secret: Option<&SecretString>,
        workspace: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answered, Failure> {
        let url = self.url(path)?;
        let said = || body.map_or_else(|| "{}".to_owned(), Value::to_string).into_bytes();
        let mut request = match method {
            Method::GET => Request::get(url),
            Method::DELETE => Request::delete(url),
            Method::PATCH => Request::patch_json(url, said()),
            _ => Request::post_json(url, said()),
        };
        if let Some(secret) = secret {
            request = request.bearer(secret.expose_secret()).map_err(failed)?;
        }
        if let Some(workspace) = workspace {
            let name = HeaderName::from_static("campanile-workspace");
            request = request.header(name, workspace).map_err(failed)?;
        }
        self.send(request).await
    }

    async fn send(&self, request: Request) -> Result<Answered, Failure> {
        let response = self.egress.request(request).await;
        let response = response.map_err(|error| Failure::Failed(format!("{}: {error}", self.server)))?;
        let (status, body) = (response.status(), response.json().unwrap_or(Value::Null));
        Ok(Answered { status, body })
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        self.server.join(path).map_err(|error| Failure::Refused(format!("{}: {error}", self.server)))
    }
}

impl Answered {
    /// That a session was ended, here or before.
    pub(super) fn ended(self) -> Result<(), Failure> {
        if self.status == StatusCode::UNAUTHORIZED.as_u16() { Ok(()) } else { self.ok().map(drop) }
    }

    /// The body of a good answer.
    pub(super) fn ok(self) -> Result<Value, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let message = words(&self.body).unwrap_or_else(|| format!("the server answered {}", self.status));
        Err(if self.status < 500 { Failure::Refused(message) } else { Failure::Failed(message) })
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_the_open_to_this_machine_only() {
        for (text, form) in [
            ("https://campanile.example.com", Some("https://campanile.example.com/")),
            ("https://example.com/campanile?x#y", Some("https://example.com/campanile/")),
            ("http://localhost:8080", Some("http://localhost:8080/")),
            ("http://127.0.0.1:8080/", Some("http://127.0.0.1:8080/")),
            ("http://[::1]:8080/", Some("http://[::1]:8080/")),
            ("http://campanile.example.com", None),
            ("http://10.0.0.1:8080", None),
            ("http://localhost.example.com", None),
            ("ftp://localhost", None),
        ] {
            let read = base(text.parse().expect("an address"), false);
            assert_eq!(read.ok().as_ref().map(Url::as_str), form, "{text}");
        }
        assert!(base("http://10.0.0.1:8080".parse().expect("an address"), true).is_ok());
    }
}
