//! Decides whether a host is this machine itself, so that nobody can listen in between.

use std::net::IpAddr;

use url::Url;

/// Whether `host`, as it stands in a url, is this machine: the name `localhost` and the addresses of loopback. Names that
/// merely begin like them belong to others.
pub fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Whether what is sent to `url` can be read on its way to another machine: plain HTTP to anybody but this one.
pub fn is_plain_to_others(url: &str) -> bool {
    // Read as the client that connects reads it, which people may read otherwise.
    Url::parse(url.trim()).is_ok_and(|url| url.scheme() == "http" && !url.host_str().is_some_and(is_loopback))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_by_its_whole_name() {
        for host in
            ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.8.7", "::1", "[::1]", "[::ffff:127.0.0.1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "localhost.evil.example",
            "localhost-evil",
            "127.evil.example",
            "127.0.0.1.evil.example",
            "[::2]",
            "[::1].evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "search",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for url in [
            "http://localhost:9200",
            "HTTP://LOCALHOST",
            "http://127.0.0.1:9200",
            "http://127.1",
            "http://[::1]:9200",
            "https://search",
        ] {
            assert!(!is_plain_to_others(url), "{url}");
        }
        for url in [
            "http://search:9200",
            "http://localhost.evil.example",
            "http://127.evil.example:9200",
            "http://127.0.0.1.evil.example",
            "http://[::2]:9200",
            "http://evil.example\\@localhost:9200",
            "http://localhost@evil.example",
        ] {
            assert!(is_plain_to_others(url), "{url}");
        }
    }
}
