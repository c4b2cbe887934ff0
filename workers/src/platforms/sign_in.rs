//! Connecting an account on the platform's own page (OAuth 2.0), for platforms that have one: who owns the account says yes
//! there, and no token passes through anybody's hands.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use async_trait::async_trait;
use campanile_events::timing::Timing;
use serde::Serialize;
use url::{Host, Url};

use super::{ConnectError, ConnectField, ConnectRequest, Connected, Credentials, FieldForm, NotKept};

/// For clients that no page can lead back to: the platform shows the code to the person.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
/// Longer ones are refused by servers, too.
const LONGEST: usize = 2_000;

/// Where the platform's page leads back to; every way to sign in asks for it.
pub const REDIRECT_URI: ConnectField = ConnectField::new(
    "redirect_uri",
    FieldForm::Text,
    "Where the platform's page leads back to, with `code` and `state`: an https address, an http one of this machine \
     (`http://127.0.0.1:…`), or `urn:ietf:wg:oauth:2.0:oob` to have the code shown.",
);

/// What signing in takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SignInDescription {
    /// The fields of the request that begins it, told by their names; [`REDIRECT_URI`] is one of them.
    pub fields: &'static [ConnectField],
    /// What the account's owner is asked to allow, in the platform's own words.
    pub scopes: &'static [&'static str],
}

/// How an account is connected on the platform's own page.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Makes ready what that page needs, and says where it is.
    async fn begin(&self, request: SignInRequest<'_>) -> Result<Begun, ConnectError>;

    /// Exchanges the code that the page gave for credentials, and checks those as [`super::Platform::connect`] does.
    async fn finish(&self, code: &str, kept: &Credentials, timing: &Timing) -> Result<Connected, ConnectError>;
}

/// What a client gave to begin with, and what goes with it.
#[derive(Clone, Copy)]
pub struct SignInRequest<'a> {
    /// The fields, but for [`REDIRECT_URI`].
    pub given: &'a ConnectRequest,
    /// Where the page is to lead back to.
    pub redirect_uri: &'a RedirectUri,
    /// What it is to bring back unchanged: nobody can guess it.
    pub state: &'a str,
    /// What the platform's servers know this engine by, for this `redirect_uri`.
    pub apps: &'a dyn AppKeeper,
}

/// A way that was begun.
pub struct Begun {
    /// The platform's page.
    pub auth_url: Url,
    /// What finishing takes, in the adapter's own form: it may hold secrets.
    pub kept: Credentials,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("host", &self.auth_url.host_str()).finish_non_exhaustive()
    }
}

/// Where that is kept which servers know this engine by.
#[async_trait]
pub trait AppKeeper: Send + Sync {
    /// What this server knows it by.
    async fn get(&self, server: &str) -> Result<Option<Credentials>, NotKept>;

    /// Keeps it, in place of what was kept before.
    async fn keep(&self, server: &str, app: &Credentials) -> Result<(), NotKept>;
}

/// Where a platform's page may lead back to, exactly as the client wrote it: platforms compare it letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

/// A text that no page may lead back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be an https address without a fragment, an http one of this machine such as `http://127.0.0.1:8000/back`, or \
     `urn:ietf:wg:oauth:2.0:oob`"
)]
pub struct InvalidRedirectUri;

impl RedirectUri {
    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        // What a parser passes over (line breaks above all: they divide several addresses) is none of an address.
        let is_plain = text.bytes().all(|letter| letter.is_ascii_graphic() && letter != b'\\');
        if !is_plain || text.len() > LONGEST {
            return Err(InvalidRedirectUri);
        }
        if text == OUT_OF_BAND || leads_to_a_page(text) { Ok(Self(text.to_owned())) } else { Err(InvalidRedirectUri) }
    }
}

fn leads_to_a_page(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_nobodys = url.username().is_empty() && url.password().is_none();
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
        Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
        None => return false,
    };
    let is_whole = text.starts_with("https://") || (text.starts_with("http://") && is_here);
    is_whole && is_nobodys && url.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_leads_back_over_tls_or_to_this_machine() {
        for good in [
            "https://app.example/back",
            "https://app.example:8443/back?tab=2",
            "http://127.0.0.1:8000/back",
            "http://[::1]/back",
            "http://localhost:3000",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(good.parse::<RedirectUri>().map(|it| it.as_str().to_owned()), Ok(good.to_owned()));
        }
        let long = format!("https://app.example/{}", "a".repeat(2_000));
        for bad in [
            "",
            "/back",
            "app.example/back",
            "https:app.example",
            "https://",
            "http://app.example/back",
            "http://localhost.example/back",
            "http://127.0.0.1.example/back",
            "https://app.example/back#here",
            "https://me@app.example/back",
            "https://:hush@app.example/back",
            "https://app.example/a\nhttps://other.example",
            "https://app.example/a b",
            "https://app.example\\@other.example",
            "https://bücher.example/back",
            "javascript:alert(1)",
            "data:text/html,x",
            "urn:ietf:wg:oauth:2.0:oob:auto",
            "bells://back",
            &long,
        ] {
            assert_eq!(bad.parse::<RedirectUri>(), Err(InvalidRedirectUri), "{bad}");
        }
    }
}
