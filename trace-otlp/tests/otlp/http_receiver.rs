//! A receiver of OTLP over HTTP/1.1 on the loopback interface, which answers as a test tells it.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::address::own_address;
use crate::messages::names;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the receiver does with a request.
pub(crate) enum Reply {
    /// Answers with a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Closes the connection without an answer.
    Close,
    /// Answers with nothing until the receiver ends.
    Silence,
    /// Announces a body of so many bytes, sends these, and closes.
    Torn(u16, usize, Vec<u8>),
    /// Answers something that is no HTTP.
    Garbage,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), Vec::new())
    }

    pub(crate) fn ok() -> Self {
        Self::status(200)
    }

    pub(crate) fn with(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::Answer(status, vec![("Content-Type", content_type.to_owned())], body.into())
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Decompressed.
    pub(crate) body: Vec<u8>,
    pub(crate) wire_bytes: usize,
    pub(crate) at: Instant,
    pub(crate) connection: usize,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn message(&self) -> ExportTraceServiceRequest {
        match self.header("content-type") {
            Some("application/x-protobuf") => ExportTraceServiceRequest::decode(&self.body[..]).unwrap(),
            Some("application/json") => serde_json::from_slice(&self.body).unwrap(),
            other => panic!("content type {other:?}"),
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.message())
    }
}

type Script = dyn FnMut(usize, &Received) -> Reply + Send;

struct Shared {
    received: Mutex<Vec<Received>>,
    script: Mutex<Box<Script>>,
    connections: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
    tls: Option<Arc<rustls::ServerConfig>>,
}

/// The receiver; it ends, with its connections, when it is dropped.
pub(crate) struct HttpReceiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl HttpReceiver {
    /// Answers the n-th request, from 0, as `script` says.
    pub(crate) fn new(script: impl FnMut(usize, &Received) -> Reply + Send + 'static) -> Self {
        Self::start(TcpListener::bind(own_address()).unwrap(), None, script)
    }

    /// Takes everything.
    pub(crate) fn willing() -> Self {
        Self::new(|_, _| Reply::ok())
    }

    /// At an address that was another's before.
    pub(crate) fn again(address: SocketAddr, script: impl FnMut(usize, &Received) -> Reply + Send + 'static) -> Self {
        let until = Instant::now() + PATIENCE;
        loop {
            match TcpListener::bind(address) {
                Ok(listener) => return Self::start(listener, None, script),
                Err(error) if Instant::now() > until => panic!("{address}: {error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    pub(crate) fn secure(
        tls: rustls::ServerConfig,
        script: impl FnMut(usize, &Received) -> Reply + Send + 'static,
    ) -> Self {
        Self::start(TcpListener::bind("127.0.0.1:0").unwrap(), Some(Arc::new(tls)), script)
    }

    fn start(
        listener: TcpListener,
        tls: Option<Arc<rustls::ServerConfig>>,
        script: impl FnMut(usize, &Received) -> Reply + Send + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            script: Mutex::new(Box::new(script)),
            connections: Mutex::default(),
            is_over: AtomicBool::new(false),
            tls,
        });
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.listen(&listener)
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// Where traces go.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/traces", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// What came, also after its end.
    pub(crate) fn log(&self) -> Log {
        Log { shared: Arc::clone(&self.shared) }
    }

    /// Waits until so many requests have come.
    pub(crate) fn wait_for(&self, requests: usize) -> Vec<Received> {
        let until = Instant::now() + PATIENCE;
        loop {
            let received = self.received();
            if received.len() >= requests {
                return received;
            }
            assert!(Instant::now() < until, "{} requests came, not {requests}", received.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The names of all spans that came, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.received().iter().flat_map(Received::names).collect()
    }
}

/// What came to a receiver.
pub(crate) struct Log {
    shared: Arc<Shared>,
}

impl Log {
    /// The names of all spans that came, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.shared.received.lock().unwrap().iter().flat_map(Received::names).collect()
    }
}

impl Drop for HttpReceiver {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for connection in self.shared.connections.lock().unwrap().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().unwrap().join();
    }
}

impl Shared {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        let mut handlers = Vec::new();
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(stream) = stream else { continue };
            if self.is_over.load(Ordering::SeqCst) {
                break;
            }
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let other_end = stream.try_clone().unwrap();
            self.connections.lock().unwrap().push(stream.try_clone().unwrap());
            let shared = Arc::clone(self);
            handlers.push(std::thread::spawn(move || {
                let _ = match shared.tls.clone() {
                    Some(tls) => {
                        let session = rustls::ServerConnection::new(tls).unwrap();
                        shared.serve(rustls::StreamOwned::new(session, stream), number)
                    }
                    None => shared.serve(stream, number),
                };
                let _ = other_end.shutdown(Shutdown::Both);
            }));
        }
        handlers.into_iter().for_each(|handler| handler.join().unwrap());
    }

    fn serve(&self, stream: impl Read + Write, connection: usize) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(received) = read(&mut stream, connection)? {
            // What came after the end came to nobody.
            if self.is_over.load(Ordering::SeqCst) {
                return Ok(());
            }
            let mut all = self.received.lock().unwrap();
            let number = all.len();
            let reply = (self.script.lock().unwrap())(number, &received);
            all.push(received);
            drop(all);
            if !self.reply(stream.get_mut(), reply)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether the connection goes on.
    fn reply(&self, stream: &mut impl Write, reply: Reply) -> io::Result<bool> {
        match reply {
            Reply::Answer(status, headers, body) => {
                let mut text = format!("HTTP/1.1 {status} Something\r\nContent-Length: {}\r\n", body.len());
                headers.iter().for_each(|(name, value)| text.push_str(&format!("{name}: {value}\r\n")));
                stream.write_all(&[text.as_bytes(), b"\r\n", &body].concat())?;
                stream.flush()?;
                return Ok(true);
            }
            Reply::Torn(status, length, body) => {
                let head = format!("HTTP/1.1 {status} Something\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), &body].concat())?;
                stream.flush()?;
            }
            Reply::Garbage => stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n")?,
            Reply::Silence => {
                let until = Instant::now() + PATIENCE;
                while !self.is_over.load(Ordering::SeqCst) && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
            Reply::Close => {}
        }
        Ok(false)
    }
}

/// Reads a request; `None` at the end of the connection.
fn read(stream: &mut impl BufRead, connection: usize) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        match header.trim_end().split_once(": ") {
            Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let header =
        |wanted: &str| headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    let length = header("content-length").expect("a request says how long it is").parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    if let Some(encoding) = header("content-encoding") {
        assert_eq!(encoding, "gzip");
        let compressed = std::mem::take(&mut body);
        flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut body)?;
    }
    let line = line.trim_end().to_owned();
    Ok(Some(Received { line, headers, body, wire_bytes: length, at: Instant::now(), connection }))
}
