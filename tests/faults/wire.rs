//! The sockets of the stand-in engine: answers whole, in half, or not at all.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::engine::{Fault, Shared};

/// What goes over the wire.
pub enum Reply {
    /// Status and body.
    Whole(u16, String),
    /// Status, the length of the body, and half of it.
    Cut(u16, String),
    /// The connection is closed.
    Nothing,
}

/// Answers on `listener`; while the engine is down, on nothing.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let address = listener.local_addr().expect("an address");
    let mut fault = shared.fault();
    let mut open = Some(listener);
    loop {
        let listener = match open.take() {
            Some(listener) => listener,
            None => TcpListener::bind(address).await.expect("the port of before"),
        };
        // Its connections break with it.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.expect("a connection");
                    let shared = Arc::clone(&shared);
                    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                    let mut server = http1::Builder::new();
                    server.timer(TokioTimer::new());
                    // A client that goes away ends its connection with an error, which is nothing to us.
                    connections.spawn(async move { drop(server.serve_connection(TokioIo::new(stream), service).await) });
                }
                Some(_) = connections.join_next() => {}
                down = fault.wait_for(|fault| *fault == Fault::Down) => {
                    if down.is_err() {
                        return;
                    }
                    break;
                }
            }
        }
        drop((listener, connections));
        if fault.wait_for(|fault| *fault != Fault::Down).await.is_err() {
            return;
        }
    }
}

type Body = BoxBody<Bytes, std::io::Error>;

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> std::io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let broken = || std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    let builder = |status: u16| Response::builder().status(status).header("content-type", "application/json");
    let response = match shared.respond(parts.method.as_str(), parts.uri.path(), &body).await {
        Reply::Nothing => return Err(broken()),
        Reply::Whole(status, text) => {
            let body = Full::new(Bytes::from(text)).map_err(|never: Infallible| match never {});
            builder(status).body(body.boxed())
        }
        Reply::Cut(status, text) => {
            let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
            // The first half must be out before the connection breaks.
            let frames = futures::stream::unfold(Some(half), move |half| async move {
                match half {
                    Some(half) => Some((Ok(Frame::data(half)), None)),
                    None => {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                        Some((Err(broken()), None))
                    }
                }
            });
            builder(status).header("content-length", text.len()).body(BodyExt::boxed(StreamBody::new(frames)))
        }
    };
    Ok(response.expect("a response"))
}
