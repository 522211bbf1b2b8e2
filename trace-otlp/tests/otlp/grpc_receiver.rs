//! A receiver of OTLP over gRPC on the loopback interface, which answers as a test tells it.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::SendResponse;
use http::{HeaderMap, Response};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::address::own_address;
use crate::messages::names;

/// What the receiver does with a call.
pub(crate) enum GrpcReply {
    /// Answers with a message and a status in trailers, with details if there are any.
    Status(u32, &'static str, Option<&'static str>, Vec<u8>),
    /// Answers with a status in the headers, and nothing else.
    Only(u32, &'static str),
    /// Answers as no gRPC server does.
    Http(u16),
    /// Ends the stream for this reason.
    Reset(h2::Reason),
    /// Closes the connection.
    Close,
    /// Never answers.
    Silence,
    /// Answers without a status.
    NoStatus,
}

impl GrpcReply {
    pub(crate) fn ok() -> Self {
        Self::Status(0, "", None, Vec::new())
    }
}

/// A call that came.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) message: ExportTraceServiceRequest,
    pub(crate) at: Instant,
    pub(crate) connection: usize,
}

type Script = dyn FnMut(usize) -> GrpcReply + Send;

struct Shared {
    calls: Mutex<Vec<Call>>,
    script: Mutex<Box<Script>>,
}

/// The receiver; it ends, with its connections, when it is dropped.
pub(crate) struct GrpcReceiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl GrpcReceiver {
    /// Answers the n-th call, from 0, as `script` says.
    pub(crate) fn new(script: impl FnMut(usize) -> GrpcReply + Send + 'static) -> Self {
        Self::start(own_address(), None, script)
    }

    /// At an address that was another's before.
    pub(crate) fn again(address: SocketAddr, script: impl FnMut(usize) -> GrpcReply + Send + 'static) -> Self {
        Self::start(address, None, script)
    }

    pub(crate) fn secure(
        mut tls: rustls::ServerConfig,
        script: impl FnMut(usize) -> GrpcReply + Send + 'static,
    ) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Self::start("127.0.0.1:0".parse().unwrap(), Some(tls), script)
    }

    fn start(
        address: SocketAddr,
        tls: Option<rustls::ServerConfig>,
        script: impl FnMut(usize) -> GrpcReply + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared { calls: Mutex::default(), script: Mutex::new(Box::new(script)) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                runtime.block_on(async {
                    tokio::select! { () = listen(listener, tls, shared) => {}, _ = ended => {} }
                });
                runtime.shutdown_background();
            }
        });
        Self { address, shared, end: Some(end), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.calls().iter().flat_map(|call| names(&call.message)).collect()
    }
}

impl Drop for GrpcReceiver {
    fn drop(&mut self) {
        let _ = self.end.take().unwrap().send(());
        let _ = self.thread.take().unwrap().join();
    }
}

async fn listen(listener: TcpListener, tls: Option<rustls::ServerConfig>, shared: Arc<Shared>) {
    let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
    for connection in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        let (shared, acceptor) = (Arc::clone(&shared), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                Some(acceptor) => {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, connection, shared).await;
                    }
                }
                None => serve::<TcpStream>(stream, connection, shared).await,
            }
        });
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S, connection: usize, shared: Arc<Shared>) {
    // Small windows, so that a request has to wait for them.
    let mut builder = h2::server::Builder::new();
    let Ok(mut session) = builder.initial_window_size(1_000).handshake::<_, Bytes>(stream).await else { return };
    let (close, mut closed) = tokio::sync::mpsc::unbounded_channel();
    loop {
        let accepted = tokio::select! { accepted = session.accept() => accepted, _ = closed.recv() => return };
        let Some(Ok((request, respond))) = accepted else { return };
        let (shared, close) = (Arc::clone(&shared), close.clone());
        tokio::spawn(async move {
            if answer(request, respond, connection, &shared).await.is_none() {
                let _ = close.send(());
            }
        });
    }
}

/// `None` if the connection is to be closed.
async fn answer(
    request: http::Request<h2::RecvStream>,
    mut respond: SendResponse<Bytes>,
    connection: usize,
    shared: &Shared,
) -> Option<()> {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.ok()?;
        stream.flow_control().release_capacity(chunk.len()).ok()?;
        body.extend_from_slice(&chunk);
    }
    let (prefix, compressed) = body.split_at(5);
    assert_eq!(u32::from_be_bytes(prefix[1..].try_into().unwrap()) as usize, compressed.len());
    let mut bytes = Vec::new();
    match prefix[0] {
        0 => bytes = compressed.to_vec(),
        _ => {
            assert_eq!(head.headers["grpc-encoding"], "gzip");
            flate2::read::GzDecoder::new(compressed).read_to_end(&mut bytes).unwrap();
        }
    }
    let call = Call {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        message: ExportTraceServiceRequest::decode(&bytes[..]).unwrap(),
        at: Instant::now(),
        connection,
    };
    let number = {
        let mut calls = shared.calls.lock().unwrap();
        calls.push(call);
        calls.len() - 1
    };
    let reply = (shared.script.lock().unwrap())(number);
    let grpc = || Response::builder().header("content-type", "application/grpc");
    match reply {
        GrpcReply::Status(code, message, details, body) => {
            let mut stream = respond.send_response(grpc().body(()).unwrap(), false).ok()?;
            let message_bytes = [&[0][..], &(body.len() as u32).to_be_bytes(), &body].concat();
            stream.send_data(message_bytes.into(), false).ok()?;
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", code.into());
            trailers.insert("grpc-message", message.parse().unwrap());
            if let Some(details) = details {
                trailers.insert("grpc-status-details-bin", details.parse().unwrap());
            }
            stream.send_trailers(trailers).ok()?;
        }
        GrpcReply::Only(code, message) => {
            let response = grpc().header("grpc-status", code).header("grpc-message", message);
            respond.send_response(response.body(()).unwrap(), true).ok()?;
        }
        GrpcReply::Http(status) => {
            respond.send_response(Response::builder().status(status).body(()).unwrap(), true).ok()?;
        }
        GrpcReply::NoStatus => {
            respond.send_response(grpc().body(()).unwrap(), true).ok()?;
        }
        GrpcReply::Reset(reason) => respond.send_reset(reason),
        GrpcReply::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
        GrpcReply::Close => return None,
    }
    Some(())
}
