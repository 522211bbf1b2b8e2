//! OTLP over gRPC, as in [the specification](https://opentelemetry.io/docs/specs/otlp/#otlpgrpc).
//!
//! One thread has a current-thread runtime with the connection in it, and takes requests one after the other. The threads
//! that send wait for it without a runtime, so it does not matter on which runtime they are.

use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::header::{CONTENT_TYPE, TE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, Version};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::answer::{Answer, Receipt, receipt};
use crate::encode::format::Encoding;
use crate::endpoint::host_and_port;
use crate::error::BuildError;
use crate::transport::connection::{Connection, USER_AGENT as OUR_USER_AGENT};
use crate::transport::grpc_status::{Code, answer, status};
use crate::transport::request::{Payload, Transport};
use crate::transport::secure::{Stream, secure};

const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// In front of a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// How much longer than a request may take a thread waits for it: the other thread may be late.
const PATIENCE: Duration = Duration::from_secs(1);

/// Sends requests over one connection, which is opened when it is needed.
#[derive(Debug)]
pub(crate) struct Grpc {
    jobs: UnboundedSender<Job>,
}

#[derive(Debug)]
struct Job {
    message: Bytes,
    is_compressed: bool,
    deadline: Option<Instant>,
    answer: mpsc::SyncSender<Answer>,
}

