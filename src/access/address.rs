//! From where a request comes: its connection's address, or what trusted proxies say of it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of a request's connection; who comes over the folder's socket has none.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// The client's address. A proxy's word is taken only if the proxy is trusted: `X-Forwarded-For` is read from its end, and
/// the first address that is no trusted proxy's is the client's; what stands before it anybody could have written.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, proxies: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let peer = peer?.to_canonical();
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(',')).map(str::trim).filter(|hop| !hop.is_empty());
    let mut nearest = peer;
    for hop in hops {
        // A word that is no address hides who stands behind it: nobody beyond it can be told.
        let hop = address(hop)?;
        nearest = hop;
        if !is_trusted(&hop) {
            break;
        }
    }
    Some(nearest)
}

/// An address, with a port or not.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().or_else(|_| text.parse::<std::net::SocketAddr>().map(|it| it.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"].iter().map(|it| it.parse().expect("a network")).collect();
        for (peer, forwarded, client) in [
            ("198.51.100.1", &[][..], Some("198.51.100.1")),
            ("198.51.100.1", &["203.0.113.7"], Some("198.51.100.1")),
            ("::ffff:198.51.100.1", &[], Some("198.51.100.1")),
            ("10.0.0.1", &[], Some("10.0.0.1")),
            ("10.0.0.1", &["203.0.113.7"], Some("203.0.113.7")),
            ("::ffff:10.0.0.1", &["203.0.113.7"], Some("203.0.113.7")),
            ("fd00::1", &["2001:db8::7"], Some("2001:db8::7")),
            ("10.0.0.1", &["[2001:db8::7]:443"], Some("2001:db8::7")),
            ("10.0.0.1", &["203.0.113.7:51000"], Some("203.0.113.7")),
            // What the client wrote itself stands before what the proxies added.
            ("10.0.0.1", &["192.0.2.9, 203.0.113.7, 10.0.0.2"], Some("203.0.113.7")),
            ("10.0.0.1", &["192.0.2.9", "203.0.113.7"], Some("203.0.113.7")),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], Some("10.0.0.3")),
            ("10.0.0.1", &["192.0.2.9, unknown, 10.0.0.2"], None),
            ("10.0.0.1", &["somebody"], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append(FORWARDED_FOR, line.parse().expect("a header's value"));
            }
            let found = client_address(Some(peer.parse().expect("an address")), &headers, &proxies);
            assert_eq!(found, client.map(|it| it.parse().expect("an address")), "{peer} {forwarded:?}");
        }
        assert_eq!(client_address(None, &HeaderMap::new(), &proxies), None);
    }
}
