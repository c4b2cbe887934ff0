//! Which addresses outgoing requests may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What is not a public host, by IANA's special-purpose registries.
const REFUSED_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(100, 64, 0, 0, 10),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 24),
    v4(192, 0, 2, 0, 24),
    v4(192, 31, 196, 0, 24),
    v4(192, 52, 193, 0, 24),
    v4(192, 88, 99, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    // Multicast, what is reserved, and broadcast.
    v4(224, 0, 0, 0, 3),
];

/// Global unicast; what lies outside is loopback, link-local, unique-local, multicast, mapped, NAT64 or unassigned.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 3);

/// Inside of it: IETF protocols with Teredo, benchmarks and ORCHID; documentation; 6to4; documentation again.
const REFUSED_V6: [Ipv6Net; 4] = [v6(0x2001, 0, 23), v6(0x2001, 0xdb8, 32), v6(0x2002, 0, 16), v6(0x3fff, 0, 20)];

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(a: u16, b: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), prefix)
}

/// Public addresses, and those that the operator named.
#[derive(Debug, Clone, Default)]
pub struct EgressPolicy {
    /// Networks that may be reached although they are not public.
    pub allow: Vec<IpNet>,
}

impl EgressPolicy {
    /// Whether a request may go to this address.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.names(address) || is_public(address)
    }

    /// Whether the operator named this address.
    pub fn names(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        self.allow.iter().any(|network| network.contains(&address) || network.contains(&plain))
    }
}

fn is_public(address: IpAddr) -> bool {
    // A mapped address reaches the IPv4 host inside it.
    match address.to_canonical() {
        IpAddr::V4(address) => !REFUSED_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !REFUSED_V6.iter().any(|network| network.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(allow: &[&str], address: &str) -> bool {
        let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
        EgressPolicy { allow }.permits(address.parse().unwrap())
    }

    #[test]
    fn only_public_addresses_are_reached() {
        for address in [
            "1.1.1.1",
            "9.9.9.9",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "2606:4700::1111",
            "2a00:1450::1",
            "2001:200::1",
            "2003::1",
        ] {
            assert!(permits(&[], address), "{address} is public");
        }
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::1.1.1.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:53aa:64c::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!permits(&[], address), "{address} is not public");
        }
    }

    #[test]
    fn a_private_address_is_reached_if_it_is_named() {
        assert!(permits(&["127.0.0.0/8"], "127.0.0.1"));
        assert!(permits(&["127.0.0.0/8"], "::ffff:127.0.0.1"));
        assert!(permits(&["fd00::/8", "10.1.0.0/16"], "10.1.2.3"));
        assert!(permits(&["fd00::/8"], "fd00::1"));
        assert!(!permits(&["10.1.0.0/16"], "10.2.0.1"));
        assert!(!permits(&["127.0.0.0/8"], "::1"));
    }
}
