//! From a name to a connection, by way of the policy.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use campanile_events::timing::Timing;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::{Connection, EgressError, EgressPolicy, Request, Response};

/// The largest body that is taken.
const BODY_BYTES: usize = 1024 * 1024;
const CONNECT: Duration = Duration::from_secs(10);
/// How many addresses of a host get their share of the time.
const ADDRESSES: u32 = 3;

/// What an outgoing request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressLimits {
    /// Name, connection and TLS together.
    pub connect: Duration,
    /// From the first byte of the request to the last of the answer.
    pub request: Duration,
    /// The answer's body, in bytes.
    pub body: usize,
}

impl From<&Timing> for EgressLimits {
    fn from(timing: &Timing) -> Self {
        Self { connect: timing.request().min(CONNECT), request: timing.request(), body: BODY_BYTES }
    }
}

/// The client for everything outgoing. Clones share its certificates.
#[derive(Debug, Clone)]
pub struct Egress {
    policy: Arc<EgressPolicy>,
    limits: EgressLimits,
    tls: Arc<ClientConfig>,
}

impl Egress {
    /// A client that trusts Mozilla's roots.
    pub fn new(policy: EgressPolicy, limits: EgressLimits) -> Self {
        Self::trusting(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }, policy, limits)
    }

    pub(super) fn trusting(roots: RootCertStore, policy: EgressPolicy, limits: EgressLimits) -> Self {
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { policy: Arc::new(policy), limits, tls: Arc::new(tls) }
    }

    /// Whether every address of this host is one that the operator named.
    pub async fn names(&self, url: &Url) -> bool {
        match timeout(self.limits.connect, resolve(url)).await {
            Ok(Ok(addresses)) => addresses.iter().all(|address| self.policy.names(address.ip())),
            _ => false,
        }
    }

    /// Opens a connection to the host of `url`. What fails here was not sent.
    pub async fn connect(&self, url: &Url) -> Result<Connection, EgressError> {
        timeout(self.limits.connect, self.open(url)).await.unwrap_or(Err(EgressError::ConnectTimeout))
    }

    /// Opens a connection and sends one request: for what shows nothing.
    pub async fn request(&self, request: Request) -> Result<Response, EgressError> {
        self.connect(request.url()).await?.send(request).await
    }

    async fn open(&self, url: &Url) -> Result<Connection, EgressError> {
        let mut addresses = resolve(url).await?;
        // Whatever a name says on a second look, only what was checked here is connected to.
        addresses.retain(|address| self.policy.permits(address.ip()));
        let mut refused = EgressError::Forbidden;
        for address in addresses {
            // One address that swallows everything leaves time for the next.
            match timeout(self.limits.connect / ADDRESSES, dial(address)).await {
                Ok(Ok(stream)) => return self.begin(url, stream).await,
                Ok(Err(error)) => refused = EgressError::Connect(error.kind()),
                Err(_) => refused = EgressError::ConnectTimeout,
            }
        }
        Err(refused)
    }

    async fn begin(&self, url: &Url, stream: TcpStream) -> Result<Connection, EgressError> {
        if url.scheme() == "http" {
            return Connection::begin(url, TokioIo::new(stream), self.limits).await;
        }
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(server_name(url)?, stream).await.map_err(|_| EgressError::Tls)?;
        Connection::begin(url, TokioIo::new(stream), self.limits).await
    }
}

async fn dial(address: SocketAddr) -> std::io::Result<TcpStream> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that connects, after the address was checked")]
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn resolve(url: &Url) -> Result<Vec<SocketAddr>, EgressError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(EgressError::InvalidUrl("only http and https are spoken"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(EgressError::InvalidUrl("it holds a user or a password"));
    }
    let port = url.port_or_known_default().ok_or(EgressError::InvalidUrl("it names no port"))?;
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![(IpAddr::V4(address), port).into()]),
        Some(Host::Ipv6(address)) => Ok(vec![(IpAddr::V6(address), port).into()]),
        Some(Host::Domain(name)) => {
            let found: Vec<_> = lookup_host((name, port)).await.map_err(|_| EgressError::Resolve)?.collect();
            if found.is_empty() { Err(EgressError::Resolve) } else { Ok(found) }
        }
        None => Err(EgressError::InvalidUrl("it names no host")),
    }
}

fn server_name(url: &Url) -> Result<ServerName<'static>, EgressError> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => Ok(ServerName::from(IpAddr::V4(address))),
        Some(Host::Ipv6(address)) => Ok(ServerName::from(IpAddr::V6(address))),
        Some(Host::Domain(name)) => ServerName::try_from(name.to_owned()).map_err(|_| ()),
        None => Err(()),
    };
    name.map_err(|()| EgressError::InvalidUrl("its host is no name for a certificate"))
}
