//! What a key is bound to, from what its events keep sealed, and back; and how origins and networks are written.

use std::collections::BTreeSet;

use campanile_events::{
    key::{Grant, Key},
    seal::{DataKey, Open, SealError, Sealed, fields},
};
use ipnet::{IpNet, Ipv4Net};
use url::Url;

/// How many bits of an address of IPv6 say that it is one of IPv4.
const MAPPED_BITS: u8 = 96;

/// A text that is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an origin such as `https://app.example.com`: scheme, host and port, no path, no `*`")]
pub struct InvalidOrigin;

/// What a key is allowed, in the open.
///
/// # Errors
/// If what is sealed doesn't open, or isn't what was sealed.
pub fn opened(data_key: &DataKey, key: &Key) -> Result<Grant, SealError> {
    let open = |field: &'static str, list: &[Sealed]| {
        list.iter().map(|text| data_key.open(field, text)).collect::<Result<Vec<_>, _>>()
    };
    let networks = open(fields::KEY_ALLOWED_IP, &key.allowed_ips)?;
    let networks = networks.iter().map(|text| text.as_str().parse::<IpNet>().map_err(|_| SealError::Malformed));
    Ok(Grant {
        scopes: key.scopes.clone(),
        mode: key.mode,
        expires_at: key.expires_at,
        rate_limit: key.rate_limit,
        allowed_accounts: key.allowed_accounts.clone(),
        allowed_origins: open(fields::KEY_ALLOWED_ORIGIN, &key.allowed_origins)?
            .iter()
            .map(|text| text.as_str().to_owned())
            .collect(),
        allowed_ips: networks.collect::<Result<_, _>>()?,
    })
}

/// Words as they are stored.
pub fn sealed<T: ToString>(data_key: &DataKey, field: &'static str, all: &BTreeSet<T>) -> Vec<Sealed> {
    all.iter().map(|one| data_key.seal(field, &Open::new(one.to_string()))).collect()
}

/// A network, or one address, in its one form: without bits that its mask drops.
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(|it| IpNet::from(it.to_canonical())));
    network.ok().map(|network: IpNet| as_v4(network).unwrap_or(network).trunc())
}

/// The network of IPv4 that one of IPv6 stands for: addresses come in that form.
fn as_v4(network: IpNet) -> Option<IpNet> {
    let IpNet::V6(mapped) = network else { return None };
    let length = mapped.prefix_len().checked_sub(MAPPED_BITS)?;
    Ipv4Net::new(mapped.addr().to_ipv4_mapped()?, length).ok().map(IpNet::V4)
}

/// An origin as browsers write it.
///
/// # Errors
/// If it is none, or is one that nothing can be told from.
pub fn origin(text: &str) -> Result<String, InvalidOrigin> {
    let url = Url::parse(text.trim()).map_err(|_| InvalidOrigin)?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let is_nobodys = url.username().is_empty() && url.password().is_none();
    if !(matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare && is_nobodys) || text.contains('*') {
        return Err(InvalidOrigin);
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_networks_have_one_form() {
        for (text, form) in [
            ("https://App.Example.com", Some("https://app.example.com")),
            ("https://app.example.com:443/", Some("https://app.example.com")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://münchen.example", Some("https://xn--mnchen-3ya.example")),
            ("https://app.example.com/path", None),
            ("https://app.example.com?x", None),
            ("https://me@app.example.com", None),
            ("app.example.com", None),
            ("file:///etc", None),
            ("null", None),
            ("*", None),
            ("https://*.example.com", None),
        ] {
            assert_eq!(origin(text).ok().as_deref(), form, "{text}");
        }
        for (text, form) in [
            ("203.0.113.7", Some("203.0.113.7/32")),
            ("203.0.113.7/24", Some("203.0.113.0/24")),
            ("2001:db8::1/32", Some("2001:db8::/32")),
            ("::ffff:203.0.113.7", Some("203.0.113.7/32")),
            ("::ffff:10.1.2.3/104", Some("10.0.0.0/8")),
            ("::ffff:0:0/96", Some("0.0.0.0/0")),
            ("::ffff:0:0/95", Some("::fffe:0:0/95")),
            ("::1", Some("::1/128")),
            ("203.0.113.0/33", None),
            ("here", None),
            ("", None),
        ] {
            assert_eq!(network(text).map(|it| it.to_string()).as_deref(), form, "{text}");
        }
    }
}