impl Grpc {
    pub(crate) fn new(connection: Connection) -> Result<Self, BuildError> {
        let no_thread = |source| BuildError::NoThread { source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(no_thread)?;
        let (jobs, receiver) = unbounded_channel();
        let client = Client::new(connection);
        std::thread::Builder::new()
            .name("trace-otlp-grpc".to_owned())
            .spawn(move || {
                trace_core::suppressed(|| runtime.block_on(client.run(receiver)));
                // A look-up of a name may hang, and nobody waits for it.
                runtime.shutdown_background();
            })
            .map_err(no_thread)?;
        Ok(Self { jobs })
    }
}

impl Transport for Grpc {
    fn send(&self, payload: Payload<'_>, timeout: Duration) -> Answer {
        let deadline = Instant::now().checked_add(timeout);
        let mut message = BytesMut::with_capacity(PREFIX + payload.bytes.len());
        message.put_u8(payload.is_compressed.into());
        message.put_u32(payload.bytes.len() as u32);
        message.put_slice(payload.bytes);
        let (sender, receiver) = mpsc::sync_channel(1);
        let job = Job { message: message.freeze(), is_compressed: payload.is_compressed, deadline, answer: sender };
        let gone = || Answer::Retry { reason: "the thread for gRPC is gone".to_owned(), after: None };
        if self.jobs.send(job).is_err() {
            return gone();
        }
        match deadline {
            None => receiver.recv().unwrap_or_else(|_| gone()),
            Some(_) => match receiver.recv_timeout(timeout.saturating_add(PATIENCE)) {
                Ok(answer) => answer,
                Err(mpsc::RecvTimeoutError::Timeout) => late(),
                Err(mpsc::RecvTimeoutError::Disconnected) => gone(),
            },
        }
    }
}

fn late() -> Answer {
    Answer::Retry { reason: "the receiver did not answer in time".to_owned(), after: None }
}

/// The thread's side.
struct Client {
    connection: Connection,
    uri: Uri,
    open: Option<SendRequest<Bytes>>,
}

/// Why there is no status.
enum Failure {
    Io(io::Error),
    Http2(h2::Error),
}

impl From<h2::Error> for Failure {
    fn from(error: h2::Error) -> Self {
        Self::Http2(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Client {
    fn new(connection: Connection) -> Self {
        let mut parts = connection.uri.clone().into_parts();
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static(METHOD));
        let uri = Uri::from_parts(parts).expect("an endpoint has a scheme and an authority");
        Self { connection, uri, open: None }
    }

    async fn run(mut self, mut jobs: UnboundedReceiver<Job>) {
        while let Some(job) = jobs.recv().await {
            let left = job.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let answer = match left {
                None => self.answer(&job, None).await,
                Some(left) => match tokio::time::timeout(left, self.answer(&job, Some(left))).await {
                    Ok(answer) => answer,
                    Err(_) => late(),
                },
            };
            // Who asked may have stopped waiting.
            let _ = job.answer.try_send(answer);
        }
    }

    async fn answer(&mut self, job: &Job, left: Option<Duration>) -> Answer {
        match self.call(job, left).await {
            Ok(answer) => answer,
            Err(failure) => {
                self.open = None;
                judge(&failure)
            }
        }
    }

    async fn call(&mut self, job: &Job, left: Option<Duration>) -> Result<Answer, Failure> {
        let mut sender = self.sender().await?;
        let (response, mut body) = sender.send_request(self.request(job, left), false)?;
        // It waits for the receiver's windows by itself.
        body.send_data(job.message.clone(), true)?;
        let (head, mut body) = response.await?.into_parts();
        if head.status != StatusCode::OK {
            let text = format!("HTTP status {}", head.status);
            return Ok(answer(Code::of_http(head.status), &text, None));
        }
        let message = read(&mut body, self.connection.max_response_bytes).await?;
        let trailers = body.trailers().await?;
        let status = trailers.as_ref().and_then(status).or_else(|| status(&head.headers));
        let Some((code, text, delay)) = status else {
            return Ok(answer(Code::UNKNOWN, "a response without a status", None));
        };
        if code != Code::OK {
            return Ok(answer(code, &text, delay));
        }
        Ok(match message {
            Some(message) => Answer::Accepted(receipt_of(&message)),
            None => {
                let most = self.connection.max_response_bytes;
                Answer::Refused { reason: format!("the receiver answered with more than {most} bytes") }
            }
        })
    }

    fn request(&self, job: &Job, left: Option<Duration>) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.version_mut() = Version::HTTP_2;
        let headers: &mut HeaderMap = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(OUR_USER_AGENT));
        headers.extend(self.connection.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(TE, HeaderValue::from_static("trailers"));
        if job.is_compressed {
            headers.insert("grpc-encoding", HeaderValue::from_static("gzip"));
        }
        // At most eight digits.
        if let Some(millis) = left.map(|left| left.as_millis()).filter(|millis| *millis < 100_000_000) {
            let value = HeaderValue::try_from(format!("{millis}m")).expect("digits and a letter");
            headers.insert("grpc-timeout", value);
        }
        request
    }

    /// The open connection, or a new one where there is none or the receiver has closed it.
    async fn sender(&mut self) -> Result<SendRequest<Bytes>, Failure> {
        if let Some(open) = self.open.take()
            && let Ok(ready) = open.ready().await
        {
            self.open = Some(ready.clone());
            return Ok(ready);
        }
        let (host, port) = host_and_port(&self.connection.uri);
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.connection.tls {
            Some(tls) => secure(stream, tls, host).await?,
            None => Box::new(stream),
        };
        let (sender, connection) = h2::client::handshake(stream).await?;
        // It ends with an error when the receiver closes it, which the next request finds out.
        tokio::spawn(async move { drop(connection.await) });
        let ready = sender.ready().await?;
        self.open = Some(ready.clone());
        Ok(ready)
    }
}

/// Reads a message with its prefix; `None` if it is larger than `most`.
async fn read(body: &mut RecvStream, most: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut message = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        if message.len() + chunk.len() > PREFIX + most {
            return Ok(None);
        }
        message.extend_from_slice(&chunk);
    }
    Ok(Some(message))
}

/// What a message with its prefix says; nothing, if it is none or compressed, for which nobody asked.
fn receipt_of(message: &[u8]) -> Receipt {
    match message.split_first_chunk::<PREFIX>() {
        Some(([0, length @ ..], message)) if u32::from_be_bytes(*length) as usize == message.len() => {
            receipt(Some(Encoding::Protobuf), message)
        }
        _ => Receipt::default(),
    }
}

fn judge(failure: &Failure) -> Answer {
    match failure {
        Failure::Io(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            Answer::Refused { reason: format!("cannot reach the receiver: {error}") }
        }
        Failure::Io(error) => Answer::Retry { reason: format!("cannot reach the receiver: {error}"), after: None },
        Failure::Http2(error) => answer(code_of(error), &error.to_string(), None),
    }
}

/// The code where a stream or a connection ended before there was a status, as in
/// [gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors).
fn code_of(error: &h2::Error) -> Code {
    if error.is_io() || error.is_go_away() {
        return Code::UNAVAILABLE;
    }
    match error.reason() {
        Some(Reason::CANCEL) => Code::CANCELLED,
        Some(Reason::ENHANCE_YOUR_CALM) => Code::RESOURCE_EXHAUSTED,
        Some(Reason::INADEQUATE_SECURITY) => Code::PERMISSION_DENIED,
        Some(Reason::NO_ERROR | Reason::REFUSED_STREAM) | None => Code::UNAVAILABLE,
        Some(_) => Code::INTERNAL,
    }
}
