//! The address that bytes are given to, and its signature.

use axum::http::{HeaderMap, header};
use campanile_events::{
    ids::{MediaId, SessionId},
    seal::MasterKey,
};
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::{Host, Url};

use crate::api::http::{ApiError, Parameters};

const PURPOSE: &str = "media-upload";

/// Signs addresses, and knows them again.
pub struct UploadLinks {
    key: Hmac<Sha256>,
    public_url: Option<Url>,
}

impl std::fmt::Debug for UploadLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadLinks").finish_non_exhaustive()
    }
}

/// What an address allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) struct Upload {
    /// Whose bytes.
    pub(in crate::api) id: MediaId,
    /// How many.
    pub(in crate::api) bytes: u64,
    /// Until when, in whole seconds.
    pub(in crate::api) expires_at: DateTime<Utc>,
    /// The session that it was given to, and ends with; `None` for a key's.
    pub(in crate::api) session: Option<SessionId>,
}

impl UploadLinks {
    /// Signs with a key derived from the master key. Without a public address the one counts that the client used.
    pub fn new(master_key: &MasterKey, public_url: Option<Url>) -> Self {
        let key = Hmac::new_from_slice(master_key.derive(PURPOSE).as_slice()).expect("HMAC takes keys of any length");
        Self { key, public_url }
    }

