//! Real servers and clients on the loopback interface. Each test has a trace id of its own, by which it finds its spans.
#![allow(clippy::unwrap_used, reason = "all of this is tests")]

mod axum_server;
mod hang_up;
mod hyper_server;
mod tonic_server;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};
use trace_core::{MemoryExporter, Pipeline, SpanData, SpanId, TraceId, Value};
use trace_tower::{ClientLayer, ClientService, TracedBody};

/// Longer than any test takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

type Body = Empty<bytes::Bytes>;
type HttpClient = ClientService<Client<HttpConnector, Body>>;

fn memory() -> &'static MemoryExporter {
    static PIPELINE: OnceLock<(MemoryExporter, Pipeline)> = OnceLock::new();
    &PIPELINE
        .get_or_init(|| {
            let memory = MemoryExporter::new();
            let pipeline = trace_core::builder().without_environment().exporter(memory.clone()).init();
            (memory, pipeline.expect("nobody else initialises it"))
        })
        .0
}

/// Runs a test in a runtime and within bounds of time.
fn run<T>(test: impl Future<Output = T>) -> T {
    memory();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(PATIENCE, test).await.expect("the test takes too long") })
}

/// Serves on a free port until the runtime ends.
async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn client() -> HttpClient {
    ClientLayer::new().layer(Client::builder(TokioExecutor::new()).build_http())
}

/// Sends a request and reads the whole response.
async fn get(client: &HttpClient, uri: String) -> http::response::Parts {
    let response = send(client, http::Request::get(uri)).await;
    let (parts, body) = response.into_parts();
    body.collect().await.unwrap();
    parts
}

async fn send(
    client: &HttpClient,
    request: http::request::Builder,
) -> http::Response<TracedBody<hyper::body::Incoming>> {
    client.clone().oneshot(request.body(Body::new()).unwrap()).await.unwrap()
}

/// A caller that is not of this process: its trace, and the header it sends.
struct Stranger {
    trace: TraceId,
    span: SpanId,
}

impl Stranger {
    fn new() -> Self {
        Self { trace: TraceId::random(), span: SpanId::random() }
    }

    fn header(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }
}

/// Waits until the trace has so many spans, and returns them in order of start.
async fn spans(trace: TraceId, count: usize) -> Vec<SpanData> {
    loop {
        trace_core::flush_async(PATIENCE).await.unwrap();
        let mut spans = memory().spans();
        spans.retain(|span| span.trace_id == trace && span.end_unix_nanos.is_some());
        if spans.len() >= count {
            assert_eq!(spans.len(), count, "{spans:#?}");
            spans.sort_by_key(|span| span.start_unix_nanos);
            return spans;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn find<'a>(spans: &'a [SpanData], name: &str) -> &'a SpanData {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name}: {spans:#?}"))
}

/// The attributes as `key=value`, sorted.
fn attributes(span: &SpanData) -> Vec<String> {
    let mut all: Vec<_> = span.attributes.iter().map(|one| format!("{}={}", one.key, one.value)).collect();
    all.sort();
    all
}

fn text<'a>(span: &'a SpanData, key: &str) -> Option<&'a str> {
    span.attribute(key).and_then(Value::as_str)
}
