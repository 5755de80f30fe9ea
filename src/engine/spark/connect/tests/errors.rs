//! Every error is one printable line without secrets, and says what to do.

use std::sync::Arc;

use prost::bytes::Bytes;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tonic::{Code, Status};

use super::gates::{End, Failure, Script, Server, connect, options};
use crate::engine::spark::connect::refusal::Errors;
use crate::engine::spark::connect::{ConnectError, ConnectOptions, ConnectUrl, wire};
use crate::secret::Secret;

fn errors() -> Errors {
    let url: ConnectUrl = "sc://spark/;token=hunter2;x-key=hunter3".parse().unwrap();
    Errors::new(&url, &[Secret::new("hunter23")])
}

fn of_spark(class: &str, message: &str) -> ConnectError {
    let failure = Failure { message: message.to_owned(), ..Failure::spark(class) };
    let status = Status::with_details(Code::Internal, message, Bytes::from(failure.details()));
    errors().refusal(&status).error
}

#[test]
fn errors_of_spark_have_class_state_and_first_line() {
    let message =
        "[TABLE_OR_VIEW_NOT_FOUND] The table `x` cannot be found. SQLSTATE: 42P01; line 1 pos 14;\n'Project [*]";
    let error = of_spark("TABLE_OR_VIEW_NOT_FOUND", message);
    assert_eq!(error.to_string(), format!("{} SQLSTATE: HY000", message.lines().next().unwrap()));
    assert_eq!(error.class(), Some("TABLE_OR_VIEW_NOT_FOUND"));
    let ConnectError::Spark(spark) = &error else { panic!("{error:?}") };
    assert_eq!(spark.sql_state.as_deref(), Some("HY000"));
    assert_eq!(spark.message.lines().count(), 2);
    assert!(!error.is_transient());
}

#[test]
fn a_class_holds_its_subclasses() {
    let error = of_spark("DELTA_CONCURRENT_APPEND.WITH_HINT", "x");
    assert!(error.is_class("DELTA_CONCURRENT_APPEND") && error.is_class("DELTA_CONCURRENT_APPEND.WITH_HINT"));
    assert!(!error.is_class("DELTA_CONCURRENT") && !error.is_class("DELTA_CONCURRENT_APPEND.WITH_HINT.X"));
}

#[test]
fn the_end_of_a_session_and_of_an_operation_have_their_own_names() {
    assert!(matches!(of_spark("INVALID_HANDLE.SESSION_CLOSED", "x"), ConnectError::SessionClosed { .. }));
    assert!(matches!(of_spark("INVALID_HANDLE.SESSION_CHANGED", "x"), ConnectError::SessionLost { .. }));
    let shutting_down =
        of_spark("", "Cannot call methods on a stopped SparkContext.\nThis stopped SparkContext was created at: …");
    let told =
        "the Spark server has lost the session: it is shutting down: Cannot call methods on a stopped SparkContext.";
    assert!(matches!(shutting_down, ConnectError::SessionLost { .. }), "{shutting_down:?}");
    assert_eq!(shutting_down.to_string(), told);
    assert_eq!(of_spark("OPERATION_CANCELED", "x"), ConnectError::Cancelled);
}