    /// What addresses begin with.
    pub(in crate::api) fn base(&self, headers: &HeaderMap) -> Result<String, ApiError> {
        if let Some(url) = &self.public_url {
            return Ok(url.as_str().trim_end_matches('/').to_owned());
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let url = host.and_then(|host| Url::parse(&format!("http://{host}")).ok()).filter(|url| url.path() == "/");
        let missing = || ApiError::invalid("Host", "invalid", "must name this server, or `--public-url` has to");
        Ok(url.ok_or_else(missing)?.as_str().trim_end_matches('/').to_owned())
    }

    /// What links begin with that are handed on to people: the public address, or that of this very machine. A `Host` that
    /// names another could be of anybody's making, and would be sent passwords.
    pub(in crate::api) fn page_base(&self, headers: &HeaderMap) -> Option<String> {
        let base = self.base(headers).ok()?;
        let is_here = |url: &Url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let safe = self.public_url.is_some() || Url::parse(&base).is_ok_and(|url| is_here(&url));
        safe.then_some(base)
    }

    /// An address that takes these bytes.
    pub(in crate::api) fn url(&self, base: &str, upload: &Upload) -> String {
        let signature = self.signed(upload).finalize().into_bytes();
        let signature = hex::encode(signature);
        let Upload { id, bytes, expires_at, session } = upload;
        let expires = expires_at.timestamp();
        let session = session.map(|session| format!("&session={session}")).unwrap_or_default();
        format!("{base}/v1/media/{id}/content?bytes={bytes}&expires={expires}{session}&signature={signature}")
    }

    /// What an address allows; `not_found` if nobody here signed it, `invalid_request` if somebody added to it.
    pub(in crate::api) fn read(&self, id: MediaId, mut given: Parameters) -> Result<Upload, ApiError> {
        let unknown = || ApiError::not_found("upload address");
        let bytes = given.text("bytes").and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
        let expires = given.text("expires").and_then(|text| text.parse().ok()).ok_or_else(unknown)?;
        let expires_at = DateTime::from_timestamp(expires, 0).ok_or_else(unknown)?;
        let session = given.text("session").map(|text| text.parse()).transpose().map_err(|_| unknown())?;
        let signature = given.text("signature").and_then(|text| hex::decode(text).ok()).ok_or_else(unknown)?;
        let upload = Upload { id, bytes, expires_at, session };
        self.signed(&upload).verify_slice(&signature).map_err(|_| unknown())?;
        given.finish()?;
        Ok(upload)
    }

    fn signed(&self, upload: &Upload) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(upload.id.uuid().as_bytes());
        mac.update(&upload.bytes.to_be_bytes());
        mac.update(&upload.expires_at.timestamp().to_be_bytes());
        // All that stands before has a fixed length: with a session and without, no two addresses are signed alike.
        if let Some(session) = upload.session {
            mac.update(session.uuid().as_bytes());
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use axum::{extract::FromRequestParts, http::Request};

    use super::*;

    fn links(public_url: Option<&str>) -> UploadLinks {
        let master = MasterKey::from_hex(&"ab".repeat(32)).expect("a key");
        UploadLinks::new(&master, public_url.map(|url| url.parse().expect("a url")))
    }

    async fn read(url: &str, id: MediaId) -> Result<Upload, ApiError> {
        let (mut parts, ()) = Request::get(url).body(()).expect("a request").into_parts();
        let given = Parameters::from_request_parts(&mut parts, &()).await.expect("parameters");
        links(None).read(id, given)
    }

    #[tokio::test]
    async fn an_address_allows_what_it_was_signed_for_and_nothing_else() {
        let id = MediaId::from(uuid::Uuid::from_u128(7));
        let expires_at = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let upload = Upload { id, bytes: 70, expires_at, session: None };
        let url = links(None).url("http://127.0.0.1:1", &upload);
        assert_eq!(read(&url, id).await.expect("its own"), upload);
        let [one, other] = [1, 2].map(|number| SessionId::from(uuid::Uuid::from_u128(number)));
        let in_session = Upload { session: Some(one), ..upload };
        let held = links(None).url("http://127.0.0.1:1", &in_session);
        assert_eq!(read(&held, id).await.expect("its own"), in_session);
        let session = format!("&session={one}");
        let others = [
            held.replace(&session, ""),
            held.replace(&session, "&session="),
            held.replace(&session, "&session=x"),
            held.replace(&one.to_string(), &other.to_string()),
            format!("{url}{session}"),
        ];
        for other in others {
            assert!(read(&other, id).await.is_err(), "{other}");
        }
        assert!(read(&url, MediaId::from(uuid::Uuid::from_u128(8))).await.is_err());
        for (from, to) in [("bytes=70", "bytes=71"), ("1800000000", "1800000001"), ("signature=", "signature=00")] {
            let other = url.replace(from, to);
            assert_ne!(other, url);
            assert!(read(&other, id).await.is_err(), "{other}");
        }
        assert!(read("http://127.0.0.1:1/", id).await.is_err());
        for more in ["&x=1", "&bytes=70"] {
            let refused = read(&format!("{url}{more}"), id).await.expect_err(more);
            assert_eq!((refused.code.as_str(), refused.details.len()), ("invalid_request", 1), "{more}");
        }
    }

    #[test]
    fn an_address_begins_as_the_operator_says_or_the_client_came() {
        let host = HeaderMap::from_iter([(header::HOST, "127.0.0.1:8080".parse().expect("a header"))]);
        assert_eq!(links(None).base(&host).expect("a host"), "http://127.0.0.1:8080");
        assert_eq!(links(Some("https://b.example/c/")).base(&host).expect("a url"), "https://b.example/c");
        assert!(links(None).base(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_link_for_people_begins_as_the_operator_says_or_at_this_machine() {
        let headers = |host: &str| HeaderMap::from_iter([(header::HOST, host.parse().expect("a header"))]);
        for (host, base) in [
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("[::1]:8080", Some("http://[::1]:8080")),
            ("localhost", Some("http://localhost")),
            ("evil.example", None),
            ("localhost.evil.example", None),
            ("127.0.0.1@evil.example", None),
            ("10.0.0.1:8080", None),
        ] {
            assert_eq!(links(None).page_base(&headers(host)).as_deref(), base, "{host}");
            let named = links(Some("https://b.example/c/")).page_base(&headers(host));
            assert_eq!(named.as_deref(), Some("https://b.example/c"), "{host}");
        }
        assert_eq!(links(None).page_base(&HeaderMap::new()), None);
    }
}
