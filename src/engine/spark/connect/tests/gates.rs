//! A gRPC server on a socket of its own, which keeps the answers of an execution as Spark does and can cut connections.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::{Int64Array, RecordBatch};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_rustls::TlsAcceptor;

use crate::engine::spark::connect::wire::{self, ExecutePlanResponse, Nothing, ResponseType};
use crate::engine::spark::connect::{ConnectError, ConnectOptions, ConnectUrl, Session, SessionId};

type Body = StreamBody<tokio_stream_of::Receiver>;

/// A channel as a stream of frames.
mod tokio_stream_of {
    use super::*;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    pub(super) struct Receiver(pub(super) mpsc::Receiver<Frame<Bytes>>);

    impl futures::Stream for Receiver {
        type Item = Result<Frame<Bytes>, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.poll_recv(cx).map(|frame| frame.map(Ok))
        }
    }
}

/// How a stream ends.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// As Spark ends a stream that has lasted two minutes: in order, with the plan still running.
    Early,
    /// The connection breaks.
    Cut,
    /// Nothing comes any more.
    Silence,
    /// An error.
    Error(Failure),
    /// The request is thrown away unseen, and the connection breaks.
    Lost,
}

/// A status with details, as Spark sends it.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure {
    pub(super) code: i32,
    pub(super) message: String,
    /// Empty for an error that is not Spark's.
    pub(super) class: String,
    pub(super) error_id: Option<String>,
}

impl Failure {
    pub(super) fn spark(class: &str) -> Self {
        Self { code: 13, message: format!("[{class}] It is so.\nplan"), class: class.to_owned(), error_id: None }
    }

    /// The details as `grpc-status-details-bin` has them.
    pub(super) fn details(&self) -> Vec<u8> {
        let mut metadata = std::collections::HashMap::from([
            ("errorClass".to_owned(), self.class.clone()),
            ("sqlState".to_owned(), "HY000".to_owned()),
        ]);
        metadata.extend(self.error_id.clone().map(|id| ("errorId".to_owned(), id)));
        let info = wire::ErrorInfo {
            reason: "org.apache.spark.SparkException".to_owned(),
            domain: "org.apache.spark".to_owned(),
            metadata,
        };
        let any = wire::Any {
            type_url: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            value: info.encode_to_vec().into(),
        };
        wire::RpcStatus { code: self.code, message: self.message.clone(), details: vec![any] }.encode_to_vec()
    }

    fn trailers(&self) -> HeaderMap {
        use base64::Engine as _;
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", self.code.into());
        let message = percent_encoding::utf8_percent_encode(&self.message, percent_encoding::NON_ALPHANUMERIC);
        trailers.insert("grpc-message", message.to_string().parse().unwrap());
        if !self.class.is_empty() {
            let details = base64::engine::general_purpose::STANDARD_NO_PAD.encode(self.details());
            trailers.insert("grpc-status-details-bin", details.parse().unwrap());
        }
        trailers
    }
}

/// What the server does and has seen.
#[derive(Default)]
pub(super) struct Script {
    /// The answers of the only plan. Their ids are r1, r2, …
    pub(super) answers: Vec<ResponseType>,
    /// After how many answers each stream ends, and how. Afterwards streams go on to the end.
    pub(super) ends: VecDeque<(usize, End)>,
    /// What each short call answers, if it is an error.
    pub(super) refuses: Option<Failure>,
    /// The whole message of errors.
    pub(super) whole: Option<wire::FetchErrorDetailsResponse>,
    /// What clients asked, in words.
    pub(super) log: Vec<String>,
    /// Frames that the network has taken.
    pub(super) sent: usize,
    /// Whether the plan has reached the server.
    pub(super) known: bool,
}

#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: String,
    script: Arc<Mutex<Script>>,
    cut: watch::Sender<u32>,
    gone: watch::Sender<bool>,
}

impl Server {
    pub(super) async fn start(script: Script) -> Self {
        Self::with_tls(script, None).await
    }

