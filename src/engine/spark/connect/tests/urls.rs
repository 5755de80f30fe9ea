//! Connection strings: what people write, what they get wrong, and that no secret is printed.

use proptest::prelude::*;

use crate::engine::spark::connect::{ConnectUrl, UrlError};

fn url(text: &str) -> ConnectUrl {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn refused(text: &str) -> String {
    match text.parse::<ConnectUrl>() {
        Ok(url) => panic!("{text} is taken as {url}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn host_and_port_are_read_as_spark_documents_them() {
    for (text, target) in [
        ("sc://spark", "sc://spark:15002"),
        ("sc://myhost.com/", "sc://myhost.com:15002"),
        (" sc://myhost.com:443/;use_ssl=true ", "sc://myhost.com:443"),
        ("sc://127.0.0.1:7077", "sc://127.0.0.1:7077"),
        ("sc://[::1]:15003/;user_id=ann", "sc://[::1]:15003"),
        ("sc://[::1]", "sc://[::1]:15002"),
    ] {
        assert_eq!(url(text).target(), target, "{text}");
    }
}

#[test]
fn parameters_are_read_and_percent_decoded() {
    let id = "550e8400-e29b-41d4-a716-446655440000";
    let url = url(&format!(
        "sc://spark/;token=a%3Bb%3D;use_ssl=true;user_id=Ann%20B;user_agent=wall;session_id={id};\
         grpc_max_message_size=268435456;x-cluster-id=0815"
    ));
    assert_eq!(url.token().unwrap().expose(), "a;b=");
    assert_eq!((url.user_id(), url.user_agent()), ("Ann B", Some("wall")));
    assert_eq!(url.session_id().unwrap().to_string(), id);
    assert_eq!(url.max_message(), 268_435_456);
    let headers: Vec<_> = url.headers().map(|(name, value)| (name, value.expose())).collect();
    assert_eq!(headers, [("x-cluster-id", "0815")]);
    assert!(url.uses_tls());
}

#[test]
fn every_console_has_the_same_user_unless_the_url_names_one() {
    assert_eq!(url("sc://spark").user_id(), "clicktop");
}

#[test]
fn a_token_switches_tls_on_except_to_this_machine() {
    for (text, tls, warns) in [
        ("sc://spark", false, false),
        ("sc://spark/;use_ssl=true", true, false),
        ("sc://spark/;token=hunter2", true, false),
        ("sc://spark/;token=hunter2;use_ssl=true", true, false),
        ("sc://spark/;token=hunter2;use_ssl=false", false, true),
        ("sc://localhost/;token=hunter2", false, false),
        ("sc://localhost.evil.example/;token=hunter2;use_ssl=false", false, true),
        ("sc://127.0.0.1/;token=hunter2;use_ssl=true", true, false),
    ] {
        let url = url(text);
        assert_eq!((url.uses_tls(), url.warning().is_some()), (tls, warns), "{text}");
        assert!(!url.warning().unwrap_or_default().contains("hunter2"));
    }
}

#[test]
fn a_url_prints_without_token_and_headers() {
    let url = url("sc://spark/;token=hunter2;user_id=ann;x-key=hunter3");
    assert_eq!(url.to_string(), "sc://spark:15002/;token=***;user_id=ann;x-key=***");
    assert_eq!(format!("{url:?}"), r#""sc://spark:15002/;token=***;user_id=ann;x-key=***""#);
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    for (text, part) in [
        ("spark:15002", "begin it with sc://"),
        ("http://spark:15002", "begin it with sc://"),
        ("sc://", "it has no host"),
        ("sc://:15002", "it has no host"),
        ("sc://a b", "neither a name nor an address"),
        ("sc://spark:0", "from 1 to 65535"),
        ("sc://spark:70000", "from 1 to 65535"),
        ("sc://spark:", "from 1 to 65535"),
        ("sc://spark;use_ssl=true", "put a / before the first ;"),
        ("sc://ann:hunter2@spark", "name the user as a parameter"),
        ("sc://spark/?token=hunter2", "parameters follow /;"),
        ("sc://myhost.com:443/mypathprefix/;token=hunter2", "has no path"),
        ("sc://spark/;token", "NAME=VALUE"),
        ("sc://spark/;token=", "token is not empty"),
        ("sc://spark/;token=hunter2;token=hunter2", "token stands there twice"),
        ("sc://spark/;tokn=hunter2", "did you mean token?"),
        ("sc://spark/;Token=hunter2", "did you mean token?"),
        ("sc://spark/;cluster=hunter2", "headers that begin with x-"),
        ("sc://spark/;use_ssl=hunter2", "use_ssl is `true` or `false`"),
        ("sc://spark/;session_id=hunter2", "session_id is a UUID"),
        ("sc://spark/;grpc_max_message_size=12", "from 1048576"),
        ("sc://spark/;token=hunter2%0Aevil: x", "printable ASCII"),
        ("sc://spark/;token=%FF", "UTF-8"),
        ("sc://spark/;x-key-bin=hunter2", "cannot be the name of a header"),
    ] {
        let said = refused(text);
        assert!(said.contains(part), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{text}: {said}");
    }
    assert_eq!("spark".parse::<ConnectUrl>(), Err(UrlError::Scheme));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}", rest in ".{0,200}") {
        let _ = text.parse::<ConnectUrl>();
        let _ = format!("sc://{text}").parse::<ConnectUrl>();
        let _ = format!("sc://spark/;{text}={rest}").parse::<ConnectUrl>();
    }

    #[test]
    fn no_print_and_no_error_shows_a_token(
        token in "[A-Z0-9]{12,40}",
        before in "(;?(use_ssl=(true|false|x)|user_id=[a-z]{1,9}|y=1|x-a=[a-z]{1,9})){0,2}",
        after in "(;(use_ssl=(true|false|x)|session_id=[a-z]{1,9}|z)){0,2}",
        name in "(token|x-key|tokn|Token|user_agent_|[a-z]{1,8})",
        host in "(spark|local|[a-z]{1,5}:[0-9]{1,6}|\\[::1\\])",
    ) {
        let text = format!("sc://{host}/;{before};{name}={token}{after}");
        match text.parse::<ConnectUrl>() {
            Ok(url) => {
                let printed = format!("{url} {url:?} {:?}", url.warning());
                prop_assert!(!printed.contains(&token), "{}", printed);
                // What it prints is a connection string, too.
                prop_assert!(url.to_string().parse::<ConnectUrl>().is_ok());
            }
            Err(error) => {
                let printed = format!("{error} {error:?}");
                prop_assert!(!printed.contains(&token), "{}", printed);
            }
        }
    }
}
