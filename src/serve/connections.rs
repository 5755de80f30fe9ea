//! Takes connections in and serves them: a bounded number, each with time-outs, so that nobody who connects and does nothing, or who never
//! reads, costs more than a little memory for a little while.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use super::doors::{Door, Listener};

/// Connections that a door serves at once. Others wait until one ends.
const MOST_CONNECTIONS: usize = 256;

/// How long the head of a request may take, and a connection may be idle.
const HEAD: Duration = Duration::from_secs(30);

/// How long a write may wait for the reader. After that the reader is gone or hangs, and the connection is closed.
const WRITE: Duration = Duration::from_secs(10);

/// How long the handshake of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Bytes of the head of a request, and of what waits to be written.
const BUFFER: usize = 64 * 1024;

/// Most headers of a request.
const MOST_HEADERS: usize = 64;

/// Bytes of a TCP connection that the system holds for a slow reader.
const SEND_BUFFER: usize = 128 * 1024;

/// The pause after a connection could not be taken in, such as for want of file descriptors.
const AFTER_ERROR: Duration = Duration::from_millis(200);

/// Serves `router` to everybody who comes through `door`, until it is aborted; the connections then end with it.
pub(super) async fn serve(door: Door, router: Router) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let router = router.clone();
        let accepted = match &door.listener {
            Listener::Socket(socket) => socket.accept().await.map(|stream| {
                connections.spawn(async move {
                    connection(stream, router).await;
                    drop(permit);
                });
            }),
            Listener::Tcp(listener, tls) => listener.accept().await.map(|(stream, _)| {
                // A connection works without them, too.
                let _ = stream.set_nodelay(true);
                let _ = SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
                let tls = tls.clone();
                connections.spawn(async move {
                    match tls {
                        None => connection(stream, router).await,
                        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.0.accept(stream)).await {
                            Ok(Ok(stream)) => connection(stream, router).await,
                            Ok(Err(error)) => tracing::debug!(target: "service", "no TLS: {error}"),
                            Err(_) => tracing::debug!(target: "service", "no TLS: the handshake took too long"),
                        },
                    }
                    drop(permit);
                });
            }),
        };
        if let Err(error) = accepted {
            tracing::warn!(target: "service", "{door}: no connection: {error}");
            tokio::time::sleep(AFTER_ERROR).await;
        }
    }
}

/// Serves one connection to its end.
async fn connection(stream: impl AsyncRead + AsyncWrite + Send + 'static, router: Router) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { router.oneshot(request.map(Body::new)).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(BUFFER)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    if let Err(error) = served.await {
        // Somebody has gone in the middle, does not read, or speaks no HTTP.
        tracing::debug!(target: "service", "a connection has ended: {error}");
    }
}
