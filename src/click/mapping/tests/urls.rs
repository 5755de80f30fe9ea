//! What the rules make of a url.

use proptest::prelude::*;
use url::Url;

use super::*;

/// The url of an event with this url.
fn ruled(rules: &UrlRules, url: &str) -> Result<String, String> {
    let mut mapping = mapping(Form::Json, None, "user", "at", "url");
    mapping.url_rules = rules.clone();
    let event = serde_json::json!({"user": "u", "at": 1_769_851_800, "url": url});
    read(&mut decoder(&mapping), &event.to_string()).map(|click| click[3].clone())
}

fn path_only() -> UrlRules {
    UrlRules { path_only: true, ..UrlRules::default() }
}

fn only(names: &[&str]) -> Query {
    Query::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn parts_are_removed_and_the_rest_stays_as_it_is() {
    let query = |query: Query| UrlRules { query, ..UrlRules::default() };
    let drop_fragment = UrlRules { drop_fragment: true, ..UrlRules::default() };
    let lower = UrlRules { lower_case_host: true, ..UrlRules::default() };
    let all = UrlRules { path_only: true, query: only(&["q"]), drop_fragment: true, lower_case_host: true };
    let url = "https://Me:Pass@Shop.Example.COM:8443/A%2fb/?q=%41&x=1&q=2&y#Top";
    let cases = [
        (UrlRules::default(), url, url),
        (path_only(), url, "/A%2fb/?q=%41&x=1&q=2&y#Top"),
        (path_only(), "http://example.com", "/"),
        (path_only(), "http://example.com?a=1", "/?a=1"),
        (path_only(), "http://example.com#top", "/#top"),
        (path_only(), "//example.com/a", "/a"),
        (path_only(), "/a?u=http://example.com/", "/a?u=http://example.com/"),
        (path_only(), "a/b", "a/b"),
        (path_only(), "mailto:me@example.com", "mailto:me@example.com"),
        (query(Query::Drop), url, "https://Me:Pass@Shop.Example.COM:8443/A%2fb/#Top"),
        (query(Query::Drop), "/a?", "/a"),
        (query(Query::Drop), "/a#x?y", "/a#x?y"),
        (query(only(&["q"])), url, "https://Me:Pass@Shop.Example.COM:8443/A%2fb/?q=%41&q=2#Top"),
        (query(only(&["q", "x", "y"])), url, url),
        (query(only(&["y"])), "/a?x=1&y", "/a?y"),
        (query(only(&["z", "Q"])), "/a?q=1#x", "/a#x"),
        (query(only(&["é"])), "/a?%C3%A9=1&é=2", "/a?é=2"),
        (drop_fragment, url, "https://Me:Pass@Shop.Example.COM:8443/A%2fb/?q=%41&x=1&q=2&y"),
        (lower.clone(), url, "https://Me:Pass@shop.example.com:8443/A%2fb/?q=%41&x=1&q=2&y#Top"),
        (lower.clone(), "HTTP://[2001:DB8::1]/A", "HTTP://[2001:db8::1]/A"),
        (lower, "/A//B", "/A//B"),
        (all, url, "/A%2fb/?q=%41&q=2"),
    ];
    for (rules, url, expected) in cases {
        assert_eq!(ruled(&rules, url).as_deref(), Ok(expected), "{rules:?} {url}");
    }
}

#[test]
fn a_url_of_which_nothing_stays_is_missing() {
    let rules = UrlRules { query: Query::Drop, drop_fragment: true, ..UrlRules::default() };
    assert!(ruled(&rules, "?a=1#x").is_err_and(|error| error.starts_with("`url` is missing or empty")));
}

prop_compose! {
    fn any_rules()(
        path_only in any::<bool>(),
        query in prop_oneof![Just(Query::Keep), Just(Query::Drop), Just(only(&["a", "b c", "é"]))],
        drop_fragment in any::<bool>(),
        lower_case_host in any::<bool>(),
    ) -> UrlRules {
        UrlRules { path_only, query, drop_fragment, lower_case_host }
    }
}

proptest! {
    /// Rules that are applied twice change nothing more, whatever the text.
    #[test]
    fn rules_are_stable_on_any_text(rules in any_rules(), url in "([a-zA-Zé]{0,3}|//?|:|[?#&=@]|%4|\\PC){0,16}") {
        if let Ok(once) = ruled(&rules, &url) {
            prop_assert!(once.len() <= url.len() + 1);
            // A path that begins with two slashes looks like a host.
            if !(rules.path_only && once.starts_with("//")) {
                prop_assert_eq!(ruled(&rules, &once), Ok(once));
            }
        }
    }

    /// What the url crate says of ordinary urls.
    #[test]
    fn ordinary_urls_are_read_like_the_url_crate_reads_them(
        rules in any_rules(),
        host in "[a-z]{1,8}\\.[a-z]{2,3}", port in prop::option::of(1024_u16..9999), path in "(/[a-zA-Z0-9._-]{1,6}){0,3}/?",
        query in prop::option::of("([abx]=[a-z0-9%2F+]{0,4}&){0,3}[abx]=1"), fragment in prop::option::of("[a-z]{1,5}"),
    ) {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
        let url = format!("https://{host}{port}/{}{query}{fragment}", path.trim_start_matches('/'));
        let mut expected = Url::parse(&url).expect("an ordinary url");
        prop_assume!(expected.as_str() == url);
        match &rules.query {
            Query::Keep => {}
            Query::Drop => expected.set_query(None),
            Query::Only(names) => {
                let kept: Vec<&str> = expected
                    .query()
                    .unwrap_or_default()
                    .split('&')
                    .filter(|one| names.iter().any(|name| one.split('=').next() == Some(name)))
                    .collect();
                let kept = kept.join("&");
                expected.set_query(if kept.is_empty() { None } else { Some(&kept) });
            }
        }
        if rules.drop_fragment {
            expected.set_fragment(None);
        }
        let expected = match rules.path_only {
            true => expected[url::Position::BeforePath..].to_owned(),
            false => expected.to_string(),
        };
        prop_assert_eq!(ruled(&rules, &url), Ok(expected));
        let shouted = format!("https://{}{}", host.to_uppercase(), &url[8 + host.len()..]);
        let lowered = UrlRules { lower_case_host: true, path_only: false, ..rules.clone() };
        prop_assert_eq!(ruled(&lowered, &shouted), ruled(&lowered, &url));
    }
}
