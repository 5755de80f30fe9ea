//! The address of a visitor, as servers and proxies write it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most addresses of a list that are looked at. No honest request passes more proxies.
const MOST: usize = 32;

/// The public address in `text`; `None` if there is none.
///
/// `text` is one address, perhaps with a port, or a list of forwarded ones, as `X-Forwarded-For` and `Forwarded` have it. The first
/// public address counts: proxies add their own behind that of the visitor, and a private one before it is that of a machine behind
/// the visitor's router.
pub fn public_address(text: &str) -> Option<IpAddr> {
    // Most texts are one address and nothing else.
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(canonical(address)).filter(|address| is_public(*address));
    }
    text.split([',', ';']).take(MOST).filter_map(address).find(|address| is_public(*address))
}

/// The address in one part of a list.
fn address(part: &str) -> Option<IpAddr> {
    let part = part.trim();
    let part = match part.get(..4) {
        Some(key) if key.eq_ignore_ascii_case("for=") => part.get(4..)?,
        _ => part,
    };
    let part = part.trim_matches('"').trim();
    let bare = match part.strip_prefix('[') {
        Some(inside) => inside.split(']').next()?,
        // An IPv4 address with a port; one of version 6 has more colons.
        None => match part.split_once(':') {
            Some((host, port)) if !port.contains(':') => host,
            _ => part,
        },
    };
    // The zone of a link-local address.
    let bare = bare.split('%').next()?;
    let address: IpAddr = bare.parse().ok()?;
    Some(canonical(address))
}

/// The address of version 4 that stands in one of version 6, as a mapped one or by 6to4 (RFC 3056); else the address itself.
fn canonical(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if address.segments()[0] == 0x2002 => {
            let [_, _, a, b, c, d, ..] = address.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        address => address,
    }
}

/// Whether the address belongs to a place in the world. The lists are those of IANA, of what is not globally reachable.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_benchmark = first == 198 && matches!(second, 18 | 19);
    let is_protocol = (first, second, third) == (192, 0, 0);
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_broadcast()
        || is_shared
        || is_benchmark
        || is_protocol
        || first == 0
        || first >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_documentation = (first, second) == (0x2001, 0x0db8);
    // It tells where the server of a tunnel is, and not where the visitor is.
    let is_teredo = (first, second) == (0x2001, 0);
    let is_global = first & 0xe000 == 0x2000;
    is_global && !is_documentation && !is_teredo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        public_address(text).map(|address| address.to_string())
    }

    #[test]
    fn an_address_may_have_a_port_brackets_or_quotes() {
        for (text, expected) in [
            ("8.8.8.8", "8.8.8.8"),
            (" 8.8.8.8 ", "8.8.8.8"),
            ("8.8.8.8:5312", "8.8.8.8"),
            ("2a00:1450:4007::1", "2a00:1450:4007::1"),
            ("[2a00:1450:4007::1]:443", "2a00:1450:4007::1"),
            ("::ffff:8.8.8.8", "8.8.8.8"),
            ("2002:808:808::1", "8.8.8.8"),
            ("for=\"[2a00:1450:4007::1]:80\";proto=https", "2a00:1450:4007::1"),
            ("For=8.8.8.8", "8.8.8.8"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn of_a_list_the_first_public_address_counts() {
        assert_eq!(shown("8.8.8.8, 9.9.9.9").as_deref(), Some("8.8.8.8"));
        assert_eq!(shown("10.1.2.3, unknown, 8.8.8.8, 9.9.9.9").as_deref(), Some("8.8.8.8"));
        assert_eq!(shown("for=192.168.0.1, for=8.8.4.4").as_deref(), Some("8.8.4.4"));
        let endless = "10.0.0.1,".repeat(1_000_000);
        assert_eq!(shown(&format!("{endless}8.8.8.8")), None);
    }

    #[test]
    fn a_private_address_or_none_has_no_place() {
        for text in [
            "",
            "-",
            "unknown",
            "_hidden",
            "8.8.8",
            "8.8.8.xxx",
            "localhost",
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "192.0.2.1",
            "::1",
            "fe80::1%eth0",
            "fc00::1",
            "2001:db8::1",
            "2001:0:808:808::1",
            "2002:a00:1::1",
            "::ffff:10.0.0.1",
            "é",
            "for=",
            "[",
            "[]:1",
            ":",
            "\u{1b}[2J",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