#[test]
fn no_error_shows_a_secret_or_steers_a_terminal() {
    let error = of_spark("X", "\u{1b}[31m token hunter2, key hunter3\u{7},\rpassword hunter23\u{202e}\nhunter2");
    let ConnectError::Spark(spark) = &error else { panic!("{error:?}") };
    for text in [error.to_string(), format!("{error:?}"), spark.message.clone()] {
        assert!(!text.contains("hunter"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{text:?}");
    }
    assert_eq!(spark.message.lines().count(), 2);
}

#[test]
fn long_messages_are_cut() {
    let error = of_spark("X", &"plan of Ünits\n".repeat(100_000));
    let ConnectError::Spark(spark) = error else { panic!("{error:?}") };
    assert!(spark.message.len() < 9_000 && spark.message.ends_with('…'));
    assert!(errors().line(&"ü".repeat(10_000)).chars().count() <= 401);
}

#[test]
fn errors_of_grpc_say_what_kind_they_are() {
    let of = |code| errors().refusal(&Status::new(code, "told")).error;
    assert!(matches!(of(Code::Unauthenticated), ConnectError::Unauthenticated { .. }));
    assert!(matches!(of(Code::PermissionDenied), ConnectError::Unauthenticated { .. }));
    assert!(of(Code::Unavailable).is_transient());
    assert!(matches!(of(Code::Unimplemented), ConnectError::Protocol { .. }));
    assert!(matches!(of(Code::ResourceExhausted), ConnectError::Protocol { .. }));
}

#[test]
fn details_that_are_not_sparks_change_nothing() {
    for details in [&b""[..], b"\xff\xff", b"\x12\x03abc"] {
        let status = Status::with_details(Code::Unavailable, "gone", Bytes::copy_from_slice(details));
        assert!(matches!(errors().refusal(&status).error, ConnectError::Unreachable { .. }));
    }
}

#[tokio::test]
async fn a_refused_token_is_not_in_the_error() {
    let echo = Failure { code: 16, message: "hunter2 is not a token".to_owned(), ..Failure::default() };
    let server = Server::start(Script { refuses: Some(echo), ..Script::default() }).await;
    let error = connect(&format!("{}/;token=hunter2", server.url), &options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Unauthenticated { .. }), "{error}");
    assert!(error.to_string().contains("*** is not a token"), "{error}");
}

#[tokio::test]
async fn the_rest_of_a_cut_message_is_fetched() {
    let message = "[X] ".to_owned() + &"0123456789".repeat(300)[..2044];
    let cut = Failure { message, error_id: Some("e".to_owned()), ..Failure::spark("X") };
    let throwable = wire::SparkThrowable { error_class: Some("X.Y".to_owned()), sql_state: Some("22012".to_owned()) };
    let whole = wire::ErrorDetails {
        message: "[X.Y] first\nsecond".to_owned(),
        cause_idx: None,
        spark_throwable: Some(throwable),
    };
    let server = Server::start(Script {
        ends: [(0, End::Error(cut))].into(),
        whole: Some(wire::FetchErrorDetailsResponse { root_error_idx: Some(0), errors: vec![whole] }),
        ..Script::default()
    })
    .await;
    let session = connect(&server.url, &options()).await.unwrap();
    let error = session.command("SELECT 1").await.unwrap_err();
    assert_eq!(error.to_string(), "[X.Y] first SQLSTATE: 22012");
}

#[tokio::test]
async fn a_failed_write_has_its_causes_in_the_message() {
    let failed = Failure {
        message: "[TASK_WRITE_FAILED] Task failed".to_owned(),
        error_id: Some("e".to_owned()),
        ..Failure::spark("TASK_WRITE_FAILED")
    };
    let detail =
        |message: &str, cause_idx| wire::ErrorDetails { message: message.to_owned(), cause_idx, spark_throwable: None };
    // The causes form a circle.
    let errors = vec![detail("[TASK_WRITE_FAILED] Task failed", Some(1)), detail("disk full", Some(1))];
    let server = Server::start(Script {
        ends: [(0, End::Error(failed))].into(),
        whole: Some(wire::FetchErrorDetailsResponse { root_error_idx: Some(0), errors }),
        ..Script::default()
    })
    .await;
    let session = connect(&server.url, &options()).await.unwrap();
    let ConnectError::Spark(error) = session.command("SELECT 1").await.unwrap_err() else { panic!("of Spark") };
    assert!(error.message.starts_with("[TASK_WRITE_FAILED] Task failed\nCaused by: disk full\n"), "{}", error.message);
    assert_eq!(error.message.lines().count(), 11);
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let server = Server::start(Script::default()).await;
    server.leave().await;
    let error = connect(&server.url, &options()).await.unwrap_err();
    assert!(error.is_transient());
    assert!(error.to_string().starts_with(&format!("{} is unreachable: ", server.url)), "{error}");
    assert!(error.is_refused_connection(), "{error}");
    let cut = ConnectError::Unreachable { target: "sc://h".to_owned(), cause: "network is unreachable".to_owned() };
    assert!(cut.is_transient() && !cut.is_refused_connection());
}

#[tokio::test]
async fn another_protocol_is_not_spark_connect() {
    let web = wiremock::MockServer::start().await;
    let url = web.uri().replace("http://", "sc://");
    let error = connect(&url, &options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Protocol { .. }), "{error}");
    assert!(error.to_string().contains("names a Spark Connect server"), "{error}");
}

/// A server with a certificate of an authority of our own, and the file of that authority.
async fn tls() -> (Server, tempfile::TempDir) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let folder = tempfile::tempdir().unwrap();
    let pem = authority.self_signed(&key).unwrap().pem();
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let own = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&own, &issuer).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.der().to_vec())], private)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (Server::with_tls(Script::default(), Some(TlsAcceptor::from(Arc::new(config)))).await, folder)
}

#[tokio::test]
async fn a_certificate_must_come_from_an_authority_that_is_trusted() {
    let (server, folder) = tls().await;
    let url = format!("{}/;token=hunter2;use_ssl=true", server.url);
    let error = connect(&url, &options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("name the certificate of its authority as the CA file"), "{error}");

    let trusted = ConnectOptions { ca_file: Some(folder.path().join("ca.pem")), ..options() };
    assert_eq!(connect(&url, &trusted).await.unwrap().version().await.unwrap(), "4.2.1");

    for (name, part) in [("nothing.pem", "No such file"), ("empty.pem", "no certificate")] {
        std::fs::write(folder.path().join("empty.pem"), "").unwrap();
        let wrong = ConnectOptions { ca_file: Some(folder.path().join(name)), ..options() };
        let error = connect(&url, &wrong).await.unwrap_err();
        assert!(matches!(error, ConnectError::Tls { .. }) && error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn both_sides_must_speak_tls_or_neither() {
    let plain = Server::start(Script::default()).await;
    let error = connect(&format!("{}/;use_ssl=true", plain.url), &options()).await.unwrap_err();
    assert!(error.to_string().contains("the server speaks no TLS"), "{error}");

    let (secure, _folder) = tls().await;
    let error = connect(&secure.url, &options()).await.unwrap_err();
    assert!(error.to_string().contains("use_ssl=true"), "{error}");
}