    pub(super) async fn with_tls(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("sc://localhost:{}", listener.local_addr().unwrap().port());
        let server =
            Self { url, script: Arc::new(Mutex::new(script)), cut: watch::channel(0).0, gone: watch::channel(false).0 };
        let accepting = server.clone();
        let mut gone = server.gone.subscribe();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    Ok((stream, _)) = listener.accept() => {
                        let (server, tls) = (accepting.clone(), tls.clone());
                        tokio::spawn(async move {
                            match tls {
                                Some(tls) => if let Ok(stream) = tls.accept(stream).await { server.serve(stream).await },
                                None => server.serve(stream).await,
                            }
                        });
                    }
                    _ = gone.changed() => break,
                }
            }
        });
        server
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let mut cut = self.cut.subscribe();
        let service = service_fn(move |request| {
            let server = self.clone();
            async move { Ok::<_, Infallible>(server.answer(request).await) }
        });
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            _ = connection => {}
            _ = cut.changed() => {}
        }
    }

    /// Breaks every connection.
    pub(super) fn cut(&self) {
        self.cut.send_modify(|cuts| *cuts += 1);
    }

    /// Breaks every connection and takes no more.
    pub(super) async fn leave(&self) {
        self.gone.send_replace(true);
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.cut();
    }

    pub(super) fn script<T>(&self, look: impl FnOnce(&mut Script) -> T) -> T {
        look(&mut self.script.lock().unwrap())
    }

    pub(super) fn log(&self) -> Vec<String> {
        self.script(|script| script.log.clone())
    }

    /// Waits until a client has asked `what`.
    pub(super) async fn asked(&self, what: &str) {
        for _ in 0..500 {
            if self.log().iter().any(|line| line == what) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody asked {what:?}: {:?}", self.log());
    }

    async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes().slice(5..);
        let (sender, frames) = mpsc::channel(1);
        tokio::spawn(async move { self.run(&method, body, sender).await });
        let response = Response::builder().header("content-type", "application/grpc+proto");
        response.body(StreamBody::new(tokio_stream_of::Receiver(frames))).unwrap()
    }

    async fn run(self, method: &str, body: Bytes, sender: mpsc::Sender<Frame<Bytes>>) {
        let short = |answer: Vec<u8>| (vec![answer], None);
        let (messages, end): (Vec<Vec<u8>>, Option<End>) = match method {
            "ExecutePlan" => {
                let request = wire::ExecutePlanRequest::decode(body).unwrap();
                assert!(request.request_options[0].reattach_options.as_ref().unwrap().reattachable);
                self.plan(None, true)
            }
            "ReattachExecute" => {
                let request = wire::ReattachExecuteRequest::decode(body).unwrap();
                self.plan(request.last_response_id, false)
            }
            "ReleaseExecute" => {
                let what = match wire::ReleaseExecuteRequest::decode(body).unwrap().release.unwrap() {
                    wire::Release::All(Nothing {}) => "release all".to_owned(),
                    wire::Release::Until(until) => format!("release until {}", until.response_id),
                };
                self.script(|script| script.log.push(what));
                short(Vec::new())
            }
            "FetchErrorDetails" => {
                short(self.script(|script| script.whole.clone().unwrap_or_default()).encode_to_vec())
            }
            _ => match self.script(|script| script.refuses.clone()) {
                Some(failure) => (Vec::new(), Some(End::Error(failure))),
                None => short(
                    wire::AnalyzePlanResponse {
                        spark_version: Some(wire::SparkVersion { version: "4.2.1".to_owned() }),
                        server_side_session_id: "server-1".to_owned(),
                    }
                    .encode_to_vec(),
                ),
            },
        };
        for message in messages {
            let mut frame = vec![0];
            frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
            frame.extend(message);
            if sender.send(Frame::data(frame.into())).await.is_err() {
                return;
            }
            self.script(|script| script.sent += 1);
        }
        match end {
            Some(End::Cut | End::Lost) => {
                // What was sent must have left, or the client could not have it.
                tokio::time::sleep(Duration::from_millis(100)).await;
                self.cut();
            }
            Some(End::Silence) => sender.closed().await,
            Some(End::Error(failure)) => drop(sender.send(Frame::trailers(failure.trailers())).await),
            Some(End::Early) | None => {
                drop(sender.send(Frame::trailers(Failure::default().trailers())).await);
            }
        }
    }

    /// The answers after the one with the id `after`, up to where this stream ends.
    fn plan(&self, after: Option<String>, new: bool) -> (Vec<Vec<u8>>, Option<End>) {
        self.script(|script| {
            let end = script.ends.pop_front();
            if let Some((_, End::Lost)) = end {
                return (Vec::new(), Some(End::Lost));
            }
            script.log.push(match (&after, new) {
                (_, true) => "execute".to_owned(),
                (Some(id), _) => format!("reattach after {id}"),
                (None, _) => "reattach".to_owned(),
            });
            if !new && !script.known {
                return (Vec::new(), Some(End::Error(Failure::spark("INVALID_HANDLE.OPERATION_NOT_FOUND"))));
            }
            script.known = true;
            let begin = after.map_or(0, |id| id[1..].parse::<usize>().unwrap());
            let complete = ResponseType::ResultComplete(Nothing {});
            let all = script.answers.iter().cloned().chain([complete]).enumerate().map(|(at, answer)| {
                ExecutePlanResponse {
                    response_id: format!("r{}", at + 1),
                    server_side_session_id: "server-1".to_owned(),
                    response_type: Some(answer),
                    ..ExecutePlanResponse::default()
                }
                .encode_to_vec()
            });
            let upto = end.as_ref().map_or(usize::MAX, |(count, _)| *count);
            (all.skip(begin).take(upto).collect(), end.map(|(_, end)| end))
        })
    }
}

/// A batch of one row.
pub(super) fn batch(number: i64) -> ResponseType {
    batch_of(Int64Array::from(vec![number]))
}

/// A batch with one column, `n`.
pub(super) fn batch_of(numbers: Int64Array) -> ResponseType {
    let batch = RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).unwrap();
    let mut data = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut data, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let row_count = i64::try_from(batch.num_rows()).unwrap();
    ResponseType::ArrowBatch(wire::ArrowBatch { row_count, data: data.into() })
}

/// Time-outs short enough for tests.
pub(super) fn options() -> ConnectOptions {
    ConnectOptions {
        connect_timeout: Duration::from_secs(5),
        answer_timeout: Duration::from_secs(5),
        reattach_for: Duration::from_secs(5),
        silence: Duration::from_secs(30),
        ..ConnectOptions::default()
    }
}

pub(super) async fn connect(url: &str, options: &ConnectOptions) -> Result<Session, ConnectError> {
    let url: ConnectUrl = url.parse().unwrap();
    Session::connect(&url, SessionId::for_root("memory:test", 0), options).await
}
